"""Objects of another cluster, put into a fresh one as they were: names, uids, owners, addresses and statuses.

Done by an assembly before controllers, scheduler and machines begin, so that they find a cluster that has been running. Writes
past admission, as a restored etcd would; what cannot live here is left out and told. Never stops at the first mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from wavetank.kube.conditions import with_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.kinds import resource_of
from wavetank.kube.schema import Node
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Call, Cluster, views
from wavetank.twin.cluster.custom import KEY as DEFINITIONS
from wavetank.twin.cluster.registry import is_stored, storage_key

from .adopted_definitions import as_of_today
from .adopted_revisions import settle_revisions

NODE_LEASES = "kube-node-lease"
TOKEN_SECRET = "kubernetes.io/service-account-token"
#: What only the cluster that wrote it understands.
_SILENT_METADATA = ("resourceVersion", "managedFields", "selfLink")
_NESTED = ("object", "array", "any")
#: Reasons that many objects share are the same words, so that reports can count them.
_RENEWED = "leases belong to processes of the cluster they came from; machines here renew their own"
_EVENTS = "events tell what happened in another cluster"
_TOKENS = "a token of another cluster means nothing here"
_NOT_STORED = "answers of a server are no objects"
_EXTERNAL = Call(external=True)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class LeftOut:
    """An object that was not taken: its place among what was given, who it is, and why."""

    index: int
    kind: str
    namespace: str
    name: str
    why: str


@dataclass(frozen=True)
class Adoption:
    """``kept`` objects of ``total``; ``notes`` say what was changed in objects that were kept."""

    total: int = 0
    kept: int = 0
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


class _NotTaken(Exception):
    """Why one object stays out."""


@dataclass
class _Candidate:
    index: int
    resource: Resource
    obj: Obj


@dataclass
class _Adopter:
    cluster: Cluster
    with_events: bool
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def adopt(self, objects: Sequence[Obj]) -> Adoption:
        numbered = list(enumerate(objects))
        definitions = [(i, as_of_today(obj)) for i, obj in numbered if _is_definition(obj)]
        kept = self._put(self._candidates(definitions))
        others = [(i, obj) for i, obj in numbered if not _is_definition(obj)]
        candidates = self._unique(self._candidates(others))
        self._make_namespaces(candidates)
        kept += self._put(self._with_known_owners(candidates))
        self.notes += settle_revisions(self.cluster)
        return Adoption(len(objects), kept, tuple(sorted(self.left_out, key=lambda o: o.index)), tuple(self.notes))

    # --- one object ----------------------------------------------------------------------------------------------

    def _candidates(self, numbered: Sequence[tuple[int, Obj]]) -> list[_Candidate]:
        found: list[_Candidate] = []
        for index, obj in numbered:
            try:
                found.append(self._candidate(index, obj))
            except (_NotTaken, ApiError) as why:
                reason = why.message if isinstance(why, ApiError) else str(why)
                self._leave(index, obj, reason)
        return found

    def _candidate(self, index: int, obj: Obj) -> _Candidate:
        resource = self._resource(obj)
        _check_wanted(obj, resource, with_events=self.with_events)
        cluster = self.cluster
        stored = cluster.registry.by_key(storage_key(resource))
        obj = views.stored(obj, resource)
        if cluster.registry.is_custom(stored):
            obj = {**obj, "apiVersion": stored.api_version}
        # Reading drops what the schema does not know and refuses what it cannot hold: loops rely on the shapes of fields.
        obj = cluster.meanings.read(obj, stored, _EXTERNAL)
        obj = cluster.meanings.defaulted(obj, stored)
        obj = {**obj, "metadata": self._metadata(obj["metadata"], stored)}
        missing = missing_field(obj, cluster.meanings.node(stored))
        if missing:
            raise _NotTaken(f"is not whole: {missing} is missing")
        causes = [] if cluster.registry.is_custom(stored) else cluster.meanings.causes_of_creation(obj, stored)
        if causes:
            first = causes[0]
            raise _NotTaken(f"is not valid: {first.field}: {first.message}")
        return _Candidate(index, stored, obj)

    def _resource(self, obj: Obj) -> Resource:
        version, kind = obj.get("apiVersion", ""), obj.get("kind", "")
        metadata = obj.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
            raise _NotTaken("has no name")
        try:
            resource = self.cluster.registry.of_kind(str(version), str(kind))
        except ApiError as error:
            raise _NotTaken(_why_unknown(str(version), str(kind))) from error
        if resource.api_version != version:
            raise _NotTaken(f"{version} is not served; {resource.api_version} is")
        if resource.namespaced and not _NAMESPACE.fullmatch(str(metadata.get("namespace") or "")):
            raise _NotTaken("is in a namespace that cannot be" if metadata.get("namespace") else "has no namespace")
        return resource

    def _metadata(self, metadata: Obj, resource: Resource) -> Obj:
        kept = {k: v for k, v in metadata.items() if k not in _SILENT_METADATA}
        if not resource.namespaced:
            kept.pop("namespace", None)
        kept.setdefault("creationTimestamp", rfc3339(self.cluster.now))
        if not kept.get("uid"):
            kept["uid"] = str(UUID(int=self.cluster.random("uid").getrandbits(128), version=4))
        return kept

    # --- all of them ---------------------------------------------------------------------------------------------

    def _unique(self, candidates: list[_Candidate]) -> list[_Candidate]:
        """The last of several objects of one name: dumps that overlap are given oldest first."""
        newest: dict[tuple[str, str, str], _Candidate] = {}
        for candidate in candidates:
            place = (candidate.resource.key, *_address(candidate.obj))
            if place in newest:
                older = newest.pop(place)
                self._leave(older.index, older.obj, "is given again later; the later one counts")
            newest[place] = candidate
        return list(newest.values())

    def _with_known_owners(self, candidates: list[_Candidate]) -> Iterator[_Candidate]:
        """The garbage collector deletes what belongs to objects that do not exist; whose owner stayed behind is free."""
        uids = {c.obj["metadata"]["uid"] for c in candidates}
        uids |= {
            o["metadata"]["uid"] for key in self.cluster.store.resource_keys() for o in self.cluster.store.all(key)
        }
        for candidate in sorted(candidates, key=_age):
            references = candidate.obj["metadata"].get("ownerReferences")
            known = [r for r in references or () if r.get("uid") in uids]
            if references and len(known) < len(references):
                gone = ", ".join(f"{r.get('kind')} {r.get('name')}" for r in references if r.get("uid") not in uids)
                self.notes.append(f"{_title(candidate.obj)} belongs to {gone}, which is not there: it is its own now")
                metadata = {k: v for k, v in candidate.obj["metadata"].items() if k != "ownerReferences"}
                metadata |= {"ownerReferences": known} if known else {}
                candidate = replace(candidate, obj={**candidate.obj, "metadata": metadata})
            yield candidate

    def _put(self, candidates: Sequence[_Candidate] | Iterator[_Candidate]) -> int:
        count = 0
        for candidate in candidates:
            obj = _established(candidate.obj, self.cluster) if candidate.resource.key == DEFINITIONS else candidate.obj
            self.cluster.store.put(candidate.resource.key, obj)
            count += 1
        return count

    def _make_namespaces(self, candidates: Sequence[_Candidate]) -> None:
        there = {c.obj["metadata"]["name"] for c in candidates if c.resource.key == "namespaces"}
        there |= {o["metadata"]["name"] for o in self.cluster.store.all("namespaces")}
        wanted = dict.fromkeys(c.obj["metadata"].get("namespace", "") for c in candidates)
        for name in wanted:
            if name and name not in there:
                self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
                self.notes.append(f"Namespace {name} was not among the objects: it was made for those in it")

    def _leave(self, index: int, obj: Obj, why: str) -> None:
        metadata = obj.get("metadata")
        told: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
        place = str(told.get("namespace") or ""), str(told.get("name") or "")
        self.left_out.append(LeftOut(index, str(obj.get("kind") or "?"), *place, why))


def adopt(cluster: Cluster, objects: Sequence[Obj], *, with_events: bool = False) -> Adoption:
    """Take in the objects of another cluster, as far as they can live here."""
    return _Adopter(cluster, with_events).adopt(objects) if objects else Adoption()


def missing_field(value: object, node: Node | None, path: str = "") -> str:
    """The first plain field that the schema wants and that is not there, as a path; "" when there is none.

    Lists and maps that are required may be absent: servers write them as null when they are empty.
    """
    if node is None:
        return ""
    if isinstance(value, list):
        found = (missing_field(item, node.items, f"{path}[{place}]") for place, item in enumerate(value))
        return next((text for text in found if text), "")
    if not isinstance(value, dict):
        return ""
    for key in sorted(node.required):
        if key not in value and key in node.fields and node.fields[key].type not in _NESTED:
            return f"{path}.{key}".lstrip(".")
    nested = (
        missing_field(each, node.fields.get(key, node.additional), f"{path}.{key}") for key, each in value.items()
    )
    return next((text for text in nested if text), "")


def _is_definition(obj: Obj) -> bool:
    return obj.get("kind") == "CustomResourceDefinition"


def _check_wanted(obj: Obj, resource: Resource, *, with_events: bool) -> None:
    if not is_stored(resource):
        raise _NotTaken(_NOT_STORED)
    if resource.key == "leases.coordination.k8s.io":
        raise _NotTaken(_RENEWED)
    if resource.kind == "Event" and not with_events:
        raise _NotTaken(_EVENTS)
    if resource.key == "secrets" and obj.get("type") == TOKEN_SECRET:
        raise _NotTaken(_TOKENS)


def _why_unknown(version: str, kind: str) -> str:
    group = version.rpartition("/")[0]
    if not version or not kind:
        return "names no apiVersion and kind"
    if "." in group and not group.endswith(".k8s.io"):
        return f"no CustomResourceDefinition for {kind}.{group} is among the objects"
    try:
        resource_of(group, kind)
    except KeyError:
        return f"{version} {kind} is not served"
    return f"{version} is not served"


def _established(definition: Obj, cluster: Cluster) -> Obj:
    """A definition whose names are accepted: it was, where it came from."""
    status, now = dict(definition.get("status") or {}), cluster.now
    conditions = with_condition(status.get("conditions"), "NamesAccepted", "True", now, reason="NoConflicts")
    conditions = with_condition(conditions, "Established", "True", now, reason="InitialNamesAccepted")
    stored = [v["name"] for v in definition["spec"]["versions"] if v.get("storage")]
    status |= {"conditions": conditions, "acceptedNames": definition["spec"]["names"]}
    status.setdefault("storedVersions", stored)
    return {**definition, "status": status}


def _address(obj: Obj) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _age(candidate: _Candidate) -> tuple[bool, str, str, str, str]:
    """Oldest first, namespaces before what is in them: the order of creation means something to many loops."""
    metadata = candidate.obj["metadata"]
    return (
        candidate.resource.key != "namespaces",
        str(metadata.get("creationTimestamp") or ""),
        candidate.resource.key,
        *_address(candidate.obj),
    )


def _title(obj: Obj) -> str:
    namespace, name = _address(obj)
    return f"{obj['kind']} {namespace}/{name}" if namespace else f"{obj['kind']} {name}"
