"""SEC002: pods that use AWS, by what their variables say, without a role to do it with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload

ROLE = "eks.amazonaws.com/role-arn"
#: values that only mean something to somebody who may read them
_AWS_VALUE = re.compile(
    r"s3a?://[a-z0-9]|https://sqs\.[a-z0-9-]+\.amazonaws\.com/|arn:aws[a-z-]*:(s3|sqs|dynamodb|sns|kinesis):"
)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in workload.containers:
            use = _use_of_aws(case, workload, container)
            if use is not None and has_role(case, workload) is False and not _has_keys(container):
                yield _mistake(workload, container, use)


def _use_of_aws(case: Case, workload: Workload, container: Container) -> str | None:
    """A variable of the container that names something of AWS: its own, or one of a ConfigMap that it takes whole."""
    values = {str(each.get("name")): each.get("value") for each in items(container.obj.get("env"))}
    for source in items(container.obj.get("envFrom")):
        config = case.manifests.find(
            "ConfigMap", workload.namespace, str(mapping(source.get("configMapRef")).get("name"))
        )
        values |= mapping(config.obj.get("data")) if config else {}
    return next((name for name, value in values.items() if isinstance(value, str) and _AWS_VALUE.match(value)), None)


def has_role(case: Case, workload: Workload) -> bool | None:
    """Whether its service account can assume an IAM role; None where the input does not tell."""
    account = (workload.namespace, workload.service_account)
    if any(account in (role.service_accounts or ()) for role in case.aws.roles):
        return True
    found = case.manifests.find("ServiceAccount", *account)
    if found is not None:
        return ROLE in found.annotations or (
            None if not case.given.whole and _pod_identity_is_possible(case) else False
        )
    return False if workload.service_account == "default" and not _pod_identity_is_possible(case) else None


def _pod_identity_is_possible(case: Case) -> bool:
    """An association is made in AWS: only where the roles are in the input it is known that there is none."""
    return not case.given.iam and case.components.installs("eks-pod-identity-agent") is True


def _has_keys(container: Container) -> bool:
    return any(each.get("name") in _KEYS for each in items(container.obj.get("env")))


def _mistake(workload: Workload, container: Container, variable: str) -> Mistake:
    return Mistake(
        at=container.at("env"),
        message=(
            f"{workload.title} is told of AWS by {variable}, but its service account {workload.service_account} has no IAM role: "
            "it gets no credentials, or those of the node"
        ),
        remedy="give it a service account of its own with a role (IRSA or EKS Pod Identity) that may do just that",
        numbers={"variable": variable, "serviceAccount": workload.service_account},
    )


RULE = Rule(
    id="SEC002",
    severity=Severity.ERROR,
    title="A pod uses AWS without a role",
    source="docs.aws.amazon.com/eks/latest/userguide/service-accounts.html",
    check=check,
)
