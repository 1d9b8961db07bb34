"""LimitRanger: containers get a namespace's default requests and limits, and must stay within its bounds.

Upstream ``plugin/pkg/admission/limitranger/admission.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wavetank.kube import quantity, resources
from wavetank.kube.errors import forbidden
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

ANNOTATION = "kubernetes.io/limit-ranger"
Amounts = Mapping[str, Any]


def _ranges(attempt: Attempt) -> list[Obj]:
    return attempt.world.list("limitranges", attempt.namespace)


# Defaults ----------------------------------------------------------------------------------------------------------


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("pods"):
        return attempt.obj
    pod = attempt.obj
    for limit_range in _ranges(attempt):
        pod = _with_defaults(pod, limit_range)
    return pod


def _with_defaults(pod: Obj, limit_range: Obj) -> Obj:
    requests: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for item in limit_range["spec"].get("limits") or ():
        if item.get("type") == "Container":
            requests |= item.get("defaultRequest") or {}
            limits |= item.get("default") or {}
    notes: list[str] = []
    spec = dict(pod["spec"])
    for field, title in (("containers", "container"), ("initContainers", "init container")):
        if spec.get(field):
            spec[field] = [_filled(c, requests, limits, title, notes) for c in spec[field]]
    if not notes:
        return pod
    annotations = dict(pod["metadata"].get("annotations") or {})
    annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(notes)
    return {**pod, "spec": spec, "metadata": {**pod["metadata"], "annotations": annotations}}


def _filled(container: Obj, requests: Amounts, limits: Amounts, title: str, notes: list[str]) -> Obj:
    had = container.get("resources") or {}
    has = dict(had)
    for field, defaults, word in (("requests", requests, "request"), ("limits", limits, "limit")):
        missing = sorted(name for name in defaults if name not in (had.get(field) or {}))
        if missing:
            has[field] = {**(had.get(field) or {}), **{name: defaults[name] for name in missing}}
            notes.append(f"{', '.join(missing)} {word} for {title} {container.get('name', '')}")
    return {**container, "resources": has} if has != had else container


# Bounds ------------------------------------------------------------------------------------------------------------


def _review(attempt: Attempt) -> None:
    """The first range that is violated tells of all its violations; the others are not asked any more."""
    if attempt.creates("pods"):
        violations: Callable[[Obj, Obj], Iterator[str]] = _pod_violations
    elif attempt.key == "persistentvolumeclaims" and attempt.operation != "DELETE":
        violations = _claim_violations
    else:
        return
    for limit_range in _ranges(attempt):
        found = list(dict.fromkeys(violations(attempt.obj, limit_range)))
        if found:
            text = found[0] if len(found) == 1 else "[" + ", ".join(found) + "]"
            raise forbidden(attempt.resource, attempt.name, text)


def _pod_violations(pod: Obj, limit_range: Obj) -> Iterator[str]:
    spec = pod["spec"]
    for item in limit_range["spec"].get("limits") or ():
        match item.get("type"):
            case "Container":
                for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
                    stated = container.get("resources") or {}
                    yield from _violations(item, stated.get("requests") or {}, stated.get("limits") or {})
            case "Pod":
                requests, limits = resources.pod_requests(pod), resources.pod_limits(pod)
                yield from _violations(item, _texts(requests), _texts(limits))


def _texts(amounts: Mapping[str, int]) -> dict[str, str]:
    return {name: resources.formatted(name, units) for name, units in amounts.items()}


def _violations(item: Obj, requests: Amounts, limits: Amounts) -> Iterator[str]:
    kind = item["type"]
    for name, least in (item.get("min") or {}).items():
        yield from _below(name, least, kind, requests, limits)
    for name, most in (item.get("max") or {}).items():
        yield from _above(name, most, kind, requests, limits)
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        yield from _too_elastic(name, ratio, kind, requests, limits)


def _below(name: str, least: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    start = f"minimum {name} usage per {kind} is {quantity.canonical(least)}"
    if name not in requests:
        yield f"{start}.  No request is specified"
    elif quantity.compare(requests[name], least) < 0:
        yield f"{start}, but request is {quantity.canonical(requests[name])}"
    elif name in limits and quantity.compare(limits[name], least) < 0:
        yield f"{start}, but limit is {quantity.canonical(limits[name])}"


def _above(name: str, most: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    start = f"maximum {name} usage per {kind} is {quantity.canonical(most)}"
    if name not in limits:
        yield f"{start}.  No limit is specified"
    elif quantity.compare(limits[name], most) > 0:
        yield f"{start}, but limit is {quantity.canonical(limits[name])}"
    elif name in requests and quantity.compare(requests[name], most) > 0:
        yield f"{start}, but request is {quantity.canonical(requests[name])}"


def _too_elastic(name: str, most: str, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    start = f"{name} max limit to request ratio per {kind} is {quantity.canonical(most)}"
    if name not in requests or quantity.compare(requests[name], "0") == 0:
        yield f"{start}, but no request is specified or request is 0"
    elif name not in limits or quantity.compare(limits[name], "0") == 0:
        yield f"{start}, but no limit is specified or limit is 0"
    else:
        ratio = quantity.parse(limits[name]) / quantity.parse(requests[name])
        if ratio > quantity.parse(most):
            yield f"{start}, but provided ratio is {ratio:.6f}"


def _claim_violations(claim: Obj, limit_range: Obj) -> Iterator[str]:
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    for item in limit_range["spec"].get("limits") or ():
        if item.get("type") != "PersistentVolumeClaim":
            continue
        for name, least in (item.get("min") or {}).items():
            if name in requests and quantity.compare(requests[name], least) < 0:
                yield from _below(name, least, item["type"], requests, {})
        for name, most in (item.get("max") or {}).items():
            if name in requests and quantity.compare(requests[name], most) > 0:
                amount = quantity.canonical(requests[name])
                yield f"maximum {name} usage per {item['type']} is {quantity.canonical(most)}, but request is {amount}"


LIMIT_RANGER = Plugin("LimitRanger", admit=_admit, review=_review, kinds=("pods", "persistentvolumeclaims"))
