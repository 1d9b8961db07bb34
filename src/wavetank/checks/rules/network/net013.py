"""NET013: something outside the cluster calls an address that exists inside it only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wavetank.checks.aws import Resource, Unknown
from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Rule, Severity

_INSIDE = re.compile(r"[-a-z0-9]+\.[-a-z0-9]+\.svc(?:\.cluster\.local)?\b")
#: seconds that an HTTP API waits for its integration at the most (a REST API: 29 by default)
GATEWAY_SECONDS = 30
#: resources that may call something in the cluster, and run outside it
_CALLERS = (
    "aws_lambda_function",
    "aws_apigatewayv2_integration",
    "aws_api_gateway_integration",
    "aws_ecs_task_definition",
)


def check(case: Case) -> Iterator[Mistake]:
    for resource in case.aws.of_type(*_CALLERS):
        for steps, text in _texts(resource.body, ()):
            found = _INSIDE.search(text)
            if found:
                yield _unreachable(resource, steps, found[0])
                break
    yield from _timeouts(case)


def _texts(value: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*steps, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _texts(item, (*steps, at))
    elif isinstance(value, str):
        yield steps, value
    elif isinstance(value, Unknown) and value.text:
        yield steps, value.text


def _unreachable(resource: Resource, steps: tuple[str | int, ...], address: str) -> Mistake:
    vpc = "in the VPC, but not in the cluster" if resource.body.get("vpc_config") else "outside the VPC"
    return Mistake(
        at=resource.at(*steps),
        message=(
            f"{resource.name} calls {address}, but runs {vpc}: the name is known to the cluster's DNS only and a ClusterIP "
            "is no "
            "address of the VPC, so 0 of its calls arrive"
        ),
        remedy=(
            "put an internal load balancer (NLB or ALB with ip targets) in front of the Service, give it a name "
            "in a private hosted "
            "zone, and attach the function to the VPC's private subnets"
        ),
        numbers={"address": address, "reachable": 0},
    )


def _timeouts(case: Case) -> Iterator[Mistake]:
    """A function behind an API that is allowed to think longer than the API waits."""
    integrations = case.aws.of_type("aws_apigatewayv2_integration")
    called = {getattr(i.body.get("integration_uri"), "address", None) for i in integrations}
    for function in case.aws.of_type("aws_lambda_function"):
        seconds = whole(function.body.get("timeout"))
        if function.name in called and seconds is not None and seconds > GATEWAY_SECONDS:
            yield Mistake(
                at=function.at("timeout"),
                message=(
                    f"{function.name} may take {seconds} s, but the API in front of it answers 503 after "
                    f"{GATEWAY_SECONDS} s: long "
                    "predictions are computed, paid for and thrown away"
                ),
                remedy=f"keep the timeout below {GATEWAY_SECONDS} s, or answer at once and deliver the result through a queue",
                numbers={"timeoutSeconds": seconds, "gatewaySeconds": GATEWAY_SECONDS},
                severity=Severity.WARN,
            )


RULE = Rule(
    id="NET013",
    severity=Severity.ERROR,
    title="A caller outside the cluster uses an address that exists only inside",
    source="Kubernetes documentation, Service: ClusterIP; API Gateway quotas: integration timeout",
    check=check,
)
