"""STO002: a storage class by the name of the one that EKS has put into the cluster, whose fields cannot be changed."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import EKS_CLASS, provisioner

_IN_TREE = "kubernetes.io/aws-ebs"


def check(case: Case) -> Iterator[Mistake]:
    found = case.manifests.find("StorageClass", "", EKS_CLASS)
    if found is not None and provisioner(found) != _IN_TREE:
        yield Mistake(
            at=found.at("metadata", "name"),
            message=(
                f"EKS brings a class named {EKS_CLASS} with the provisioner {_IN_TREE}; provisioner and parameters of a class "
                f"cannot be changed, so applying this one ({provisioner(found)}) fails"
            ),
            remedy="give the class another name, for example gp3, and make that the default",
            numbers={"name": EKS_CLASS, "provisioner": provisioner(found)},
        )


RULE = Rule(
    id="STO002",
    severity=Severity.ERROR,
    title="The class has the name of EKS's own",
    source="docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html; Kubernetes pkg/apis/storage/validation",
    check=check,
)
