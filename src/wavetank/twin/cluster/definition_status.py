"""The status of a custom resource definition: which of its names are accepted, which versions are stored, what is said of it.

``custom`` writes it. Pure; follows the naming, establishing, finalizing and API approval controllers of apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wavetank.kube.conditions import is_true, status_of, with_condition
from wavetank.kube.types import Obj
from wavetank.kube.validation.definitions import approval, is_protected

#: Names that an address may have, and those of objects: each is unique among its own in a group.
_ADDRESSES, _KINDS = ("plural", "singular"), ("kind", "listKind")
_REASONS = {"Missing": "MissingAnnotation", "Invalid": "InvalidAnnotation", "Bypassed": "UnapprovedAnnotation"}


def first_status(definition: Obj) -> Obj:
    """The status of a definition that has just been created."""
    stored = stored_versions(definition["spec"], [])
    return {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}


def stored_versions(spec: Obj, before: Iterable[str]) -> list[str]:
    """The versions in which objects may be stored: those of before, and the one that they are stored in now."""
    now = [v["name"] for v in spec.get("versions") or () if v.get("storage") and v.get("name")]
    return list(dict.fromkeys([*before, *now]))


def with_stored_versions(definition: Obj) -> Obj:
    """A definition after a write of its specification (``strategy.PrepareForUpdate``)."""
    status = definition.get("status") or {}
    before = status.get("storedVersions") or []
    stored = stored_versions(definition.get("spec") or {}, before)
    return definition if stored == before else {**definition, "status": {**status, "storedVersions": stored}}


def accepted(definition: Obj, others: Iterable[Obj], now: datetime) -> Obj:
    """The status once the names are judged; ``others`` are the other definitions of the group."""
    status = dict(definition.get("status") or {})
    asked, had = definition["spec"]["names"], dict(status.get("acceptedNames") or {})
    names, reason, message = _judged(asked, had, list(others))
    conditions = with_condition(
        status.get("conditions"), "NamesAccepted", "False" if reason else "True", now,
        reason=reason or "NoConflicts", message=message or "no conflicts found",
    )  # fmt: skip
    if not is_true(definition, "Established"):
        conditions = with_condition(
            conditions, "Established", "False" if reason else "True", now,
            reason="NotAccepted" if reason else "InitialNamesAccepted",
            message="not all names are accepted" if reason else "the initial names have been accepted",
        )  # fmt: skip
    status["acceptedNames"] = names
    status["storedVersions"] = stored_versions(definition["spec"], status.get("storedVersions") or ())
    return {**status, "conditions": _with_approval(conditions, definition, now)}


def _judged(asked: Obj, had: Obj, others: list[Obj]) -> tuple[Obj, str, str]:
    """The accepted names, and of the last conflict its reason and sentence."""
    taken = [(other.get("status") or {}).get("acceptedNames") or {} for other in others]
    addresses = {names.get(key) for names in taken for key in _ADDRESSES}
    addresses |= {short for names in taken for short in names.get("shortNames") or ()}
    kinds = {names.get(key) for names in taken for key in _KINDS}
    result, reason, message = {"plural": "", "kind": "", **had}, "", ""
    for key in ("plural", "singular"):
        if asked.get(key) and asked[key] != had.get(key) and asked[key] in addresses:
            reason, message = f"{key.capitalize()}Conflict", f'"{asked[key]}" is already in use'
        else:
            result[key] = asked.get(key, "")
    wrong = [s for s in asked.get("shortNames") or () if s not in (had.get("shortNames") or ()) and s in addresses]
    if wrong:
        texts = [f'"{short}" is already in use' for short in wrong]
        reason, message = "ShortNamesConflict", texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    else:
        result["shortNames"] = asked.get("shortNames") or []
    for key, word in (("kind", "Kind"), ("listKind", "ListKind")):
        if asked.get(key) and asked[key] != had.get(key) and asked[key] in kinds:
            reason, message = f"{word}Conflict", f'"{asked[key]}" is already in use'
        else:
            result[key] = asked.get(key, "")
    result["categories"] = asked.get("categories") or []
    return {k: v for k, v in result.items() if v or k in ("plural", "kind")}, reason, message


def _with_approval(conditions: list[Obj], definition: Obj, now: datetime) -> list[Obj]:
    if not is_protected(definition["spec"].get("group", "")):
        return conditions
    state, sentence = approval(definition["metadata"].get("annotations"))
    reason = _REASONS.get(state, "ApprovedAnnotation")
    kind = "KubernetesAPIApprovalPolicyConformant"
    return with_condition(
        conditions, kind, "True" if state == "Approved" else "False", now, reason=reason, message=sentence
    )


def terminating(definition: Obj, now: datetime) -> Obj | None:
    """The status of a definition whose objects are being deleted; None if it says so already."""
    if status_of(definition, "Terminating") == "True":
        return None
    status = definition.get("status") or {}
    conditions = with_condition(
        status.get("conditions"), "Terminating", "True", now,
        reason="InstanceDeletionInProgress", message="CustomResource deletion is in progress",
    )  # fmt: skip
    return {**status, "conditions": conditions}
