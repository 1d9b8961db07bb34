"""The rendered files as a value, and their place on disk.

A ``Bundle`` is what ``render`` returns: file name → lines, each line with the plan path it comes from, and for every such
path its value and reasons. ``write`` puts it into a folder beside ``trace.json``, which is all that ``explain`` needs.
``write`` never touches a file that it did not write earlier: Terraform's state, ``.terraform`` and a user's own files stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from wavetank.base.errors import InputError, OperationFailed, Problem
from wavetank.render.trace import Line

TRACE_FILE = "trace.json"
TRACE_FORMAT = 1
_TEMPORARY_SUFFIX = ".wavetank-new"


@dataclass(frozen=True)
class RenderedFile:
    """One file: its lines, and whether it is a program."""

    lines: tuple[Line, ...]
    executable: bool = False

    @property
    def text(self) -> str:
        return "".join(f"{line.text}\n" for line in self.lines)

    @property
    def digest(self) -> str:
        return digest(self.text.encode())

    def ranges(self) -> Iterator[tuple[int, int, str]]:
        """(first line, last line, path) for each run of lines with the same path; lines without one are left out."""
        start = 0
        for end in range(1, len(self.lines) + 1):
            if end == len(self.lines) or self.lines[end].path != self.lines[start].path:
                if self.lines[start].path:
                    yield start + 1, end, self.lines[start].path
                start = end


@dataclass(frozen=True)
class Origin:
    """What ``explain`` tells about one plan path; both parts are plain JSON (see ``wavetank.render.origins``)."""

    value: Any
    #: where the reason was found (the path itself or one around it), and the reason
    reason_path: str
    reason: Mapping[str, Any]


@dataclass(frozen=True)
class Bundle:
    """All rendered files of one platform in one environment, by name relative to the build folder ("/" between folders)."""

    files: Mapping[str, RenderedFile]
    #: finds the origins of the paths that lines name; asked once, when the trace is
    find_origins: Callable[[], Mapping[str, Origin]]
    spec_file: str
    environment: str

    @cached_property
    def origins(self) -> Mapping[str, Origin]:
        return self.find_origins()

    @property
    def trace(self) -> dict[str, Any]:
        """The content of ``trace.json``."""
        return {
            "format": TRACE_FORMAT,
            "specFile": self.spec_file,
            "environment": self.environment,
            "files": {
                name: {"sha256": file.digest, "lines": [list(found) for found in file.ranges()]}
                for name, file in sorted(self.files.items())
            },
            "values": {
                path: {"value": origin.value, "reasonPath": origin.reason_path, "reason": dict(origin.reason)}
                for path, origin in sorted(self.origins.items())
            },
        }

    @property
    def trace_text(self) -> str:
        """``trace.json`` with one range and one value per line, so that differences can be read."""
        return _trace_text(self.trace)


@dataclass(frozen=True)
class Written:
    """What ``write`` did: names relative to the folder.

    ``kept`` are obsolete files that somebody has edited since; ``overwritten`` those of ``written`` whose edits are lost.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    overwritten: tuple[str, ...] = ()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _trace_text(trace: Mapping[str, Any]) -> str:
    head = {key: value for key, value in trace.items() if key not in ("files", "values")}
    files = [
        f'    {json.dumps(name)}: {{"sha256": {json.dumps(file["sha256"])}, "lines": [\n'
        + ",\n".join(f"      {json.dumps(found)}" for found in file["lines"])
        + "\n    ]}"
        for name, file in trace["files"].items()
    ]
    values = [f"    {json.dumps(path)}: {json.dumps(value)}" for path, value in trace["values"].items()]
    opening = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    return "{\n" + opening + _member("files", files) + ",\n" + _member("values", values) + "\n}\n"


def _member(name: str, entries: list[str]) -> str:
    return f'  "{name}": {{\n' + ",\n".join(entries) + "\n  }"


# --- on disk ----------------------------------------------------------------------------------------------------------


def write(bundle: Bundle, folder: Path) -> Written:
    """Make ``folder`` hold the bundle: all new content is on disk before the first file is replaced.

    Files of an earlier bundle that are no longer rendered are removed unless somebody has edited them. Raises InputError when
    ``folder`` cannot be a folder, OperationFailed when the disk refuses; then no file has changed.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            [Problem(str(folder), 0, 0, "is a file, not a folder", "name a folder to write into: -o build")]
        )
    try:
        return _write(bundle, folder)
    except OSError as error:
        raise OperationFailed(
            f"cannot write to {folder}: {error.strerror or error} ({error.filename or folder})"
        ) from error


def _write(bundle: Bundle, folder: Path) -> Written:
    before = _written_before(folder)
    obsolete = {name: sha for name, sha in before.items() if name not in bundle.files}
    changed = {name: file for name, file in bundle.files.items() if not _is_on_disk(file, folder / name)}
    overwritten = tuple(name for name in sorted(changed) if _was_edited(folder / name, before.get(name)))
    _replace_all({**dict(sorted(changed.items())), TRACE_FILE: _trace_file(bundle)}, folder)
    removed = tuple(name for name, sha in sorted(obsolete.items()) if _remove_unedited(folder, name, sha))
    kept = tuple(name for name in sorted(obsolete) if (folder / name).exists())
    unchanged = tuple(sorted(set(bundle.files) - set(changed)))
    return Written(tuple(sorted(changed)), unchanged, removed, kept, overwritten)


def _was_edited(target: Path, sha: str | None) -> bool:
    """Whether a file exists that is not as an earlier bundle left it."""
    return target.is_file() and (sha is None or digest(target.read_bytes()) != sha)


def _trace_file(bundle: Bundle) -> RenderedFile:
    return RenderedFile(tuple(Line(line) for line in bundle.trace_text.splitlines()))


def _is_on_disk(file: RenderedFile, target: Path) -> bool:
    if not target.is_file() or target.is_symlink():
        return False
    same_mode = bool(target.stat().st_mode & stat.S_IXUSR) == file.executable
    return same_mode and target.read_bytes() == file.text.encode()


def _replace_all(files: Mapping[str, RenderedFile], folder: Path) -> None:
    """First everything beside its target under another name, then the renames, ``trace.json`` last."""
    staged: list[tuple[Path, Path]] = []
    try:
        for name, file in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(target.name + _TEMPORARY_SUFFIX)
            staged.append((beside, target))
            beside.write_bytes(file.text.encode())
            beside.chmod(0o755 if file.executable else 0o644)
        for beside, target in staged:
            os.replace(beside, target)
    finally:
        for beside, _ in staged:
            with suppress(OSError):
                beside.unlink()


def _written_before(folder: Path) -> dict[str, str]:
    """Name → digest of the files of the bundle that is there now. What is no trace of ours counts as nothing written."""
    try:
        trace = json.loads((folder / TRACE_FILE).read_text())
        names = {str(name): str(file["sha256"]) for name, file in trace["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: sha for name, sha in names.items() if _is_inside(name)}


def _is_inside(name: str) -> bool:
    pure = PurePosixPath(name)
    return not pure.is_absolute() and ".." not in pure.parts and name != TRACE_FILE


def _remove_unedited(folder: Path, name: str, sha: str) -> bool:
    target = folder / name
    if not target.is_file() or target.is_symlink() or digest(target.read_bytes()) != sha:
        return False
    target.unlink()
    for parent in target.parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()
    return True
