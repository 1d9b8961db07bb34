"""KUB015: bindings that make somebody administrator of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.security.rbac import bindings

ADMIN = "cluster-admin"


def check(case: Case) -> Iterator[Mistake]:
    for binding in bindings(case):
        if mapping(binding.manifest.obj.get("roleRef")).get("name") == ADMIN and binding.subjects:
            subjects = ", ".join(f"{s.get('kind')} {s.get('name')}" for s in binding.subjects)
            scope = "the whole cluster" if binding.is_cluster_wide else f"namespace {binding.manifest.namespace}"
            yield Mistake(
                at=binding.manifest.at("roleRef"),
                message=(
                    f"{binding.manifest.title} makes {subjects} administrator of {scope}: every Secret and every right there "
                    "is theirs, and that of whoever gets hold of their token"
                ),
                remedy="bind a role with what they do; people of the platform team get access entries with an AWS policy",
                numbers={"subjects": len(binding.subjects), "role": ADMIN},
            )


RULE = Rule(
    id="KUB015",
    severity=Severity.WARN,
    title="Administrator of the cluster by a binding",
    source="kubernetes.io/docs/concepts/security/rbac-good-practices (least privilege)",
    check=check,
)
