"""Server-side apply and the record of who manages which field.

The API calls :func:`apply` for ``application/apply-patch+yaml`` and :func:`with_managers` for every other write, after
defaulting. Follows apimachinery's ``util/managedfields`` and structured-merge-diff's ``merge/update.go``. Objects are
never changed in place and no clock is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from . import times
from .errors import ApiError, Cause, bad_request
from .fieldsets import (
    EMPTY,
    FieldSet,
    KeyMissingError,
    Path,
    UnreadableFieldsError,
    difference,
    field_path,
    fields_of,
    from_fields_v1,
    ordered,
    outside,
    path_text,
    to_fields_v1,
    with_named_parents,
    without_fields,
)
from .schema import Node
from .typed_merge import merged, problems
from .types import Obj

Operation: TypeAlias = Literal["Apply", "Update"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"
_BEFORE_FIRST_APPLY = "before-first-apply"

#: Fields that nobody manages (``stripMeta``); exactly these paths, not what is below them.
_NEVER_MANAGED = frozenset(
    map(
        field_path,
        (
            "apiVersion",
            "kind",
            "metadata",
            "metadata.name",
            "metadata.namespace",
            "metadata.creationTimestamp",
            "metadata.selfLink",
            "metadata.uid",
            "metadata.clusterName",
            "metadata.generation",
            "metadata.managedFields",
            "metadata.resourceVersion",
        ),
    )
)
_STATUS = (field_path("status"),)
_OUTSIDE_STATUS = (field_path("spec"), field_path("metadata.labels"))


@dataclass(frozen=True, order=True)
class Manager:
    """Who wrote: two writes are by the same manager when all of this is equal. Appliers have no version."""

    operation: Operation
    name: str
    api_version: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        """As conflicts name it."""
        text = json.dumps(self.name)
        if self.subresource:
            text += f" with subresource {json.dumps(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(frozen=True)
class _Record:
    """What one manager has: its fields, the version they are written in, and when it last changed them."""

    fields: FieldSet
    api_version: str
    time: str = ""


Records: TypeAlias = dict[Manager, _Record]


def apply(
    live: Obj | None,
    config: Obj,
    manager: str,
    node: Node,
    *,
    force: bool,
    now: datetime,
    subresource: str = "",
    separate_status: bool = True,
) -> Obj:
    """``live`` (None: it does not exist yet) with ``config`` applied by ``manager``, and the managers recorded.

    The result still has to be defaulted and validated. When nothing changes, it is ``live`` itself.
    ``separate_status`` says that the kind has a ``status`` subresource, so that only writes to it manage status.

    Raises ApiError: 409 with a cause per field when other managers disagree and ``force`` is off, 400 when ``config``
    carries managedFields, 500 without a reason when it does not fit the schema (as a real server answers).
    """
    _check(config, node)
    ignored = _reset_fields(subresource, separate_status)
    base = _without_managers(live) if live is not None else {}
    records = _records(live)
    if live is not None and not records:
        records = _first_records(base, node, ignored, now)
    who = Manager("Apply", manager, "", subresource)
    try:
        result, after = _applied(base, config, who, records, node, ignored, force=force)
    except _ConflictError as conflict:
        if manager != _KUBECTL or conflict.fields - _still_as_last_applied(base, node):
            raise conflict.refusal() from None
        result, after = _applied(base, config, who, records, node, ignored, force=True)
    if manager == _KUBECTL:
        result = _with_last_applied(result, config)
    if live is not None and result == base and _fields_only(after) == _fields_only(_records(live)):
        return live
    after[who] = replace(after.get(who, _Record(EMPTY, config["apiVersion"])), time=times.rfc3339(now))
    return _with_records(result, after)


def with_managers(
    old: Obj | None,
    new: Obj,
    manager: str,
    node: Node,
    *,
    now: datetime,
    subresource: str = "",
    separate_status: bool = True,
) -> Obj:
    """``new`` with ``metadata.managedFields`` brought up to date after a create, update or other patch by ``manager``.

    ``old`` is None on create. Managed fields that ``new`` brings along are honoured, as upstream does, unless it is
    written through a subresource; ``[{}]`` resets them.
    """
    records = _records_of_write(old, new, subresource)
    plain = _without_managers(new)
    base = _without_managers(old) if old is not None else {"apiVersion": new["apiVersion"], "kind": new["kind"]}
    try:
        changes = difference(base, plain, node).without(_reset_fields(subresource, separate_status))
    except KeyMissingError:
        return plain  # as ``UpdateNoErrors`` does; validation says what is wrong with it
    who = Manager("Update", manager or "unknown", new["apiVersion"], subresource)
    removed = frozenset(changes.removed)
    own = _managed(changes.changed)
    after = {
        m: replace(record, fields=record.fields - removed - (EMPTY if m == who else changes.changed))
        for m, record in records.items()
    }
    if own:
        kept = after[who].fields if who in after else EMPTY
        after[who] = _Record(kept | own, new["apiVersion"], times.rfc3339(now))
    return _with_records(plain, after)


# Applying ----------------------------------------------------------------------------------------------------------


class _ConflictError(Exception):
    """Fields that the configuration would change and others manage."""

    def __init__(self, by_manager: Mapping[Manager, FieldSet]) -> None:
        super().__init__()
        self.by_manager = dict(sorted(by_manager.items(), key=lambda pair: str(pair[0])))
        self.fields: FieldSet = frozenset().union(*by_manager.values())

    def refusal(self) -> ApiError:
        conflicts = [(m, path) for m, fields in self.by_manager.items() for path in ordered(fields)]
        causes = [Cause("FieldManagerConflict", f"conflict with {m}", path_text(path)) for m, path in conflicts]
        return ApiError(409, "Conflict", self._sentence(len(conflicts)), causes=causes)

    def _sentence(self, count: int) -> str:
        if count == 1:
            ((manager, fields),) = self.by_manager.items()
            return f"Apply failed with 1 conflict: conflict with {manager}: {path_text(next(iter(fields)))}"
        lines: list[str] = []
        for manager, fields in self.by_manager.items():
            lines += [f"conflicts with {manager}:", *(f"- {path_text(p)}" for p in ordered(fields))]
        return f"Apply failed with {count} conflicts: " + "\n".join(lines)


def _check(config: Obj, node: Node) -> None:
    metadata = config.get("metadata") or {}
    if metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    found = problems(config, node)
    if found:
        subject = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
        kind = f"{_group_version(config)}, Kind={config.get('kind', '')}"
        text = found[0] if len(found) == 1 else "errors:\n" + "\n".join(f"  {line}" for line in found)
        raise ApiError(500, "", f"failed to create typed patch object ({subject}; {kind}): {text}")


def _group_version(obj: Obj) -> str:
    """``apps/v1``, and ``/v1`` for the group without a name."""
    version = str(obj.get("apiVersion", ""))
    return version if "/" in version else f"/{version}"


def _applied(
    base: Obj, config: Obj, who: Manager, records: Records, node: Node, ignored: Iterable[Path], *, force: bool
) -> tuple[Obj, Records]:
    last = records[who].fields if who in records else EMPTY
    stated = outside(fields_of(config, node), tuple(ignored))
    mine = _Record(stated, config["apiVersion"], records[who].time if who in records else "")
    # What nobody manages, such as the name, still counts as stated here: else it would go with its metadata.
    result = _pruned(merged(base, config, node), {**records, who: mine}, last, node)
    after = {**records, who: replace(mine, fields=_managed(stated))}
    changes = difference(base, result, node).without(ignored)
    others = {m: r for m, r in after.items() if m != who}
    conflicts = {m: r.fields & changes.changed for m, r in others.items() if r.fields & changes.changed}
    if conflicts and not force:
        raise _ConflictError(conflicts)
    lost = changes.changed | changes.removed
    return result, {who: after[who], **{m: replace(r, fields=r.fields - lost) for m, r in others.items()}}


def _pruned(obj: Obj, records: Records, last: FieldSet, node: Node) -> Obj:
    """Without what the applier stated last time and nobody states or manages now (``Updater.prune``)."""
    if not last:
        return obj
    last_named = with_named_parents(last, node)
    everything = with_named_parents(fields_of(obj, node), node)
    owned = with_named_parents(frozenset().union(*(r.fields for r in records.values())), node)
    kept = _named_fields_of(without_fields(obj, last_named, node), node)
    kept = _named_fields_of(without_fields(obj, everything - (kept | owned), node), node)
    return without_fields(obj, (everything - kept) & last_named, node)


def _named_fields_of(obj: Obj, node: Node) -> FieldSet:
    return with_named_parents(fields_of(obj, node), node)


def _still_as_last_applied(base: Obj, node: Node) -> FieldSet:
    """Fields that client-side apply wrote and nobody changed since: kubectl may take them over without force."""
    text = ((base.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if not text:
        return EMPTY
    try:
        config = json.loads(text)
    except ValueError:
        return EMPTY
    if not isinstance(config, dict) or config.get("apiVersion") != base.get("apiVersion"):
        return EMPTY
    return fields_of(config, node) - frozenset(difference(config, base, node).modified)


def _with_last_applied(obj: Obj, config: Obj) -> Obj:
    """The annotation of client-side apply kept in step, where there is one."""
    metadata: Obj = obj.get("metadata") or {}
    annotations: Obj = metadata.get("annotations") or {}
    if LAST_APPLIED not in annotations:
        return obj
    stated: Obj = config.get("metadata") or {}
    kept = {k: v for k, v in (stated.get("annotations") or {}).items() if k != LAST_APPLIED}
    plain = {**config, "metadata": {**stated, "annotations": kept}}
    text = json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    return {**obj, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text}}}


def _reset_fields(subresource: str, separate_status: bool) -> tuple[Path, ...]:
    """What a write through this door cannot change, and so does not manage."""
    if subresource == "status":
        return _OUTSIDE_STATUS
    return _STATUS if separate_status else ()


def _managed(fields: FieldSet) -> FieldSet:
    return fields - _NEVER_MANAGED


# The record --------------------------------------------------------------------------------------------------------


def _records_of_write(old: Obj | None, new: Obj, subresource: str) -> Records:
    given = (new.get("metadata") or {}).get("managedFields")
    if subresource or not given:
        return _records(old)
    return {} if given == [{}] else _records(new) or _records(old)


def _records(obj: Obj | None) -> Records:
    """The managers that an object records; none when one of them cannot be read (``DecodeManagedFields``)."""
    records: Records = {}
    for entry in (((obj or {}).get("metadata") or {}).get("managedFields")) or ():
        if entry.get("operation") in ("Apply", "Update") and isinstance(entry.get("fieldsV1"), dict):
            version = entry.get("apiVersion", "")
            who = _manager_of(entry, version)
            try:
                records[who] = _Record(from_fields_v1(entry["fieldsV1"]), version, entry.get("time") or "")
            except UnreadableFieldsError:
                return {}
    return records


def _manager_of(entry: Mapping[str, Any], version: str) -> Manager:
    shown = version if entry["operation"] == "Update" else ""
    return Manager(entry["operation"], entry.get("manager", ""), shown, entry.get("subresource", ""))


def _first_records(base: Obj, node: Node, ignored: tuple[Path, ...], now: datetime) -> Records:
    """An object that nobody recorded belongs to a manager of that name (``before-first-apply``)."""
    empty = {"apiVersion": base["apiVersion"], "kind": base["kind"]}
    fields = _managed(difference(empty, base, node).without(ignored).changed)
    who = Manager("Update", _BEFORE_FIRST_APPLY, base["apiVersion"])
    return {who: _Record(fields, base["apiVersion"], times.rfc3339(now))} if fields else {}


def _fields_only(records: Records) -> dict[Manager, FieldSet]:
    return {m: r.fields for m, r in records.items() if r.fields}


def _without_managers(obj: Obj) -> Obj:
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}


def _with_records(obj: Obj, records: Records) -> Obj:
    order = sorted(
        ((m, r) for m, r in records.items() if r.fields),
        key=lambda pair: (pair[0].operation, pair[1].time, pair[0].name, pair[1].api_version, pair[0].subresource),
    )
    if not order:
        return obj
    entries = [_entry(m, r) for m, r in order]
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": entries}}


def _entry(manager: Manager, record: _Record) -> Obj:
    entry: Obj = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": record.api_version,
        "time": record.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": to_fields_v1(record.fields),
    }
    if not record.time:
        del entry["time"]
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry
