"""GIT001: Terraform destroys the VPC while load balancers that a controller has made still stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Place, Rule, Severity

_DESTROY = re.compile(r"^\s*(?:\$ |sudo )?terraform\b[^\n]*\bdestroy\b", re.MULTILINE)
_DELETE_NAMESPACE = re.compile(r"\bkubectl\s+delete\s+(?:namespace|ns)\b")
#: what makes sure that nothing is left: waiting for the load balancers, or deleting what makes them first
_SAFE = re.compile(
    r"kubectl\s+delete\s+(?:-[^\n]*\s)?(?:service|services|svc|ingress|ing)\b|kubectl\s+delete\s+[^\n]*-f\b|describe-load-balancers"
    r"|load-balancers-deleted|helm\s+uninstall"
)


def check(case: Case) -> Iterator[Mistake]:
    for source in case.programs:
        if not source.base.endswith((".sh", ".md")):
            continue
        for destroy in _DESTROY.finditer(source.text):
            before = source.text[: destroy.start()]
            deleted = [found for found in _DELETE_NAMESPACE.finditer(before) if len(before) - found.end() < 400]
            if deleted and not _SAFE.search(source.text[max(0, deleted[-1].start() - 400) : destroy.start()]):
                line = source.text.count("\n", 0, destroy.start() + 1) + 1
                yield Mistake(
                    at=Place(source.name, line, "terraform destroy"),
                    message=(
                        "the namespace is deleted and then everything is destroyed: nobody waits until the "
                        "controller has removed its "
                        "load balancers, and once its node is gone nobody does; their interfaces and security "
                        "groups hold the VPC, and "
                        "destroy hangs until it times out"
                    ),
                    remedy=(
                        "delete Services of type LoadBalancer and Ingresses first and wait until `aws elbv2 "
                        "describe-load-balancers` "
                        "shows none, then destroy"
                    ),
                    numbers={"waits": 0},
                )


RULE = Rule(
    id="GIT001",
    severity=Severity.ERROR,
    title="Destroying under load balancers that nobody removes",
    source="AWS Load Balancer Controller: finalizers; EC2 DeleteVpc DependencyViolation",
    check=check,
)
