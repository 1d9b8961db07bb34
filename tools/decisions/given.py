"""What ``given`` of a recording may say, and its objects made whole.

A replay that meets a word it does not know says so (``UnplayableError``): an answer to another question is worse than none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.types import Obj, Resource

Case: TypeAlias = Mapping[str, Any]

#: Where objects go that say nothing of it; unlike any other word, for recordings write NS where it stands in a text.
NAMESPACE = "namespace-of-the-case"


#: Words to people, which no replay acts on.
_PROSE = frozenset({"note", "rule", "comment", "description"})


class UnplayableError(Exception):
    """A case that says something which no replay knows how to do."""


def require_known(what: str, given: Mapping[str, Any], known: Collection[str], required: Collection[str] = ()) -> None:
    """Every field is one that the replay acts on, and the required ones are there; all others are named at once."""
    strange, missing = sorted(given.keys() - set(known) - _PROSE), sorted(set(required) - given.keys() - _PROSE)
    if strange:
        raise UnplayableError(f"{what}: unknown {', '.join(strange)} (known: {', '.join(sorted(known))})")
    if missing:
        raise UnplayableError(f"{what}: {', '.join(missing)} missing")


def require_exactly(what: str, given: Mapping[str, Any], fields: Collection[str]) -> None:
    """These fields, all of them and no others."""
    require_known(what, given, fields, fields)


def require_value(what: str, value: Any, known: Collection[Any]) -> None:
    """The value is one of those that the replay knows."""
    if value not in known:
        raise UnplayableError(f"{what}: unknown value {value!r} (known: {', '.join(map(repr, known))})")


def _resource(kind: str) -> Resource:
    """The kind in its preferred version, which comes first."""
    found = next((r for r in BUILT_IN if r.kind == kind), None)
    if found is None:
        raise UnplayableError(f"objects: unknown kind {kind}")
    return found


def complete(obj: Obj, namespace: str = NAMESPACE) -> Obj:
    """A recorded object with the apiVersion and namespace that the recording leaves out."""
    resource, metadata = _resource(obj["kind"]), dict(obj["metadata"])
    if resource.namespaced:
        metadata.setdefault("namespace", namespace)
    return {"apiVersion": resource.api_version, **obj, "metadata": metadata}
