"""The file that a twin is saved in: gzip of JSON lines, so that anybody can read it.

The first line says what the file is and where the twin stood; then one line per input, then one per object. Programs that
only want the objects need not understand the rest, and ``import`` is one of them.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavetank import __version__
from wavetank.base.errors import InputError, Problem
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .digests import Digests, digests_of
from .recorder import History, Input, input_of

FORMAT = "wavetank-snapshot"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Snapshot:
    """``executed`` actions and ``seconds`` since the epoch say where the twin stood. ``obstacles`` say why it cannot be
    replayed, if so; then only ``objects`` are of use. ``settings`` are its assembly's, and may hold private keys.
    """

    wavetank: str
    settings: Obj
    executed: int
    seconds: float
    utc: str
    digests: Digests
    obstacles: tuple[str, ...] = ()
    lines: tuple[bytes, ...] = field(default=(), repr=False)
    objects: tuple[Obj, ...] = field(default=(), repr=False)

    @property
    def inputs(self) -> Iterator[Input]:
        return map(input_of, self.lines)

    def compressed(self) -> bytes:
        """The file. The same twin at the same place gives the same bytes."""
        rows = [_encoded({"snapshot": self._header()})]
        rows += [b'{"input":' + line + b"}" for line in self.lines]
        rows += [_encoded({"object": obj}) for obj in self.objects]
        return gzip.compress(b"\n".join(rows) + b"\n", compresslevel=6, mtime=0)

    def _header(self) -> Obj:
        return {
            "format": FORMAT,
            "formatVersion": FORMAT_VERSION,
            "wavetank": self.wavetank,
            "utc": self.utc,
            "position": {"executed": self.executed, "seconds": self.seconds},
            "digests": {"store": self.digests.store, "journal": self.digests.journal},
            "obstacles": list(self.obstacles),
            "inputs": len(self.lines),
            "objects": len(self.objects),
            "settings": self.settings,
        }


def snapshot_of(cluster: Cluster, history: History) -> Snapshot:
    """A twin as it is now, between two actions."""
    engine, store = cluster.engine, cluster.store
    assert not engine.inside, "a twin is saved between two actions, not in the middle of one"
    objects = tuple(obj for key in sorted(store.resource_keys()) for obj in store.all(key))
    return Snapshot(
        wavetank=__version__,
        settings=history.settings,
        executed=engine.executed,
        seconds=engine.now,
        utc=engine.utc.isoformat(),
        digests=digests_of(cluster),
        obstacles=history.obstacles,
        lines=() if history.obstacles else tuple(history.lines),
        objects=objects,
    )


def write_snapshot(data: bytes, path: Path) -> None:
    """Save the bytes of a snapshot for nobody but its owner: it holds Secrets and keys."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)


def is_snapshot(data: bytes) -> bool:
    return data[:2] == b"\x1f\x8b"


def read_snapshot(path: Path) -> Snapshot:
    """InputError for a file that is no snapshot, or was cut off."""
    return parsed_snapshot(_bytes_of(path), str(path))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")]) from error


def parsed_snapshot(data: bytes, name: str) -> Snapshot:
    """InputError, located in ``name``, for bytes that are no snapshot."""
    try:
        rows = gzip.decompress(data).splitlines()
    except (OSError, EOFError, ValueError) as error:
        raise InputError([Problem(name, 0, 0, f"is not a snapshot, or was cut off: {error}")]) from error
    header = _row(rows[0] if rows else b"", name, 1).get("snapshot")
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InputError([Problem(name, 1, 1, "is not a snapshot of a twin")])
    if header.get("formatVersion") != FORMAT_VERSION:
        text = f"is a snapshot of format {header.get('formatVersion')}; this wavetank reads format {FORMAT_VERSION}"
        raise InputError([Problem(name, 1, 1, text)])
    try:
        return _snapshot(header, rows, name)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError([Problem(name, 1, 1, f"its first line is not one of a snapshot: {error!r}")]) from error


def _snapshot(header: Obj, rows: list[bytes], name: str) -> Snapshot:
    first_object = 1 + int(header["inputs"])
    if len(rows) != first_object + int(header["objects"]):
        raise InputError([Problem(name, len(rows), 1, "was cut off: there are fewer lines than its first one says")])
    inputs = rows[1:first_object]
    return Snapshot(
        wavetank=header["wavetank"],
        settings=header["settings"],
        executed=header["position"]["executed"],
        seconds=header["position"]["seconds"],
        utc=header["utc"],
        digests=Digests(**header["digests"]),
        obstacles=tuple(header["obstacles"]),
        lines=tuple(line.removeprefix(b'{"input":').removesuffix(b"}") for line in inputs),
        objects=tuple(_row(row, name, i)["object"] for i, row in enumerate(rows[first_object:], first_object + 1)),
    )


def _row(row: bytes, name: str, line: int) -> dict[str, Any]:
    try:
        value = json.loads(row)
    except ValueError as error:
        raise InputError([Problem(name, line, 1, "is not a line of a snapshot")]) from error
    return value if isinstance(value, dict) else {}


def _encoded(value: Obj) -> bytes:
    return json.dumps(value, separators=(",", ":"), default=str).encode()
