"""Rules of the group ``apps`` and of ReplicationControllers (``pkg/apis/apps/validation``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import Cause
from ..selectors import LabelSelector
from ..types import Obj
from .amounts import not_negative
from .causes import forbidden, invalid, not_supported, required
from .counts import at_most_all, count_or_percent, number_of
from .internal import printed_struct
from .metadata import immutable, metadata, metadata_update
from .pods import template
from .selectors import is_empty, label_selector

_MISMATCH = "`selector` does not match template `labels`"
_STATEFUL_FIXED = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_STATEFUL_CHANGEABLE = frozenset(
    {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "minReadySeconds"}
    | {"persistentVolumeClaimRetentionPolicy"}
)

Rule = Callable[[Obj], Iterator[Cause]]


def _selector(spec: Obj, noun: str) -> Iterator[Cause]:
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    yield from label_selector(selector, "spec.selector")
    if is_empty(selector):
        yield invalid("spec.selector", selector, f"empty selector is invalid for {noun}")


def _template(spec: Obj, noun: str, volumes: frozenset[str] = frozenset()) -> Iterator[Cause]:
    """The pod template of a controller whose pods run for ever."""
    stated = spec.get("template") or {}
    path = "spec.template"
    labels = (stated.get("metadata") or {}).get("labels")
    selector = spec.get("selector")
    if selector is None or (not is_empty(selector) and not _selects(selector, labels or {})):
        yield invalid(f"{path}.metadata.labels", labels, _MISMATCH)
    yield from template(stated, path, volumes)
    pods = stated.get("spec") or {}
    if pods.get("restartPolicy") != "Always":
        yield not_supported(f"{path}.spec.restartPolicy", pods.get("restartPolicy", ""), ("Always",))
    if pods.get("activeDeadlineSeconds") is not None:
        yield forbidden(f"{path}.spec.activeDeadlineSeconds", f"activeDeadlineSeconds in {noun} is not Supported")


def _selects(selector: Obj, labels: dict[str, str]) -> bool:
    try:
        return LabelSelector.from_object(selector).matches(labels)
    except ValueError:
        # What is wrong with the selector is reported where it stands.
        return True


def _counts(spec: Obj, *keys: str) -> Iterator[Cause]:
    for key in keys:
        yield from not_negative(spec.get(key), f"spec.{key}")


def deployment(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from metadata(obj.get("metadata") or {})
    yield from _deployment_spec(spec)


def _deployment_spec(spec: Obj) -> Iterator[Cause]:
    yield from _counts(spec, "replicas")
    yield from _selector(spec, "deployment")
    yield from _template(spec, "ReplicaSet")
    yield from _strategy(spec.get("strategy") or {}, "spec.strategy")
    yield from _counts(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _strategy(strategy: Obj, path: str) -> Iterator[Cause]:
    rolling = strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "Recreate":
            if rolling is not None:
                yield forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate":
            if rolling is None:
                yield required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")
            else:
                yield from _rolling(rolling, f"{path}.rollingUpdate")
        case other:
            yield not_supported(f"{path}.type", other, ("Recreate", "RollingUpdate"))


def _rolling(rolling: Obj, path: str) -> Iterator[Cause]:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    yield from count_or_percent(unavailable, f"{path}.maxUnavailable")
    yield from count_or_percent(surge, f"{path}.maxSurge")
    if number_of(unavailable) == 0 and number_of(surge) == 0:
        yield invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")
    yield from at_most_all(unavailable, f"{path}.maxUnavailable")


def replica_set(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from metadata(obj.get("metadata") or {})
    yield from _counts(spec, "replicas", "minReadySeconds")
    yield from _selector(spec, "deployment")
    yield from _template(spec, "ReplicaSet")


def replication_controller(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from metadata(obj.get("metadata") or {})
    yield from _counts(spec, "replicas", "minReadySeconds")
    selector = spec.get("selector")
    if not selector:
        yield required("spec.selector")
    if not spec.get("template"):
        yield required("spec.template")
    else:
        yield from _template({**spec, "selector": {"matchLabels": selector or {}}}, "ReplicationController")


def daemon_set(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from metadata(obj.get("metadata") or {})
    yield from _selector(spec, "daemonset")
    yield from _template(spec, "DaemonSet")
    yield from _counts(spec, "minReadySeconds")
    yield from _daemon_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    yield from _counts(spec, "revisionHistoryLimit")


def _daemon_strategy(strategy: Obj, path: str) -> Iterator[Cause]:
    match strategy.get("type"):
        case "OnDelete":
            return
        case "RollingUpdate":
            yield from _daemon_rolling(strategy.get("rollingUpdate") or {}, f"{path}.rollingUpdate")
        case other:
            yield not_supported(f"{path}.type", other, ("RollingUpdate", "OnDelete"))


def _daemon_rolling(rolling: Obj, path: str) -> Iterator[Cause]:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for key, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        yield from count_or_percent(value, f"{path}.{key}")
        yield from at_most_all(value, f"{path}.{key}")
    if number_of(unavailable) and number_of(surge):
        yield invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    if not number_of(unavailable) and not number_of(surge):
        yield required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def stateful_set(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _stateful_spec(obj.get("spec") or {})


def _stateful_spec(spec: Obj) -> Iterator[Cause]:
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _stateful_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    for key, value in (spec.get("persistentVolumeClaimRetentionPolicy") or {}).items():
        if value not in ("Retain", "Delete"):
            yield not_supported(f"spec.persistentVolumeClaimRetentionPolicy.{key}", value, ("Delete", "Retain"))
    yield from _counts(spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    yield from not_negative((spec.get("ordinals") or {}).get("start"), "spec.ordinals.start")
    yield from _selector(spec, "statefulset")
    claims = frozenset((c.get("metadata") or {}).get("name", "") for c in spec.get("volumeClaimTemplates") or ())
    yield from _template(spec, "StatefulSet", claims)


def _stateful_strategy(strategy: Obj, path: str) -> Iterator[Cause]:
    rolling: Any = strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "OnDelete":
            if rolling is not None:
                printed = printed_struct(rolling, "RollingUpdateStatefulSetStrategy")
                yield invalid(f"{path}.rollingUpdate", printed, "only allowed for updateStrategy 'RollingUpdate'")
        case "RollingUpdate":
            yield from not_negative((rolling or {}).get("partition"), f"{path}.rollingUpdate.partition")
        case other:
            yield invalid(f"{path}.type", other, "must be 'RollingUpdate' or 'OnDelete'")


def updates_with_fixed_selector(rules: Rule) -> Callable[[Obj, Obj], Iterator[Cause]]:
    """The update rule of a kind whose selector stays what it was created with."""

    def update(new: Obj, old: Obj) -> Iterator[Cause]:
        yield from metadata_update(new["metadata"], old["metadata"])
        yield from (cause for cause in rules(new) if not cause.field.startswith("metadata."))
        yield from immutable(new["spec"].get("selector"), old["spec"].get("selector"), "spec.selector")

    return update


def stateful_set_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _stateful_spec(new["spec"])
    if _fixed(new["spec"]) != _fixed(old["spec"]):
        yield forbidden("spec", _STATEFUL_FIXED)


def _fixed(spec: Obj) -> Obj:
    return {key: value for key, value in spec.items() if key not in _STATEFUL_CHANGEABLE and value not in ([], {})}


def replication_controller_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from (cause for cause in replication_controller(new) if not cause.field.startswith("metadata."))


def controller_revision_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new.get("data"), old.get("data"), "data")


def scale(obj: Obj) -> Iterator[Cause]:
    """The scale of any workload (``autoscaling/v1 Scale``)."""
    yield from _counts(obj.get("spec") or {}, "replicas")
