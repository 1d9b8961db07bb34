"""apis.tf: HTTP APIs of API Gateway: who may call, how often, what answers, and what is written down about it."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Api, ApiDomain, ApiRoute, Dns, Function, Plan
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, block, expression
from wavetank.render.terraform.dns import zone_id
from wavetank.render.terraform.entrance import GROUP as ENTRANCE
from wavetank.render.terraform.entrance import VPC_LINK, clients, listener
from wavetank.render.terraform.parts import explained, identifiers, resource, template
from wavetank.render.terraform.security_groups import Peer, egress, group_id, security_group
from wavetank.render.terraform.store_names import names
from wavetank.render.trace import Traced

#: of $context, as JSON Lines
_LOGGED = {
    "requestId": "requestId",
    "time": "requestTime",
    "ip": "identity.sourceIp",
    "method": "httpMethod",
    "route": "routeKey",
    "status": "status",
    "latency": "responseLatency",
    "integrationLatency": "integrationLatency",
    "integrationError": "integrationErrorMessage",
    "subject": "authorizer.claims.sub",
}


def items(plan: Plan) -> tuple[Item, ...]:
    """The link into the VPC if a route needs it, then each API with its stage."""
    if plan.serverless is None or not plan.serverless.apis:
        return ()
    labels = names(plan, "apis")
    apis = (item for each in plan.serverless.apis for item in _api(plan, each, labels[each.name]))
    return (*_link(plan), *apis)


def _link(plan: Plan) -> Iterator[Block]:
    entrances = plan.serverless.entrances if plan.serverless else ()
    routed = [each for each in entrances if VPC_LINK in clients(plan, each.service)]
    if not routed:
        return
    path = "serverless.apis"
    yield security_group(VPC_LINK, "API Gateway in the VPC", path)
    for each in routed:
        peer = Peer(ENTRANCE, group_id(ENTRANCE), f"To {each.service}")
        yield egress(VPC_LINK, each.port, peer, f"serverless.entrances[{each.service}]")
    body = attributes(
        name=expression("local.cluster_name"),
        subnet_ids=expression("[for subnet in aws_subnet.private : subnet.id]"),
        security_group_ids=[group_id(VPC_LINK)],
    )
    yield resource("aws_apigatewayv2_vpc_link", "cluster", body, path)


def _api(plan: Plan, each: Api, name: str) -> Iterator[Block]:
    path = f"serverless.apis[{each.name}]"
    body: tuple[Item, ...] = (
        Attribute("name", Traced(each.api_name, f"{path}.apiName")),
        *attributes(protocol_type="HTTP", disable_execute_api_endpoint=True if each.domain else None),
        *_cors(each, path),
    )
    yield resource("aws_apigatewayv2_api", name, body, path)
    if each.jwt:
        yield _authorizer(each, name, path)
    yield from _functions(plan, each, name, path)
    yield from _services(plan, each, name, path)
    for index, route in enumerate(each.routes):
        yield _route(plan, route, name, index, f"{path}.routes[{index}]")
    yield from _stage(plan, each, name, path)
    if each.domain and plan.dns:
        yield from _domain(plan.dns, each.domain, name, f"{path}.domain")


def _id(name: str) -> Attribute:
    return Attribute("api_id", expression(f"aws_apigatewayv2_api.{name}.id"))


def _cors(each: Api, path: str) -> tuple[Item, ...]:
    if each.cors is None:
        return ()
    body = attributes(
        allow_origins=list(each.cors.origins),
        allow_methods=list(each.cors.methods),
        allow_headers=list(each.cors.headers),
        max_age=each.cors.max_age_seconds,
    )
    return (block("cors_configuration", (), body, f"{path}.cors"),)


def _authorizer(each: Api, name: str, path: str) -> Block:
    assert each.jwt is not None, "an authorizer needs an issuer"
    where = f"{path}.jwt"
    body: tuple[Item, ...] = (
        _id(name),
        *attributes(name="jwt", authorizer_type="JWT", identity_sources=["$request.header.Authorization"]),
        block(
            "jwt_configuration",
            (),
            attributes(issuer=Traced(each.jwt.issuer, where), audience=Traced(list(each.jwt.audiences), where)),
            where,
        ),
    )
    return resource("aws_apigatewayv2_authorizer", name, body, where)


# --- what answers -----------------------------------------------------------------------------------------------------


def _functions(plan: Plan, each: Api, name: str, path: str) -> Iterator[Block]:
    """An integration and the permission to call, for each function that a route leads to."""
    labels = names(plan, "functions")
    functions: tuple[Function, ...] = plan.serverless.functions if plan.serverless else ()
    for function in functions:
        if all(route.function != function.name for route in each.routes):
            continue
        label = labels[function.name]
        timeout = Traced(each.timeout_seconds * 1000, f"{path}.timeoutSeconds")
        body = (
            _id(name),
            *attributes(
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=expression(f"aws_lambda_function.{label}.invoke_arn"),
                payload_format_version="2.0",
                timeout_milliseconds=timeout,
            ),
        )
        yield resource("aws_apigatewayv2_integration", f"{name}_{label}", body, path)
        allowed = attributes(
            statement_id=f"api-{each.name}",
            action="lambda:InvokeFunction",
            function_name=expression(f"aws_lambda_function.{label}.function_name"),
            principal="apigateway.amazonaws.com",
            source_arn=template(f"${{aws_apigatewayv2_api.{name}.execution_arn}}/*/*"),
        )
        yield resource("aws_lambda_permission", f"{name}_{label}", allowed, path)


def _services(plan: Plan, each: Api, name: str, path: str) -> Iterator[Block]:
    """An integration over the link into the VPC, for each Service that a route leads to."""
    for service in dict.fromkeys(route.service for route in each.routes if route.service):
        body = (
            _id(name),
            *attributes(
                integration_type="HTTP_PROXY",
                integration_method="ANY",
                integration_uri=expression(f"{listener(plan, service)}.arn"),
                connection_type="VPC_LINK",
                connection_id=expression("aws_apigatewayv2_vpc_link.cluster.id"),
                payload_format_version="1.0",
                timeout_milliseconds=Traced(each.timeout_seconds * 1000, f"{path}.timeoutSeconds"),
            ),
        )
        yield resource("aws_apigatewayv2_integration", _service_label(plan, name, service), body, path)


def _service_label(plan: Plan, name: str, service: str) -> str:
    return f"{name}_service_{listener(plan, service).removeprefix('aws_lb_listener.entrance_')}"


def _route(plan: Plan, route: ApiRoute, name: str, index: int, path: str) -> Block:
    answer = (
        f"{name}_{names(plan, 'functions')[route.function]}"
        if route.function
        else _service_label(plan, name, route.service or "")
    )
    guarded = attributes(
        authorization_type="JWT",
        authorizer_id=expression(f"aws_apigatewayv2_authorizer.{name}.id"),
        authorization_scopes=list(route.scopes) or None,
    )
    body: tuple[Item, ...] = (
        _id(name),
        Attribute("route_key", Traced(route.key, f"{path}.key")),
        Attribute("target", template(f"integrations/${{aws_apigatewayv2_integration.{answer}.id}}")),
        *(guarded if route.authorized else attributes(authorization_type="NONE")),
    )
    return resource("aws_apigatewayv2_route", f"{name}_{index + 1}", body, path)


# --- how it is offered ------------------------------------------------------------------------------------------------


def _stage(plan: Plan, each: Api, name: str, path: str) -> Iterator[Block]:
    logs: tuple[Item, ...] = (
        Attribute("name", Traced(f"/aws/apigateway/{each.api_name}", f"{path}.apiName")),
        Attribute("retention_in_days", explained(plan, each.log_retention_days, f"{path}.logRetentionDays")),
    )
    yield resource("aws_cloudwatch_log_group", f"api_{name}", logs, f"{path}.logRetentionDays")
    line = Call("jsonencode", {key: f"$context.{value}" for key, value in _LOGGED.items()})
    written = attributes(destination_arn=expression(f"aws_cloudwatch_log_group.api_{name}.arn"), format=line)
    body: tuple[Item, ...] = (
        _id(name),
        *attributes(name="$default", auto_deploy=True),
        block("default_route_settings", (), _limits(each.throttling.rate, each.throttling.burst), f"{path}.throttling"),
        *_route_limits(each, path),
        block("access_log_settings", (), written, path),
        *attributes(depends_on=[expression(f"aws_apigatewayv2_route.{name}_{i + 1}") for i in range(len(each.routes))]),
    )
    yield resource("aws_apigatewayv2_stage", name, body, path)


def _limits(rate: int, burst: int) -> tuple[Attribute, ...]:
    return attributes(throttling_rate_limit=rate, throttling_burst_limit=burst, detailed_metrics_enabled=True)


def _route_limits(each: Api, path: str) -> Iterator[Block]:
    for index, route in enumerate(each.routes):
        if route.throttling:
            limits = _limits(route.throttling.rate, route.throttling.burst)
            where = f"{path}.routes[{index}]"
            yield block("route_settings", (), (*attributes(route_key=route.key), *limits), where)


def _domain(dns: Dns, domain: ApiDomain, name: str, path: str) -> Iterator[Block]:
    certificate = identifiers(each.name for each in dns.certificates)[domain.certificate]
    how = attributes(
        certificate_arn=expression(f"aws_acm_certificate_validation.{certificate}.certificate_arn"),
        endpoint_type="REGIONAL",
        security_policy="TLS_1_2",
    )
    body: tuple[Item, ...] = (
        *attributes(domain_name=Traced(domain.name, f"{path}.name")),
        block("domain_name_configuration", (), how, f"{path}.certificate"),
    )
    yield resource("aws_apigatewayv2_domain_name", name, body, path)
    mapping = attributes(
        api_id=expression(f"aws_apigatewayv2_api.{name}.id"),
        domain_name=expression(f"aws_apigatewayv2_domain_name.{name}.id"),
        stage=expression(f"aws_apigatewayv2_stage.{name}.id"),
    )
    yield resource("aws_apigatewayv2_api_mapping", name, mapping, path)
    target = f"aws_apigatewayv2_domain_name.{name}.domain_name_configuration[0]"
    alias = attributes(
        name=expression(f"{target}.target_domain_name"),
        zone_id=expression(f"{target}.hosted_zone_id"),
        evaluate_target_health=False,
    )
    record: tuple[Item, ...] = (
        *attributes(zone_id=zone_id(dns), name=Traced(domain.name, f"{path}.name"), type="A"),
        block("alias", (), alias, path),
    )
    yield resource("aws_route53_record", f"api_{name}", record, path)
