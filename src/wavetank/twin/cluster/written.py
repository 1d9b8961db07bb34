"""Every write to the store in the journal: who, what, which version, what changed in short, and because of what.

``Store`` calls ``began`` before it tells its subscribers of a change and ``ended`` after, so that what subscribers plan happens
because of the write. On the path of every write: what changed is only worked out when somebody reads it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.engine import Engine

from .entrances import subject_of
from .store import Change

_ACTIONS = {"ADDED": "created", "MODIFIED": "updated", "DELETED": "deleted"}
_SILENT_METADATA = frozenset(("resourceVersion", "managedFields"))
_LONGEST_VALUE = 120


class WriteJournal:
    """The journal's side of a store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def began(self, change: Change) -> int:
        """Write the entry and make it the cause; returns the cause before."""
        engine, metadata = self._engine, change.object["metadata"]
        subject = subject_of(change.resource_key, metadata.get("namespace"), metadata["name"])
        before = engine.cause
        engine.record(engine.actor, _ACTIONS[change.type], subject, partial(_detail, change))
        return before

    def ended(self, before: int) -> None:
        self._engine.cause = before


def _detail(change: Change) -> str:
    if change.resource_key == "events" and change.type != "DELETED":
        return f"v{change.revision} {_event(change.object)}"
    if change.type != "MODIFIED" or change.old is None:
        return f"v{change.revision}"
    return f"v{change.revision} {', '.join(differences(change.old, change.object))}".rstrip()


def _event(event: Obj) -> str:
    about = event.get("involvedObject") or {}
    message = " ".join(str(event.get("message") or "").split())
    return f"{about.get('kind')} {about.get('name')} {event.get('reason')} {message}"


def differences(old: Obj, new: Obj) -> list[str]:
    """What differs in two states of an object, as ``spec.replicas=3``; long and nested values by their paths only."""
    found: list[str] = []
    for key, value in new.items():
        before = old.get(key)
        if value is before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            _fields(key, before, value, found)
        elif value != before:
            found.append(key)
    if not old.keys() <= new.keys():
        found += [f"-{key}" for key in old if key not in new]
    return found


def _fields(path: str, old: Obj, new: Obj, found: list[str]) -> None:
    for key, value in new.items():
        before = old.get(key)
        if value is before or value == before or (key in _SILENT_METADATA and path == "metadata"):
            continue
        if key == "conditions" and isinstance(value, list):
            _conditions(f"{path}.conditions", before, value, found)
        else:
            found.append(_shown(f"{path}.{key}", value))
    if not old.keys() <= new.keys():
        found += [f"-{path}.{key}" for key in old if key not in new]


def _shown(path: str, value: Any) -> str:
    if isinstance(value, (dict, list)) or value is None:
        return path
    text = str(value)
    return f"{path}={text}" if len(text) <= _LONGEST_VALUE and "\n" not in text else path


def _conditions(path: str, old: Any, new: list[Any], found: list[str]) -> None:
    """Conditions by type: how each stands that does not stand as before, with its reason and message."""
    known = {c.get("type"): c for c in old if isinstance(c, dict)} if isinstance(old, list) else {}
    for condition in new:
        if not isinstance(condition, dict) or condition == known.get(condition.get("type")):
            continue
        why = " ".join(str(condition[k]).replace("\n", " ") for k in ("reason", "message") if condition.get(k))
        found.append(f"{path}[{condition.get('type')}]={condition.get('status')}" + (f" ({why})" if why else ""))
