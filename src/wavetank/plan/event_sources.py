"""Triggers that ask AWS: the address of a queue of the platform, and what KEDA's operator may therefore read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.aws_names import arn, queue_name
from wavetank.plan.model.components import Component
from wavetank.spec.platform import PlatformFile
from wavetank.spec.scaling import Trigger

CHART = "keda"
SQS = "aws-sqs-queue"
#: what each of KEDA's scalers reads (keda.sh/docs, "Scalers", under "AWS IAM permissions")
_ACTIONS = {
    SQS: ("sqs:GetQueueAttributes",),
    "aws-cloudwatch": ("cloudwatch:GetMetricData",),
    "aws-dynamodb": ("dynamodb:Query",),
    "aws-dynamodb-streams": ("dynamodb:DescribeStream", "dynamodb:DescribeTable"),
    "aws-kinesis-stream": ("kinesis:DescribeStreamSummary",),
}
_QUEUE_URL = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com/(\d{12})/([^/]+)")


def queue_metadata(queue: str, cluster_name: str, written: PlatformFile) -> dict[str, str]:
    """The metadata by which the SQS scaler finds a queue of the platform."""
    name = queue_name(cluster_name, queue, written)
    url = f"https://sqs.{written.region}.amazonaws.com/{written.account_id}/{name}"
    return {"queueURL": url, "awsRegion": written.region}


def keda_components(written: PlatformFile, cluster_name: str) -> tuple[Component, ...]:
    """What KEDA's operator may read in AWS for the triggers that it proves itself to; nothing where it is not installed."""
    listed = {catalog_name(each.chart or each.name) for each in written.helm_releases or ()}
    statements = tuple(_statements(written, cluster_name))
    if CHART not in listed or not statements:
        return ()
    return (Component(CHART, ("workloads",), "it asks AWS for the triggers", statements=statements),)


def catalog_name(chart: str) -> str:
    facts = catalog.chart(chart)
    return facts.name if facts is not None else chart


def _statements(written: PlatformFile, cluster_name: str) -> Iterator[Obj]:
    """One statement per scaler, with the queues by name where the trigger names them."""
    resources: dict[str, list[str]] = {}
    for trigger in _asked_as_itself(written):
        known = resources.setdefault(trigger.type, [])
        known += [each for each in (_resource(trigger, cluster_name, written),) if each not in known]
    for kind, arns in resources.items():
        sid = "".join(word.capitalize() for word in kind.split("-"))
        everything = ["*"] if "*" in arns else arns
        yield {"Sid": sid, "Effect": "Allow", "Action": list(_ACTIONS[kind]), "Resource": everything}


def _asked_as_itself(written: PlatformFile) -> Iterator[Trigger]:
    for workload in written.workloads or ():
        for trigger in (workload.autoscaling.triggers if workload.autoscaling else None) or ():
            identity = trigger.authentication.pod_identity if trigger.authentication else None
            own = identity is not None and identity.provider == "aws" and identity.identity_owner != "workload"
            if own and trigger.type in _ACTIONS:
                yield trigger


def _resource(trigger: Trigger, cluster_name: str, written: PlatformFile) -> str:
    if trigger.queue is not None:
        return arn("queue", trigger.queue, cluster_name, written)
    found = _QUEUE_URL.fullmatch(trigger.metadata.get("queueURL", ""))
    return f"arn:aws:sqs:{found[1]}:{found[2]}:{found[3]}" if found else "*"
