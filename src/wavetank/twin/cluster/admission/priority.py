"""Priority: a pod's class becomes its priority and preemption policy.

Upstream ``plugin/pkg/admission/priority/admission.go``.
"""

from __future__ import annotations

from wavetank.kube.errors import forbidden
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

CLASSES = "priorityclasses.scheduling.k8s.io"


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("pods"):
        return attempt.obj
    spec = attempt.obj["spec"]
    name = spec.get("priorityClassName", "")
    chosen = attempt.world.find(CLASSES, "", name) if name else _default_class(attempt)
    if name and chosen is None:
        raise forbidden(attempt.resource, attempt.name, f"no PriorityClass with name {name} was found")
    value = int(chosen.get("value", 0)) if chosen else 0
    policy = (chosen or {}).get("preemptionPolicy") or "PreemptLowerPriority"
    if spec.get("priority") not in (None, value):
        why = (
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority admission "
        )
        raise forbidden(
            attempt.resource, attempt.name, f"{why}controller computed {value} from the given PriorityClass name"
        )
    if spec.get("preemptionPolicy") not in (None, policy):
        why = f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
        why += f"priority admission controller computed {policy} from the given PriorityClass name"
        raise forbidden(attempt.resource, attempt.name, why)
    set_fields = {"priority": value, "preemptionPolicy": policy}
    if chosen and not name:
        set_fields["priorityClassName"] = chosen["metadata"]["name"]
    return {**attempt.obj, "spec": {**spec, **set_fields}}


def _default_class(attempt: Attempt) -> Obj | None:
    """The class marked as global default; of several the one of the lowest value."""
    defaults = attempt.world.list(CLASSES, where=lambda c: bool(c.get("globalDefault")))
    return min(defaults, key=lambda c: int(c.get("value", 0)), default=None)


def _review(attempt: Attempt) -> None:
    """Only one class may be the global default."""
    if attempt.key != CLASSES or attempt.operation == "DELETE" or not attempt.obj.get("globalDefault"):
        return
    default = _default_class(attempt)
    if default is not None and default["metadata"]["name"] != attempt.name:
        why = f"PriorityClass {default['metadata']['name']} is already marked as default. Only one default can exist"
        raise forbidden(attempt.resource, attempt.name, why)


PRIORITY = Plugin("Priority", admit=_admit, review=_review, kinds=("pods", CLASSES))
