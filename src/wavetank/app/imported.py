"""A twin that begins with the objects of another cluster: made, and told about. Called by ``wavetank twin import``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wavetank.app.bare import VERSIONS
from wavetank.app.imports import Found, moment_of, nodes_of, service_cidr_of, version_of
from wavetank.app.programs import found as program
from wavetank.base.errors import OperationFailed, ToolMissing
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld

DEFAULT_VERSION = "1.36"
#: Names that a report lists of one kind and reason.
_MOST_NAMES = 5
#: Kinds that are answers of a server, or another view of objects that are listed anyway.
_NO_OBJECTS = (".metrics.k8s.io", ".events.k8s.io", "componentstatuses")
_LIST_SECONDS, _DUMP_SECONDS = 60, 900


@dataclass(frozen=True)
class ImportWords:
    """``version`` "" is that of the nodes."""

    version: str = ""
    seed: int = 0
    with_events: bool = False
    speed: float = 1.0
    port: int = 0


@dataclass(frozen=True)
class Imported:
    """The cluster, its clock standing, and what was found for it."""

    world: BareWorld
    found: Found
    notes: tuple[str, ...]

    def started(self) -> BareWorld:
        """The cluster as its clock begins to go."""
        self.world.pacer.begin_here()
        return self.world


def imported_world(found: Found, words: ImportWords) -> Imported:
    """OperationFailed when not one of the objects can live in a twin."""
    nodes, notes = nodes_of(found.objects)
    options = BareOptions(
        nodes=nodes,
        version=words.version or version_of(found.objects, VERSIONS, DEFAULT_VERSION),
        port=words.port,
        speed=words.speed,
        seed=words.seed,
        kubelet="scripted",
        epoch=moment_of(found.objects, datetime.now(UTC)),
        service_cidr=service_cidr_of(found.objects),
        imported=found.objects,
        imported_events=words.with_events,
    )
    world = BareWorld(options)
    made = Imported(world, found, (*found.notes, *notes))
    if not world.adoption.kept:
        raise OperationFailed(f"none of the {world.adoption.total} objects can live in a twin\n{report(made)}")
    return made


# A live cluster ------------------------------------------------------------------------------------------------------


def from_live_cluster(place: str, environment: Mapping[str, str]) -> Found:
    """Everything that a cluster lists, as kubectl sees it: only kubectl can log in wherever its user can.

    ``place`` is a kubeconfig file or the name of a context. What may not be listed is noted. ToolMissing, OperationFailed.
    """
    kubectl = program("kubectl", environment)
    if kubectl is None:
        raise ToolMissing("kubectl is not installed, and only it can log in to a live cluster; dumps need no kubectl")
    access = ["--kubeconfig", place] if Path(place).is_file() else ["--context", place]
    kinds = _run([kubectl, *access, "api-resources", "--verbs=list", "-o", "name"], environment, _LIST_SECONDS)
    names = [name for name in kinds.stdout.split() if not name.endswith(_NO_OBJECTS)]
    if not names:
        raise OperationFailed(f"the cluster {place} lists nothing: {kinds.stderr.strip()}")
    words = [kubectl, *access, "get", ",".join(names), "-A", "-o", "json", "--ignore-not-found"]
    dump = _run(words, environment, _DUMP_SECONDS)
    try:
        objects = tuple(json.loads(dump.stdout)["items"]) if dump.stdout.strip() else ()
    except (ValueError, KeyError, TypeError):
        objects = ()
    if not objects:
        raise OperationFailed(f"nothing could be read from the cluster {place}: {dump.stderr.strip()}")
    notes = tuple(f"{place}: {line}" for line in dump.stderr.splitlines() if line and not line.startswith("Warning:"))
    return Found(objects, (place,) * len(objects), notes)


def _run(words: list[str], environment: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise OperationFailed(f"`{' '.join(words[:4])}` did not end within {seconds:.0f} s") from slow


# What became of the objects ------------------------------------------------------------------------------------------


def report(made: Imported) -> str:
    """What was taken in and what was not, and why, in a few lines."""
    adoption, files = made.world.adoption, made.found.files
    places = len(set(files))
    lines = [
        f"imported {adoption.kept} of {adoption.total} objects from {places} {'place' if places == 1 else 'places'}"
    ]
    groups: dict[tuple[str, str, str], list[str]] = {}
    for out in adoption.left_out:
        name = f"{out.namespace}/{out.name}" if out.namespace else out.name
        groups.setdefault((files[out.index], out.kind, out.why), []).append(name)
    for (file, kind, why), names in groups.items():
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        lines.append(f"  left out of {file}: {len(names)} {kind} ({', '.join(names[:_MOST_NAMES])}{more}): {why}")
    return "\n".join([*lines, *(f"  note: {note}" for note in (*made.notes, *adoption.notes))])


def report_json(made: Imported) -> Obj:
    """The same for programs, complete."""
    adoption, files = made.world.adoption, made.found.files
    left_out = [
        {"file": files[o.index], "kind": o.kind, "namespace": o.namespace, "name": o.name, "why": o.why}
        for o in adoption.left_out
    ]
    notes = [*made.notes, *adoption.notes]
    return {"imported": adoption.kept, "total": adoption.total, "leftOut": left_out, "notes": notes}
