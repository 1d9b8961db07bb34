"""Rules of affinity and of topology spread constraints."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required
from .metadata import label_key
from .names import dns_label
from .selectors import label_selector, node_selector, node_selector_term

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def affinity(stated: Obj, path: str) -> Iterator[Cause]:
    if stated.get("nodeAffinity"):
        yield from _node_affinity(stated["nodeAffinity"], f"{path}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        if stated.get(kind):
            yield from _pod_affinity(stated[kind], f"{path}.{kind}")


def _weight(preference: Obj, path: str) -> Iterator[Cause]:
    if not 1 <= preference.get("weight", 0) <= 100:
        yield invalid(f"{path}.weight", preference.get("weight", 0), "must be in the range 1-100")


def _node_affinity(stated: Obj, path: str) -> Iterator[Cause]:
    if stated.get(_REQUIRED) is not None:
        yield from node_selector(stated[_REQUIRED], f"{path}.{_REQUIRED}")
    for index, preference in enumerate(stated.get(_PREFERRED) or ()):
        below = f"{path}.{_PREFERRED}[{index}]"
        yield from _weight(preference, below)
        yield from node_selector_term(preference.get("preference") or {}, f"{below}.preference")


def _pod_affinity(stated: Obj, path: str) -> Iterator[Cause]:
    for index, term in enumerate(stated.get(_REQUIRED) or ()):
        yield from _pod_term(term, f"{path}.{_REQUIRED}[{index}]")
    for index, preference in enumerate(stated.get(_PREFERRED) or ()):
        below = f"{path}.{_PREFERRED}[{index}]"
        yield from _weight(preference, below)
        yield from _pod_term(preference.get("podAffinityTerm") or {}, f"{below}.podAffinityTerm")


def _label_keys(constraint: Obj, path: str) -> Iterator[Cause]:
    """Keys whose values come from the pod itself: beside a selector, and none that it names already."""
    keys, selector = constraint.get("matchLabelKeys") or [], constraint.get("labelSelector")
    if keys and selector is None:
        yield forbidden(f"{path}.matchLabelKeys", "must not be specified when labelSelector is not set")
        return
    named = {*((selector or {}).get("matchLabels") or {})}
    named |= {e.get("key", "") for e in (selector or {}).get("matchExpressions") or ()}
    for index, key in enumerate(keys):
        yield from label_key(key, f"{path}.matchLabelKeys[{index}]")
        if key in named:
            yield invalid(f"{path}.matchLabelKeys[{index}]", key, "exists in both matchLabelKeys and labelSelector")


def _pod_term(term: Obj, path: str) -> Iterator[Cause]:
    yield from label_selector(term.get("labelSelector"), f"{path}.labelSelector")
    yield from label_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for name in term.get("namespaces") or ():
        for problem in dns_label(name):
            yield invalid(f"{path}.namespace", name, problem)
    if not term.get("topologyKey"):
        yield required(f"{path}.topologyKey", "can not be empty")
    else:
        yield from label_key(term["topologyKey"], f"{path}.topologyKey")


def spread_constraints(constraints: list[Obj], path: str) -> Iterator[Cause]:
    seen: set[tuple[str, str]] = set()
    for index, constraint in enumerate(constraints):
        below = f"{path}[{index}]"
        key, otherwise = constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", "")
        if constraint.get("maxSkew", 0) <= 0:
            yield invalid(f"{below}.maxSkew", constraint.get("maxSkew", 0), "must be greater than 0")
        if not key:
            yield required(f"{below}.topologyKey", "can not be empty")
        else:
            yield from label_key(key, f"{below}.topologyKey")
        if otherwise not in ("DoNotSchedule", "ScheduleAnyway"):
            yield not_supported(f"{below}.whenUnsatisfiable", otherwise, ("DoNotSchedule", "ScheduleAnyway"))
        if (key, otherwise) in seen:
            yield duplicate(f"{below}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {otherwise}}}")
        seen.add((key, otherwise))
        domains = constraint.get("minDomains")
        if domains is not None and domains <= 0:
            yield invalid(f"{below}.minDomains", domains, "must be greater than 0")
        if domains is not None and otherwise != "DoNotSchedule":
            why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {otherwise}"
            yield invalid(f"{below}.minDomains", domains, why)
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if constraint.get(field) not in (None, "Honor", "Ignore"):
                yield not_supported(f"{below}.{field}", constraint[field], ("Honor", "Ignore"))
        yield from _label_keys(constraint, below)
        yield from label_selector(constraint.get("labelSelector"), f"{below}.labelSelector")
