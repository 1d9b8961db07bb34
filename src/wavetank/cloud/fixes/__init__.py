"""Where moto's answers differ from AWS's in a way that Terraform notices: one file per service.

Each file holds its ``PATCHES`` and, where moto lacks operations, its ``ADDITIONS``; ``applied`` checks that everything they
replace still exists and nothing they add, and puts the originals back when the embedded AWS stops. To fix another service
write its file and add one line to ``SERVICES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from wavetank.cloud.fixes import (
    apigatewayv2,
    backup,
    budgets,
    cloudwatch,
    dynamodb,
    elasticache,
    file_systems,
    functions,
    launch_templates,
    s3,
    security_groups,
    sqs,
    sts,
)
from wavetank.cloud.fixes.patch import Addition, Context, Patch, added, patched

SERVICES = (
    sts,
    launch_templates,
    security_groups,
    apigatewayv2,
    backup,
    budgets,
    cloudwatch,
    dynamodb,
    elasticache,
    file_systems,
    functions,
    s3,
    sqs,
)


def patches() -> tuple[Patch, ...]:
    return tuple(patch for service in SERVICES for patch in getattr(service, "PATCHES", ()))


def additions() -> tuple[Addition, ...]:
    return tuple(addition for service in SERVICES for addition in getattr(service, "ADDITIONS", ()))


@contextmanager
def applied(context: Context) -> Iterator[None]:
    """All patches and additions, while the context lasts."""
    with ExitStack() as stack:
        for addition in additions():
            stack.enter_context(added(addition))
        for patch in patches():
            stack.enter_context(patched(patch, context))
        yield
