"""Field selectors: which fields of which kind a list or watch may be filtered by, and the refusals.

The API's list and watch call this. Only the fields that a real server indexes are known: asking for another is a 400
with the server's sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import ApiError, bad_request
from .selectors import InvalidSelectorError, LabelSelector, parse_label_selector
from .types import Obj, Resource

Getter: TypeAlias = Callable[[Obj], str]


@dataclass(frozen=True)
class FieldRequirement:
    field: str
    negated: bool
    value: str


@dataclass(frozen=True)
class FieldSelector:
    """All requirements must hold. ``resource`` decides which fields exist; see :func:`parse_field_selector`."""

    requirements: tuple[FieldRequirement, ...]
    getters: tuple[Getter, ...]

    def matches(self, obj: Obj) -> bool:
        pairs = zip(self.requirements, self.getters, strict=True)
        return all((getter(obj) == r.value) != r.negated for r, getter in pairs)

    def required(self, field: str) -> str | None:
        """The value that ``field`` must equal, if it must equal one: lets a store look up by name instead of scanning."""
        return next((r.value for r in self.requirements if r.field == field and not r.negated), None)

    @property
    def is_empty(self) -> bool:
        return not self.requirements


def parse_field_selector(text: str, resource: Resource, selectable: Sequence[str] = ()) -> FieldSelector:
    """A selector of the query parameter ``fieldSelector`` for one kind; raises InvalidSelectorError.

    ``selectable`` are the extra JSON paths (``.spec.color``) that a custom resource declares in ``selectableFields``.
    """
    known = _fields_of(resource, selectable)
    requirements = tuple(_requirements(text))
    for requirement in requirements:
        if requirement.field not in known:
            raise InvalidSelectorError(_unsupported(resource, requirement.field))
    return FieldSelector(requirements, tuple(known[r.field] for r in requirements))


def selectors_of_query(
    resource: Resource, label_text: str, field_text: str, selectable: Sequence[str] = ()
) -> tuple[LabelSelector, FieldSelector]:
    """Both selectors of a list or watch; a mistake in either is the 400 that a real server answers."""
    try:
        return parse_label_selector(label_text), parse_field_selector(field_text, resource, selectable)
    except InvalidSelectorError as error:
        raise unusable(resource, label_text, field_text, str(error)) from error


def unusable(resource: Resource, label_text: str, field_text: str, why: str) -> ApiError:
    """``Unable to find …`` of ``apiserver/pkg/endpoints/handlers/get.go`` (400)."""
    return bad_request(
        f'Unable to find "{resource.group}/{resource.version}, Resource={resource.plural}" that match '
        f"label selector {json.dumps(label_text, ensure_ascii=False)}, "
        f"field selector {json.dumps(field_text, ensure_ascii=False)}: {why}"
    )


def _requirements(text: str) -> Iterator[FieldRequirement]:
    for term in _terms(text):
        if not term:
            continue
        at, operator = _operator_of(term)
        if at < 0:
            raise InvalidSelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        yield FieldRequirement(term[:at], operator == "!=", _unescaped(term[at + len(operator) :]))


def _terms(text: str) -> Iterator[str]:
    """The parts between commas that no backslash escapes."""
    term, escaped = "", False
    for character in text:
        if character == "," and not escaped:
            yield term
            term = ""
        else:
            term += character
        escaped = character == "\\" and not escaped
    yield term


def _operator_of(term: str) -> tuple[int, str]:
    for at in range(len(term)):
        for operator in ("!=", "==", "="):
            if term.startswith(operator, at):
                return at, operator
    return -1, ""


def _unescaped(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            if at == len(text) or text[at] not in "\\,=":
                shown = text[at - 1 : at + 1]
                raise InvalidSelectorError(f"invalid field selector: invalid escape sequence: {shown}")
        elif text[at] in ",=":
            raise InvalidSelectorError(f"invalid field selector: unescaped character in value: {text[at]}")
        out, at = out + text[at], at + 1
    return out


def _at(path: str) -> Getter:
    parts = path.split(".")

    def get(obj: Obj) -> str:
        value: Any = obj
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return _text(value)

    return get


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _or(getter: Getter, fallback: str) -> Getter:
    return lambda obj: getter(obj) or fallback


def _event_source(obj: Obj) -> str:
    source: str = (obj.get("source") or obj.get("deprecatedSource") or {}).get("component", "")
    return source or obj.get("reportingComponent") or obj.get("reportingController") or ""


def _job_successful(obj: Obj) -> str:
    return str((obj.get("status") or {}).get("succeeded") or 0)


_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_EVENT = {f"involvedObject.{f}": _at(f"involvedObject.{f}") for f in _INVOLVED}
_EVENT |= {"reason": _at("reason"), "type": _at("type"), "source": _event_source}
_EVENT |= {"reportingComponent": _at("reportingComponent")}
_NEW_EVENT = {f"regarding.{f}": _at(f"regarding.{f}") for f in _INVOLVED}
_NEW_EVENT |= {"reason": _at("reason"), "type": _at("type"), "reportingController": _at("reportingController")}

_POD: dict[str, Getter] = {
    name: _at(name)
    for name in [
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ]
}
_POD["spec.hostNetwork"] = _or(_at("spec.hostNetwork"), "false")
_POD["spec.host"] = _POD["spec.nodeName"]

_FIELDS: dict[str, dict[str, Getter]] = {
    "pods": _POD,
    "events": _EVENT,
    "events.events.k8s.io": _NEW_EVENT,
    "nodes": {"spec.unschedulable": _or(_at("spec.unschedulable"), "false")},
    "namespaces": {"status.phase": _at("status.phase"), "name": _at("metadata.name")},
    "secrets": {"type": _at("type")},
    "services": {"spec.clusterIP": _at("spec.clusterIP"), "spec.type": _at("spec.type")},
    "replicationcontrollers": {"status.replicas": _or(_at("status.replicas"), "0")},
    "jobs.batch": {"status.successful": _job_successful},
    "certificatesigningrequests.certificates.k8s.io": {"spec.signerName": _at("spec.signerName")},
}
#: Kinds whose refusal says only this; others name the two fields that every kind has.
_PLAIN_REFUSAL = frozenset(
    ["pods", "nodes", "namespaces", "secrets", "services", "replicationcontrollers", "events", "events.events.k8s.io"]
)
_OWN_REFUSAL = {
    "jobs.batch": 'field label "{field}" not supported for batchv1.Job',
    "certificatesigningrequests.certificates.k8s.io": "field label not supported: {field}",
}


def _fields_of(resource: Resource, selectable: Sequence[str]) -> dict[str, Getter]:
    known = {"metadata.name": _at("metadata.name")}
    if resource.namespaced or not _is_custom(resource):
        known["metadata.namespace"] = _at("metadata.namespace")
    return known | _FIELDS.get(resource.key, {}) | {p.removeprefix("."): _at(p.removeprefix(".")) for p in selectable}


def _unsupported(resource: Resource, field: str) -> str:
    if resource.key in _OWN_REFUSAL:
        return _OWN_REFUSAL[resource.key].format(field=field)
    if resource.key in _PLAIN_REFUSAL or _is_custom(resource):
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _is_custom(resource: Resource) -> bool:
    """A group that is neither short (``apps``) nor under ``k8s.io`` belongs to a custom resource."""
    return "." in resource.group and not resource.group.endswith(".k8s.io")
