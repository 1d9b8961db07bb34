"""What an author writes about namespaces: Pod Security, quotas, limit ranges, what is refused by default."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from wavetank.spec.words import DottedName, Labels, Many, Name, Quantity, Written, mapping_with


class LimitRangeItem(Written):
    """Limits of one kind of thing, as in Kubernetes."""

    type: Literal["Container", "Pod", "PersistentVolumeClaim"] = "Container"
    """What is limited."""
    default: dict[str, Quantity] | None = None
    """Limits of containers that state none."""
    default_request: dict[str, Quantity] | None = None
    """Requests of containers that state none."""
    min: dict[str, Quantity] | None = None
    """Least that may be asked for."""
    max: dict[str, Quantity] | None = None
    """Most that may be asked for."""
    max_limit_request_ratio: dict[str, Quantity] | None = None
    """How many times its request a limit may be."""


class LimitRange(Written):
    """A LimitRange. Short form: the keys of its Container item."""

    short_forms = (mapping_with("default", "defaultRequest", "min", "max", "maxLimitRequestRatio"),)

    limits: Many[LimitRangeItem]
    """Limits in Kubernetes' shape."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and "limits" not in value:
            return {"limits": [{"type": "Container"} | value]}
        return value


Scope = Literal[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
]


class ScopeExpression(Written):
    """One condition on the pods that a quota counts."""

    scope_name: Scope
    """The scope, for example PriorityClass."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the scope's value is compared; only PriorityClass and VolumeAttributesClass have values."""
    values: Many[str] | None = None
    """Values for In and NotIn."""


class ScopeSelector(Written):
    """Which pods a quota counts, as in Kubernetes."""

    match_expressions: Many[ScopeExpression]
    """Conditions that must all hold."""


class Quota(Written):
    """A ResourceQuota. A quota without scopes counts all pods."""

    name: DottedName
    """Name of the quota."""
    hard: dict[str, Quantity]
    """Most of each resource, for example `{requests.cpu: 20, pods: 50}`."""
    scopes: Many[Scope] | None = None
    """Scopes that must all hold. BestEffort counts pods only; Terminating are pods with activeDeadlineSeconds."""
    scope_selector: ScopeSelector | None = None
    """Conditions with values, for example on PriorityClass."""


class Namespace(Written):
    """A namespace with its rules."""

    name: Name
    """Name of the namespace."""
    labels: Labels | None = None
    """Further labels; those of Pod Security are added."""
    pod_security: Literal["privileged", "baseline", "restricted"] | None = None
    """Pod Security level that is enforced. Default restricted."""
    quota: dict[str, Quantity] | None = None
    """ResourceQuota `hard`. No default: a quota that is not computed from the autoscalers' maxima stops a scale-up."""
    quotas: Many[Quota] | None = None
    """Further ResourceQuotas, each for the pods of its scopes. Default none."""
    limit_range: LimitRange | None = None
    """LimitRange. Default none."""
    default_deny: Many[Literal["Ingress", "Egress"]] | None = None
    """Traffic that is refused unless a network policy allows it. Default Ingress and Egress."""
    mesh: bool | None = None
    """Pods get a proxy of the service mesh (`mesh`). Default false."""
