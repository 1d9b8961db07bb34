"""Folders of functions: read together with the platform file, so that a missing one is a located problem beside all others.

Only ``load`` calls this. What is in the files is the runtime's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wavetank.base.errors import Problem
from wavetank.spec.lookup import elements, word
from wavetank.spec.tree import Node, Place, name_of

#: what still makes sense as text in a bundle; larger functions come as images
MAX_BYTES = 5 << 20
_LEFT_OUT = {"__pycache__"}
_SUFFIXES_LEFT_OUT = {".pyc", ".pyo"}


@dataclass(frozen=True)
class SourceFile:
    """``path`` in the folder, "/" between parts."""

    path: str
    content: bytes
    executable: bool


@dataclass(frozen=True)
class Sources:
    """By function its files in the order of their paths, and everything that is wrong with the folders."""

    files: Mapping[str, tuple[SourceFile, ...]]
    problems: tuple[Problem, ...]


def sources(root: Node, folder: Path) -> Sources:
    """The sources of all functions that come from a folder, relative to the platform file's own folder."""
    files: dict[str, tuple[SourceFile, ...]] = {}
    problems: list[Problem] = []
    for function in elements(root, "serverless", "functions"):
        node, name = function.get("folder"), name_of(function)
        written = word(node)
        if node is not None and written is not None and name is not None:
            files[name] = _files(folder / written, written, node.place, problems)
    return Sources(files, tuple(problems))


def _files(folder: Path, written: str, place: Place, problems: list[Problem]) -> tuple[SourceFile, ...]:
    if not folder.is_dir():
        problems.append(place.problem(f'there is no folder "{written}"', f"Paths are relative to {folder.parent}."))
        return ()
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and _belongs(path.relative_to(folder)))
        size = sum(path.stat().st_size for path in paths)
        if size > MAX_BYTES:
            most, found = MAX_BYTES >> 20, size / (1 << 20)
            message = f'"{written}" holds {found:.1f} MiB; a bundle takes functions of up to {most} MiB'
            problems.append(place.problem(message, "Build an image of it and write `image:` instead of `folder:`."))
            return ()
        if not paths:
            problems.append(place.problem(f'there is no file in "{written}"'))
        return tuple(_file(path, folder) for path in paths)
    except OSError as error:
        problems.append(place.problem(f'"{written}" cannot be read: {(error.strerror or str(error)).lower()}'))
        return ()


def _belongs(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and not _LEFT_OUT & set(path.parts) and path.suffix not in _SUFFIXES_LEFT_OUT


def _file(path: Path, folder: Path) -> SourceFile:
    return SourceFile(path.relative_to(folder).as_posix(), path.read_bytes(), bool(path.stat().st_mode & 0o100))
