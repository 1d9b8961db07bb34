"""What Karpenter gives up of a pod's wishes, one at a time, until some node suits it. Pure: pods are never changed.

Upstream: ``pkg/controllers/provisioning/scheduling/preferences.go``; the order of ``RELAXATIONS`` is upstream's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wavetank.kube.types import Obj

_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_TOLERATION: Obj = {"operator": "Exists", "effect": "PreferNoSchedule"}


def relaxed(pod: Obj, *, tolerate_prefer_no_schedule: bool) -> Obj | None:
    """The pod with one wish less; None when there is nothing left that may go."""
    for relax in RELAXATIONS:
        spec = relax(pod["spec"])
        if spec is not None:
            return {**pod, "spec": spec}
    if tolerate_prefer_no_schedule:
        spec = _tolerating(pod["spec"])
        return None if spec is None else {**pod, "spec": spec}
    return None


def without_preferences(pod: Obj) -> Obj:
    """The pod with what it requires alone (``PREFERENCE_POLICY=Ignore``)."""
    spec = pod["spec"]
    for relax in RELAXATIONS[1:]:
        while (less := relax(spec)) is not None:
            spec = less
    return {**pod, "spec": spec}


def _without_first_required_term(spec: Obj) -> Obj | None:
    """Terms are alternatives: the first may go while there is another."""
    required = _part(spec, "nodeAffinity").get(_REQUIRED) or {}
    terms = required.get("nodeSelectorTerms") or []
    if len(terms) < 2:
        return None
    return _with(spec, "nodeAffinity", _REQUIRED, {**required, "nodeSelectorTerms": terms[1:]})


def _without_heaviest(kind: str) -> Callable[[Obj], Obj | None]:
    def relax(spec: Obj) -> Obj | None:
        terms = _part(spec, kind).get(_PREFERRED) or []
        if not terms:
            return None
        lighter = sorted(terms, key=lambda term: -int(term["weight"]))[1:]
        return _with(spec, kind, _PREFERRED, lighter)

    return relax


def _without_soft_spread(spec: Obj) -> Obj | None:
    """The first soft constraint goes, and the last takes its place."""
    constraints = list(spec.get("topologySpreadConstraints") or ())
    soft = next((i for i, c in enumerate(constraints) if c.get("whenUnsatisfiable") == "ScheduleAnyway"), None)
    if soft is None:
        return None
    constraints[soft] = constraints[-1]
    return {**spec, "topologySpreadConstraints": constraints[:-1]}


def _tolerating(spec: Obj) -> Obj | None:
    tolerations = list(spec.get("tolerations") or ())
    return None if _TOLERATION in tolerations else {**spec, "tolerations": [*tolerations, _TOLERATION]}


def _part(spec: Obj, kind: str) -> Obj:
    found: Obj = (spec.get("affinity") or {}).get(kind) or {}
    return found


def _with(spec: Obj, kind: str, field: str, value: Any) -> Obj:
    affinity = spec.get("affinity") or {}
    return {**spec, "affinity": {**affinity, kind: {**_part(spec, kind), field: value}}}


RELAXATIONS: tuple[Callable[[Obj], Obj | None], ...] = (
    _without_first_required_term,
    _without_heaviest("podAffinity"),
    _without_heaviest("podAntiAffinity"),
    _without_heaviest("nodeAffinity"),
    _without_soft_spread,
)
