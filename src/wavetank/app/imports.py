"""Dumps of another cluster, read; and what a twin must begin with so that their objects can live in it.

Used by ``imported``. Machines, clock, service network and version are found here; which of the objects are taken in is decided
by ``twin.history.adoption``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from wavetank.base.errors import InputError, Problem
from wavetank.base.units import MIB
from wavetank.kube import quantity
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.bare import usual_nodes
from wavetank.twin.cluster.addresses import DEFAULT_SERVICE_CIDR
from wavetank.twin.history import parsed_snapshot
from wavetank.twin.history.snapshot import is_snapshot
from wavetank.twin.nodes.scripted import ScriptedNode

STDIN = "-"
_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
#: Halves of UTF-16 characters, as JSON can write them and text cannot hold them.
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Objects(_Loader):  # type: ignore[misc] # which of the two loaders is known at run time only
    """YAML as Kubernetes reads it: times stay text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _Loader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Found:
    """Objects in the order in which they were read; ``files[i]`` is where the i-th came from. ``notes`` tell what was not."""

    objects: tuple[Obj, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found(self.objects + other.objects, self.files + other.files, self.notes + other.notes)


# Reading -----------------------------------------------------------------------------------------------------------


def read_dumps(names: Sequence[str], stdin: BinaryIO) -> Found:
    """Objects of YAML or JSON files (lists are taken apart) and snapshots. InputError with every file that is none."""
    objects: list[Obj] = []
    files: list[str] = []
    problems: list[Problem] = []
    for name in names:
        try:
            read = list(_objects_of(_bytes_of(name, stdin), name))
        except InputError as error:
            problems += error.problems
            continue
        if not read:
            problems.append(Problem(name, 0, 0, "holds no objects", "Dump them with `kubectl get all -A -o yaml`."))
        objects += read
        files += [name] * len(read)
    if problems:
        raise InputError(problems)
    return Found(tuple(objects), tuple(files))


def _bytes_of(name: str, stdin: BinaryIO) -> bytes:
    if name == STDIN:
        return stdin.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        message = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise InputError([Problem(name, 0, 0, message)]) from None


def _objects_of(data: bytes, name: str) -> Iterator[Obj]:
    if is_snapshot(data):
        yield from parsed_snapshot(data, name).objects
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError([Problem(name, line, 1, "is not UTF-8 text")]) from None
    problems: list[Problem] = []
    for number, document in enumerate(_documents(text, name), 1):
        yield from _flat(document, name, number, problems)
    if problems:
        raise InputError(problems)


def _documents(text: str, name: str) -> Iterator[object]:
    found = _parsed(text, name)
    return map(_readable, found) if _HALF_CHARACTER.search(text) else found


def _readable(value: object) -> object:
    """With U+FFFD for half characters, as Go's JSON reads them."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_readable(key): _readable(each) for key, each in value.items()}
        case list():
            return [_readable(each) for each in value]
        case _:
            return value


def _parsed(text: str, name: str) -> Iterator[object]:
    if text.lstrip().startswith("{"):
        yield from _json_documents(text, name)
        return
    try:
        yield from (document for document in yaml.load_all(text, _Objects) if document is not None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise InputError([Problem(name, line, column, f"is not YAML: {error.problem or error.context}")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise InputError([Problem(name, line, 1, f"is not YAML: {str(error).splitlines()[0]}")]) from None


def _json_documents(text: str, name: str) -> Iterator[object]:
    """One document, or several behind each other."""
    decoder, position = json.JSONDecoder(), 0
    while match := re.compile(r"\S").search(text, position):
        try:
            document, position = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 1)
            why = getattr(error, "msg", "nested too deeply")
            raise InputError([Problem(name, line, getattr(error, "colno", 1), f"is not JSON: {why}")]) from None
        yield document


def _flat(document: object, name: str, number: int, problems: list[Problem]) -> Iterator[Obj]:
    """The objects of a document; items of a typed list, which do not say so, are told their kind."""
    if not isinstance(document, dict):
        problems.append(Problem(name, 0, 0, f"document {number} is not an object but {_described(document)}"))
        return
    kind, items = str(document.get("kind") or ""), document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        if not kind:
            problems.append(Problem(name, 0, 0, f"document {number} has no kind, so it is no object of Kubernetes"))
        else:
            yield document
        return
    given = {} if kind == "List" else {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
    for place, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield {**given, **item}
        else:
            problems.append(
                Problem(name, 0, 0, f"item {place} of document {number} is no object but {_described(item)}")
            )


def _described(value: object) -> str:
    return {list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}.get(
        type(value), "empty"
    )


# What stands behind the objects --------------------------------------------------------------------------------------


def nodes_of(objects: Sequence[Obj]) -> tuple[tuple[ScriptedNode, ...], tuple[str, ...]]:
    """A machine for each Node, and for each that pods run on without a Node being there; with notes about the latter.

    The usual nodes when there are neither.
    """
    nodes = [_machine(obj) for obj in objects if obj.get("kind") == "Node" and _NODE_NAME.fullmatch(_name(obj))]
    known = {node.name for node in nodes}
    needed: dict[str, list[Obj]] = {}
    for pod in objects:
        node_name = _part(pod, "spec").get("nodeName") if pod.get("kind") == "Pod" else None
        if isinstance(node_name, str) and node_name not in known and _NODE_NAME.fullmatch(node_name):
            needed.setdefault(node_name, []).append(pod)
    stand_in = "Node {} was not among the objects: a machine with room for its {} pods stands for it"
    notes = [stand_in.format(name, len(pods)) for name, pods in needed.items()]
    nodes += [_machine_for(name, pods, number) for number, (name, pods) in enumerate(needed.items(), 1)]
    if not nodes:
        return usual_nodes(), ("there are no Nodes and no pods on any: three usual machines stand for them",)
    return tuple({node.name: node for node in nodes}.values()), tuple(notes)


def _machine(obj: Obj) -> ScriptedNode:
    status = _part(obj, "status")
    addresses = [a for a in status.get("addresses") or () if isinstance(a, dict) and a.get("type") == "InternalIP"]
    capacity = {"cpu": "4", "memory": "16Gi", "pods": "110", **_amounts(status.get("capacity"))}
    allocatable = {**capacity, **_amounts(status.get("allocatable"))}
    address = str(addresses[0].get("address") or "") if addresses else ""
    # Its labels and taints are those of the Node, which is one of the objects.
    return ScriptedNode(_name(obj), address or "10.0.0.1", capacity, {}, (), allocatable)


def _machine_for(name: str, pods: Sequence[Obj], number: int) -> ScriptedNode:
    """Room for what its pods ask for, and as much again."""
    cpu = sum(_requested(pod, "cpu") for pod in pods)
    memory = sum(_requested(pod, "memory") for pod in pods)
    capacity = {
        "cpu": str(max(4, 2 * cpu // 1000 + 1)),
        "memory": f"{max(16 * 1024, 2 * memory // MIB + 1)}Mi",
        "pods": str(max(110, 2 * len(pods))),
        "ephemeral-storage": "100Gi",
    }
    hosts = [_part(pod, "status").get("hostIP") for pod in pods]
    address = next((str(host) for host in hosts if host), f"10.255.{number // 250}.{number % 250 + 1}")
    return ScriptedNode(name, address, capacity)


def _requested(pod: Obj, resource: str) -> int:
    """In milli for cpu, in bytes for memory; a quantity that is none counts nothing here and is told elsewhere."""
    total = 0
    for container in _part(pod, "spec").get("containers") or ():
        text = _part(_part(container, "resources"), "requests").get(resource) if isinstance(container, dict) else None
        try:
            total += (quantity.milli if resource == "cpu" else quantity.value)(str(text)) if text else 0
        except quantity.InvalidQuantityError:
            continue
    return total


_MOMENTS = frozenset(
    (
        *("creationTimestamp", "lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime", "lastProbeTime"),
        *("startTime", "startedAt", "finishedAt", "completionTime", "lastSuccessfulTime", "lastScheduleTime"),
        *("lastScaleTime", "renewTime", "acquireTime", "lastTimestamp", "eventTime"),
    )
)


def moment_of(objects: Sequence[Obj], now: datetime) -> datetime:
    """When the objects were dumped, as far as they tell: the newest of their times that is not in the future.

    The twin's clock begins there, so that CronJobs do not catch up on what the real cluster did in the meantime.
    """
    newest = max((m for obj in objects for m in _moments(obj) if m <= now), default=now)
    return newest.replace(microsecond=0)


def _moments(value: object) -> Iterator[datetime]:
    if isinstance(value, list):
        for item in value:
            yield from _moments(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _MOMENTS and isinstance(item, str):
                try:
                    yield parse(item)
                except ValueError:
                    continue
            elif key == "spec":
                # A spec is about what shall be, but that of a lease.
                yield from _moments({"renewTime": item.get("renewTime")} if isinstance(item, dict) else {})
            elif key != "managedFields":
                yield from _moments(item)


def service_cidr_of(objects: Sequence[Obj]) -> str:
    """A network that holds the cluster addresses of all Services; the usual one when there are none."""
    addresses = []
    for obj in objects:
        text = _part(obj, "spec").get("clusterIP") if obj.get("kind") == "Service" else None
        try:
            address = ip_address(str(text or ""))
        except ValueError:
            continue
        addresses += [int(address)] if address.version == 4 else []
    if not addresses:
        return DEFAULT_SERVICE_CIDR
    for prefix in range(16, 7, -1):
        network = IPv4Network((min(addresses), prefix), strict=False)
        if max(addresses) <= int(network.broadcast_address):
            return str(network)
    raise InputError(
        [Problem("Services", 0, 0, "their cluster addresses are in no common network", "They are of two clusters.")]
    )


def version_of(objects: Sequence[Obj], supported: Sequence[str], default: str) -> str:
    """The minor that most nodes' kubelets are of, if the twin speaks it."""
    minors: dict[str, int] = {}
    for obj in objects:
        if obj.get("kind") == "Node":
            release = str(_part(_part(obj, "status"), "nodeInfo").get("kubeletVersion") or "")
            minor = ".".join(release.removeprefix("v").split(".")[:2])
            minors[minor] = minors.get(minor, 0) + 1
    best = max(minors, key=lambda minor: minors[minor], default=default)
    return best if best in supported else default


def _part(obj: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = obj.get(key)
    return found if isinstance(found, dict) else {}


def _name(obj: Obj) -> str:
    return str(_part(obj, "metadata").get("name") or "")


def _amounts(values: object) -> dict[str, str]:
    """A resource list without what is no amount; about that the Node itself is told to be wrong."""
    listed = {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}
    return {name: text for name, text in listed.items() if _is_amount(text)}


def _is_amount(text: str) -> bool:
    try:
        return quantity.parse(text) >= 0
    except quantity.InvalidQuantityError:
        return False
