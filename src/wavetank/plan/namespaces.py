"""Namespaces: Pod Security, quota, limit range, what is denied."""

from __future__ import annotations

from typing import Literal

from wavetank.plan.ledger import Ledger
from wavetank.plan.model import LimitRange, Namespace, Quota
from wavetank.plan.reasons import Default
from wavetank.spec.namespaces import Namespace as WrittenNamespace
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape

RESTRICTED = Default(
    "namespaces.podSecurity",
    "what needs more than `restricted` should have to say so",
    "kubernetes.io/docs/concepts/security/pod-security-standards",
)
DENY = Default(
    "namespaces.defaultDeny",
    "only the traffic that somebody allowed",
    "kubernetes.io/docs/concepts/services-networking/network-policies",
)
NO_QUOTA = Default("namespaces.quota", "a quota that nobody computed stops a scale-up")
NO_LIMITS = Default("namespaces.limitRange", "every container states its own resources")

PodSecurity = Literal["privileged", "baseline", "restricted"]


def only_namespace(written: PlatformFile) -> str:
    """Where things live that name no namespace; the spec made sure that there is exactly one then."""
    names = [namespace.name for namespace in written.namespaces or ()]
    return names[0] if names else "default"


def namespace(stated: WrittenNamespace, version: str, ledger: Ledger) -> Namespace:
    """A namespace; ``version`` is the cluster's minor, whose Pod Security rules are pinned."""
    path = f"namespaces[{stated.name}]"
    ledger.stated(path, stated)
    level: PodSecurity = ledger.chosen(f"{path}.podSecurity", stated.pod_security, "restricted", RESTRICTED)
    return Namespace(
        name=stated.name,
        labels=_labels(stated, level, version, ledger),
        pod_security=level,
        quota=_quota(stated, ledger),
        quotas=_quotas(stated, ledger),
        limit_range=_limit_range(stated, ledger),
        default_deny=ledger.chosen(f"{path}.defaultDeny", stated.default_deny, ("Ingress", "Egress"), DENY),
    )


def _labels(stated: WrittenNamespace, level: PodSecurity, version: str, ledger: Ledger) -> dict[str, str]:
    path = f"namespaces[{stated.name}]"
    prefix = "pod-security.kubernetes.io"
    labels = {f"{prefix}/enforce": level, f"{prefix}/enforce-version": f"v{version}", f"{prefix}/warn": level}
    for label in labels:
        origins = (f"{path}.podSecurity", "cluster.version")
        ledger.derived(f"{path}.labels[{label}]", None, origins, "Pod Security admission reads it")
    for label, value in (stated.labels or {}).items():
        ledger.stated(f"{path}.labels[{label}]", value)
    return labels | (stated.labels or {})


def _quota(stated: WrittenNamespace, ledger: Ledger) -> Quota | None:
    path = f"namespaces[{stated.name}].quota"
    if stated.quota is None:
        return ledger.because(path, None, NO_QUOTA)
    ledger.stated(path, stated.quota)
    for key, value in stated.quota.items():
        ledger.stated(f"{path}.hard[{key}]", value, f"{path}[{key}]")
    return Quota(f"{stated.name}-quota", stated.quota, (), None)


def _quotas(stated: WrittenNamespace, ledger: Ledger) -> tuple[Quota, ...]:
    path = f"namespaces[{stated.name}].quotas"
    ledger.chosen(path, stated.quotas, None, NO_QUOTA)
    for each in stated.quotas or ():
        ledger.shape(f"{path}[{each.name}]", shape(each))
    return tuple(
        Quota(
            each.name,
            each.hard,
            tuple(each.scopes or ()),
            shape(each.scope_selector) if each.scope_selector is not None else None,
        )
        for each in stated.quotas or ()
    )


def _limit_range(stated: WrittenNamespace, ledger: Ledger) -> LimitRange | None:
    path = f"namespaces[{stated.name}].limitRange"
    if stated.limit_range is None:
        return ledger.because(path, None, NO_LIMITS)
    ledger.stated(path, stated.limit_range)
    limits = tuple(shape(item) for item in stated.limit_range.limits)
    if ledger.is_written(f"{path}.limits"):
        ledger.shape(f"{path}.limits", limits)
    else:
        ledger.shape(f"{path}.limits[0]", limits[0], path)
    return LimitRange(f"{stated.name}-limits", limits)
