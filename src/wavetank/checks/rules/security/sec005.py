"""SEC005: access to a service that hangs on RBAC, which does not see requests, or on a header that anybody can set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity, Step
from wavetank.checks.rules.security.rbac import Binding, bindings, rules

_IDENTITY = re.compile(
    r"(x-)?(user|team|group|role|tenant|auth)([-_].*)?\Z|x-.*-(user|team|group|role)s?\Z", re.IGNORECASE
)
_DATA_PLANE = {"services", "endpoints", "endpointslices", "services/proxy"}


def check(case: Case) -> Iterator[Mistake]:
    for binding in bindings(case):
        if _is_meant_as_access(binding) and not _is_guarded(case, binding.manifest.namespace):
            yield _rbac(binding)
    for manifest in case.manifests.of_kind("VirtualService", "AuthorizationPolicy"):
        for steps, header in _headers(manifest):
            if _IDENTITY.match(header) and not case.manifests.in_namespace("RequestAuthentication", manifest.namespace):
                yield _header(manifest, steps, header)


def _is_meant_as_access(binding: Binding) -> bool:
    """A team may read Services and nothing but such things: that is meant to let it use them."""
    if binding.role is None or not any(each.get("kind") in ("Group", "User") for each in binding.subjects):
        return False
    resources = {str(resource) for rule in rules(binding.role) for resource in rule.get("resources") or ()}
    return bool(resources & _DATA_PLANE) and "access" in binding.role.name and "pods" not in resources


def _is_guarded(case: Case, namespace: str) -> bool:
    return bool(case.manifests.in_namespace("AuthorizationPolicy", namespace))


def _rbac(binding: Binding) -> Mistake:
    who = ", ".join(str(subject.get("name")) for subject in binding.subjects)
    return Mistake(
        at=binding.manifest.at("roleRef"),
        message=(
            f"{binding.manifest.title} lets {who} read Services, which RBAC means as reading objects of the API: "
            "it neither allows nor "
            "forbids a single request to their pods, and nothing else in the namespace does"
        ),
        remedy=(
            "guard the requests: an AuthorizationPolicy of the mesh with the caller's identity, or a gateway that "
            "checks tokens"
        ),
        numbers={"subjects": who, "authorizationPolicies": 0},
    )


def _headers(manifest: Manifest) -> Iterator[tuple[tuple[Step, ...], str]]:
    if manifest.kind == "VirtualService":
        for at, route in enumerate(items(manifest.spec.get("http"))):
            for index, match in enumerate(items(route.get("match"))):
                for header in mapping(match.get("headers")):
                    yield ("spec", "http", at, "match", index, "headers", header), header
    for at, rule in enumerate(items(manifest.spec.get("rules"))):
        for index, condition in enumerate(items(rule.get("when"))):
            found = re.match(r"request\.headers\[(.+)\]", str(condition.get("key")))
            if found:
                yield ("spec", "rules", at, "when", index), found[1]


def _header(manifest: Manifest, steps: tuple[Step, ...], header: str) -> Mistake:
    return Mistake(
        at=manifest.at(*steps),
        message=(
            f"{manifest.title} decides by the header {header}, which any caller can set: nothing in "
            f"{manifest.namespace} derives it "
            "from a token (no RequestAuthentication)"
        ),
        remedy="require a JWT (RequestAuthentication with outputClaimToHeaders), and decide by its claims",
        numbers={"header": header},
        severity=Severity.WARN if manifest.kind == "VirtualService" else None,
    )


RULE = Rule(
    id="SEC005",
    severity=Severity.ERROR,
    title="Nothing guards the requests",
    source=(
        "RBAC authorizes requests to the Kubernetes API only; "
        "istio.io/latest/docs/tasks/security/authentication/claim-to-header"
    ),
    check=check,
)
