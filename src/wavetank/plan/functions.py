"""Lambda functions: their size, their packages, what they reach and what they may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.archives import archive
from wavetank.plan.aws_names import access_statements, aws_name, shortened
from wavetank.plan.data_stores import amount
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Call, Function, QueueTrigger, Repository
from wavetank.plan.reasons import Default
from wavetank.plan.roles import policy_arn, statements_of
from wavetank.spec import Platform
from wavetank.spec.aws import Permissions
from wavetank.spec.serverless import Function as WrittenFunction
from wavetank.spec.serverless import Trigger as WrittenTrigger

_LAMBDA = "docs.aws.amazon.com/lambda/latest/dg"

#: less than what an HTTP API waits, so that the function can say why
DEFAULT_SECONDS = 20
SMALL = Default(
    "serverless.functions.memoryMib",
    "enough for a program that passes requests on",
    f"{_LAMBDA}/configuration-memory.html",
)
BEFORE_THE_API = Default(
    "serverless.functions.timeoutSeconds",
    "it must end before the API gives up",
    f"{_LAMBDA}/configuration-timeout.html",
)
ARM = Default(
    "serverless.functions.architecture",
    "a fifth cheaper for the same memory and time",
    f"{_LAMBDA}/foundation-arch.html",
)
OUTSIDE = Default(
    "serverless.functions.inVpc",
    "it needs nothing inside the VPC, and starts sooner without",
    f"{_LAMBDA}/configuration-vpc.html",
)
UNRESERVED = Default(
    "serverless.functions.concurrency", "what the account has left", f"{_LAMBDA}/configuration-concurrency.html"
)
UNTRACED = Default("serverless.functions.tracing", "traces are paid for")
A_MONTH_OF_LOGS = Default(
    "serverless.functions.logRetentionDays", "a log group that Lambda makes itself keeps them for ever"
)
USUAL_DURATION = Default("serverless.functions.durationMs", "a call that asks somebody else and waits")
TEN = Default("serverless.functions.triggers.batchSize", "Lambda's own value")
AT_ONCE = Default("serverless.functions.triggers.batchingSeconds", "messages are handled as they come")


def function(
    stated: WrittenFunction,
    platform: Platform,
    repositories: tuple[Repository, ...],
    cluster_name: str,
    ledger: Ledger,
) -> Function:
    """A function with every gap filled."""
    path = f"serverless.functions[{stated.name}]"
    ledger.stated(path, stated)
    timeout = ledger.chosen(f"{path}.timeoutSeconds", stated.timeout_seconds, DEFAULT_SECONDS, BEFORE_THE_API)
    permissions = stated.permissions or Permissions()
    return Function(
        name=stated.name,
        function_name=ledger.derived(
            f"{path}.functionName", aws_name(cluster_name, stated.name), ("cluster.name", path), "unique in the region"
        ),
        folder=stated.folder,
        image=_image(stated, repositories),
        archive=archive(platform.sources[stated.name]) if stated.folder is not None else None,
        runtime=stated.runtime,
        handler=stated.handler,
        memory_mib=ledger.chosen(f"{path}.memoryMib", stated.memory_mib, 256, SMALL),
        timeout_seconds=timeout,
        architecture=_architecture(path, stated, ledger),
        in_vpc=_in_vpc(path, stated, ledger),
        env=dict(stated.env or {}),
        role_name=permissions.role_name or shortened(f"{cluster_name}-fn-{stated.name}", 64),
        statements=_statements(stated, permissions, platform, cluster_name),
        managed_policy_arns=tuple(policy_arn(each) for each in permissions.managed_policies or ()),
        calls=_calls(path, stated, timeout, ledger),
        caches=stated.caches or (),
        triggers=tuple(_trigger(f"{path}.triggers[{each.queue}]", each, ledger) for each in stated.triggers or ()),
        concurrency=ledger.chosen(f"{path}.concurrency", stated.concurrency, None, UNRESERVED),
        tracing=ledger.chosen(f"{path}.tracing", stated.tracing, False, UNTRACED),
        log_retention_days=ledger.chosen(f"{path}.logRetentionDays", stated.log_retention_days, 30, A_MONTH_OF_LOGS),
        invokes_per_month=amount(f"{path}.invokesPerMonth", stated.invokes_per_month, ledger),
        duration_ms=ledger.chosen(f"{path}.durationMs", stated.duration_ms, Decimal(100), USUAL_DURATION),
    )


def _image(stated: WrittenFunction, repositories: tuple[Repository, ...]) -> str | None:
    if stated.image is None:
        return None
    name, colon, tag = stated.image.rpartition(":")
    own = next((each.url for each in repositories if each.name == (name or tag)), None)
    return f"{own}{colon}{tag if colon else ''}" if own else stated.image


def _architecture(path: str, stated: WrittenFunction, ledger: Ledger) -> Literal["arm64", "x86_64"]:
    chosen: Literal["arm64", "x86_64"] = ledger.chosen(f"{path}.architecture", stated.architecture, "arm64", ARM)
    return chosen


def _in_vpc(path: str, stated: WrittenFunction, ledger: Ledger) -> bool:
    where = f"{path}.inVpc"
    if stated.in_vpc is None and (stated.calls or stated.caches):
        return ledger.derived(where, True, (path,), "it reaches Services or caches inside the VPC")
    return ledger.chosen(where, stated.in_vpc, False, OUTSIDE)


def _calls(path: str, stated: WrittenFunction, timeout: int, ledger: Ledger) -> tuple[Call, ...]:
    found = []
    for each in stated.calls or ():
        where = f"{path}.calls[{each.service}]"
        ledger.stated(where, each, f"{path}.calls")
        seconds = each.timeout_seconds
        if seconds is None:
            how = "less than the function has, so that it can answer when the Service does not"
            seconds = ledger.derived(f"{where}.timeoutSeconds", max(1, timeout - 5), (f"{path}.timeoutSeconds",), how)
        found.append(Call(each.service, seconds))
    return tuple(found)


def _trigger(path: str, stated: WrittenTrigger, ledger: Ledger) -> QueueTrigger:
    ledger.stated(path, stated, path.rpartition("[")[0])
    return QueueTrigger(
        queue=stated.queue,
        batch_size=ledger.chosen(f"{path}.batchSize", stated.batch_size, 10, TEN),
        batching_seconds=ledger.chosen(f"{path}.batchingSeconds", stated.batching_seconds, 0, AT_ONCE),
        concurrency=stated.concurrency,
    )


def _statements(
    stated: WrittenFunction, permissions: Permissions, platform: Platform, cluster_name: str
) -> tuple[Obj, ...]:
    """What is permitted, and the messages that start it."""
    queues = dict(permissions.queues or {})
    for each in stated.triggers or ():
        queues[each.queue] = "readWrite" if queues.get(each.queue) in ("write", "readWrite") else "read"
    rest = permissions.model_copy(update={"queues": None})
    return (
        *statements_of(rest, platform.written, cluster_name),
        *access_statements("queue", queues, cluster_name, platform.written),
    )
