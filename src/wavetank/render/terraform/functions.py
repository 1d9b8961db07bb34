"""functions.tf: Lambda functions with their roles, logs, dead letters and triggers.

A function's archive lies beside the configuration as base64 text and goes to S3 under a name that its content gives, so that
the same files make the same plan on every machine, and a changed one a new version of the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.plan.model import Entrance, Function, Plan, QueueTrigger
from wavetank.render.bundle import RenderedFile
from wavetank.render.hcl import Attribute, Block, Call, Comment, Item, attributes, block, expression
from wavetank.render.terraform.buckets import CODE
from wavetank.render.terraform.caches import FUNCTIONS as GROUP
from wavetank.render.terraform.caches import GROUP as CACHES
from wavetank.render.terraform.caches import PORT as CACHE_PORT
from wavetank.render.terraform.entrance import GROUP as ENTRANCE
from wavetank.render.terraform.parts import (
    attached,
    explained,
    identifiers,
    optional,
    policy_document,
    resource,
    service_trust,
    template,
)
from wavetank.render.terraform.security_groups import Peer, egress, group_id, security_group
from wavetank.render.terraform.store_names import names, references, referring
from wavetank.render.trace import Line, Traced, tree

_BASE64_COLUMNS = 120
_FOLDER = "functions"
_VPC_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"


def items(plan: Plan) -> tuple[Item, ...]:
    """The security group that functions in the VPC share, then each function with what belongs to it."""
    if plan.serverless is None or not plan.serverless.functions:
        return ()
    labels = names(plan, "functions")
    each = (item for one in plan.serverless.functions for item in _function(plan, one, labels[one.name]))
    return (*_security_group(plan), *each)


def files(plan: Plan) -> dict[str, RenderedFile]:
    """File name → archive, of functions that come from a folder."""
    functions = plan.serverless.functions if plan.serverless else ()
    return {_file(each): _archive(each) for each in functions if each.archive}


def _file(each: Function) -> str:
    return f"{_FOLDER}/{each.name}.zip.base64"


def _archive(each: Function) -> RenderedFile:
    assert each.archive is not None, "only functions from a folder have an archive"
    content, path = each.archive.content, f"serverless.functions[{each.name}].folder"
    lines = (content[at : at + _BASE64_COLUMNS] for at in range(0, len(content), _BASE64_COLUMNS))
    return RenderedFile(tuple(Line(line, path) for line in lines))


# --- what functions reach ---------------------------------------------------------------------------------------------


def _security_group(plan: Plan) -> Iterator[Block]:
    assert plan.serverless is not None, "a platform with functions has a serverless half"
    inside = [each for each in plan.serverless.functions if each.in_vpc]
    if not inside:
        return
    path = "serverless.functions"
    yield security_group(GROUP, "Functions in the VPC", path)
    yield _https()
    called = {call.service for each in inside for call in each.calls}
    for entrance in plan.serverless.entrances:
        if entrance.service in called:
            where = f"serverless.entrances[{entrance.service}]"
            yield egress(GROUP, entrance.port, Peer(ENTRANCE, group_id(ENTRANCE), f"To {entrance.service}"), where)
    if any(each.caches for each in inside):
        yield egress(GROUP, CACHE_PORT, Peer(CACHES, group_id(CACHES), "To the caches"), path)


def _https() -> Block:
    body = attributes(
        security_group_id=group_id(GROUP),
        description="APIs of AWS and of others",
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
    )
    return resource("aws_vpc_security_group_egress_rule", f"{GROUP}_https", body, "serverless.functions")


# --- one function -----------------------------------------------------------------------------------------------------


def _function(plan: Plan, each: Function, name: str) -> Iterator[Block]:
    path = f"serverless.functions[{each.name}]"
    yield _log_group(plan, each, name, path)
    if _gets_events(plan, each):
        yield _dead_letters(each, name, path)
    yield from _role(plan, each, name, path)
    if each.archive:
        yield _object(each, name, path)
    yield _lambda(plan, each, name, path)
    for trigger in each.triggers:
        yield _trigger(plan, trigger, name, f"{path}.triggers[{trigger.queue}]")


def _gets_events(plan: Plan, each: Function) -> bool:
    """Rules call a function without waiting: what fails in the end must lie somewhere."""
    return plan.serverless is not None and any(rule.function == each.name for rule in plan.serverless.events)


def _log_group(plan: Plan, each: Function, name: str, path: str) -> Block:
    body: tuple[Item, ...] = (
        Attribute("name", Traced(f"/aws/lambda/{each.function_name}", f"{path}.functionName")),
        Attribute("retention_in_days", explained(plan, each.log_retention_days, f"{path}.logRetentionDays")),
    )
    return resource("aws_cloudwatch_log_group", f"function_{name}", body, path)


def _dead_letters(each: Function, name: str, path: str) -> Block:
    body = attributes(
        name=Traced(f"{each.function_name}-fn-dead", f"{path}.functionName"),
        message_retention_seconds=1_209_600,
        sqs_managed_sse_enabled=True,
    )
    return resource("aws_sqs_queue", f"function_{name}_dead", body, path)


def _role(plan: Plan, each: Function, name: str, path: str) -> Iterator[Block]:
    role = f"function_{name}"
    body = (Attribute("name", Traced(each.role_name, f"{path}.roleName")), *attributes(assume_role_policy=_trust()))
    yield resource("aws_iam_role", role, body, path)
    statements = [*_own_statements(plan, each, name), *_granted(plan, each, path)]
    policy = attributes(
        name="permissions", role=expression(f"aws_iam_role.{role}.id"), policy=policy_document(*statements)
    )
    yield resource("aws_iam_role_policy", role, policy, f"{path}.statements")
    if each.in_vpc:
        yield attached(f"{role}_vpc", role, _VPC_POLICY, f"{path}.inVpc")
    for index, arn in enumerate(each.managed_policy_arns):
        yield attached(f"{role}_{index + 1}", role, Traced(arn, f"{path}.managedPolicyArns[{index}]"), path)


def _trust() -> Call:
    return service_trust("lambda.amazonaws.com")


def _granted(plan: Plan, each: Function, path: str) -> list[Any]:
    return [
        referring(tree(statement, f"{path}.statements[{index}]"), references(plan))
        for index, statement in enumerate(each.statements)
    ]


def _own_statements(plan: Plan, each: Function, name: str) -> Iterator[Mapping[str, Any]]:
    """Writing its own log and nobody else's, and what its settings need."""
    yield {
        "Sid": "WriteLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": template(f"${{aws_cloudwatch_log_group.function_{name}.arn}}:*"),
    }
    if _gets_events(plan, each):
        dead = expression(f"aws_sqs_queue.function_{name}_dead.arn")
        yield {"Sid": "DeadLetters", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": dead}
    if each.tracing:
        actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        yield {"Sid": "Traces", "Effect": "Allow", "Action": actions, "Resource": "*"}


def _object(each: Function, name: str, path: str) -> Block:
    assert each.archive is not None, "only functions from a folder have an archive"
    short = "".join(character for character in each.archive.sha256 if character.isalnum())[:16]
    body: tuple[Item, ...] = (
        *attributes(
            bucket=expression(f"aws_s3_bucket.{CODE}.id"),
            key=Traced(f"{each.name}-{short}.zip", f"{path}.folder"),
            content_base64=expression(f'file("${{path.module}}/{_file(each)}")'),
        ),
        block("lifecycle", (), attributes(create_before_destroy=True), path),
    )
    after = [expression(f"aws_s3_bucket_{kind}.{CODE}") for kind in ("versioning", "policy")]
    return resource("aws_s3_object", f"function_{name}", (*body[:-1], *attributes(depends_on=after), body[-1]), path)


def _lambda(plan: Plan, each: Function, name: str, path: str) -> Block:
    body: tuple[Item, ...] = (
        Attribute("function_name", Traced(each.function_name, f"{path}.functionName")),
        Attribute("role", expression(f"aws_iam_role.function_{name}.arn")),
        *_package(plan, each, name, path),
        Attribute("architectures", explained(plan, [each.architecture], f"{path}.architecture")),
        Attribute("memory_size", explained(plan, each.memory_mib, f"{path}.memoryMib")),
        Attribute("timeout", explained(plan, each.timeout_seconds, f"{path}.timeoutSeconds")),
        *(
            ()
            if each.concurrency is None
            else (Attribute("reserved_concurrent_executions", Traced(each.concurrency, f"{path}.concurrency")),)
        ),
        *_settings(plan, each, name, path),
        *attributes(depends_on=_needed(each, name)),
    )
    return resource("aws_lambda_function", name, body, path)


def _package(plan: Plan, each: Function, name: str, path: str) -> tuple[Item, ...]:
    if each.archive is None:
        pushed = Comment("The image must be in its repository before the first apply.")
        return (pushed, *attributes(package_type="Image", image_uri=Traced(_image(plan, each), f"{path}.image")))
    return attributes(
        runtime=Traced(each.runtime, f"{path}.runtime"),
        handler=Traced(each.handler, f"{path}.handler"),
        s3_bucket=expression(f"aws_s3_object.function_{name}.bucket"),
        s3_key=expression(f"aws_s3_object.function_{name}.key"),
        source_code_hash=Traced(each.archive.sha256, f"{path}.folder"),
    )


def _image(plan: Plan, each: Function) -> Any:
    labels = identifiers(repository.name for repository in plan.repositories)
    for repository in plan.repositories:
        if each.image is not None and each.image.startswith(f"{repository.url}:"):
            tag = each.image.removeprefix(f"{repository.url}:")
            return template(f"${{aws_ecr_repository.{labels[repository.name]}.repository_url}}:{tag}")
    return each.image


def _settings(plan: Plan, each: Function, name: str, path: str) -> Iterator[Block]:
    variables = _variables(plan, each, path)
    if variables:
        yield block("environment", (), attributes(variables=variables), f"{path}.env")
    if each.in_vpc:
        where = f"{path}.inVpc"
        subnets = expression("[for subnet in aws_subnet.private : subnet.id]")
        inside = attributes(subnet_ids=subnets, security_group_ids=[group_id(GROUP)])
        yield block("vpc_config", (), inside, where)
    if _gets_events(plan, each):
        target = attributes(target_arn=expression(f"aws_sqs_queue.function_{name}_dead.arn"))
        yield block("dead_letter_config", (), target, path)
    if each.tracing:
        yield block("tracing_config", (), attributes(mode="Active"), f"{path}.tracing")
    group = attributes(log_format="JSON", log_group=expression(f"aws_cloudwatch_log_group.function_{name}.name"))
    yield block("logging_config", (), group, path)


def _variables(plan: Plan, each: Function, path: str) -> dict[str, Any]:
    assert plan.serverless is not None, "a platform with functions has a serverless half"
    entrances = {entrance.service: entrance for entrance in plan.serverless.entrances}
    found: dict[str, Any] = {}
    for call in each.calls:
        where, prefix = f"{path}.calls[{call.service}]", _variable(call.service)
        found[f"{prefix}_URL"] = Traced(_url(entrances[call.service]), where)
        found[f"{prefix}_TIMEOUT_SECONDS"] = Traced(str(call.timeout_seconds), f"{where}.timeoutSeconds")
    labels = names(plan, "caches")
    for cache in each.caches:
        address = f"aws_elasticache_replication_group.{labels[cache]}.primary_endpoint_address"
        found[f"{_variable(cache)}_HOST"] = Traced(expression(address), f"{path}.caches")
        found[f"{_variable(cache)}_PORT"] = Traced(str(CACHE_PORT), f"{path}.caches")
    own = {key: Traced(value, f"{path}.env[{key}]") for key, value in each.env.items()}
    return found | own


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _url(entrance: Entrance) -> Any:
    return template(f"http://${{aws_lb.{ENTRANCE}.dns_name}}:{entrance.port}")


def _needed(each: Function, name: str) -> list[Any]:
    """Permissions come first, and outlive the function on destroy: Lambda removes its network interfaces with them."""
    kinds = [f"aws_iam_role_policy.function_{name}"]
    if each.in_vpc:
        kinds.append(f"aws_iam_role_policy_attachment.function_{name}_vpc")
    return [expression(kind) for kind in kinds]


def _trigger(plan: Plan, trigger: QueueTrigger, name: str, path: str) -> Block:
    queue = names(plan, "queues")[trigger.queue]
    limit = attributes(maximum_concurrency=trigger.concurrency)
    body: tuple[Item, ...] = (
        *attributes(
            event_source_arn=Traced(expression(f"aws_sqs_queue.{queue}.arn"), f"{path}.queue"),
            function_name=expression(f"aws_lambda_function.{name}.arn"),
            batch_size=Traced(trigger.batch_size, f"{path}.batchSize"),
            function_response_types=["ReportBatchItemFailures"],
        ),
        *optional("maximum_batching_window_in_seconds", trigger.batching_seconds, f"{path}.batchingSeconds"),
        *([block("scaling_config", (), limit, f"{path}.concurrency")] if trigger.concurrency else []),
    )
    return resource("aws_lambda_event_source_mapping", f"{name}_{queue}", body, path)
