"""Files of the author's own that go into the bundle as they are: Terraform files and Kubernetes manifests.

``load`` reads them together with the platform file, so that a missing one is a located problem beside all others. A manifest
must at least be YAML with a kind; what Terraform says of a file is Terraform's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at
from wavetank.spec.tree import Node, Place, Scalar, children

KEYS = ("terraformFiles", "manifests")
#: no file that is meant to be read by people is larger
MAX_BYTES = 1 << 20
_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Attachment:
    """One file: the path as the author wrote it, its name, and its lines."""

    written: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Attachments:
    """By key of the platform file the files read, and everything that is wrong with them."""

    files: Mapping[str, tuple[Attachment, ...]]
    problems: tuple[Problem, ...]


def attachments(root: Node, folder: Path) -> Attachments:
    """The files that a platform names, relative to the folder it lies in."""
    problems: list[Problem] = []
    files = {key: tuple(_read_all(children(at(root, key)), key, folder, problems)) for key in KEYS}
    return Attachments(files, tuple(problems))


def _read_all(nodes: tuple[Node, ...], key: str, folder: Path, problems: list[Problem]) -> Iterator[Attachment]:
    taken: dict[str, str] = {}
    for node in nodes:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        for path in _expanded(folder / node.value, key):
            if path.name in taken:
                message = f'"{node.value}" and "{taken[path.name]}" would be one file "{path.name}" of the bundle'
                problems.append(node.place.problem(message, "Rename one of them."))
                continue
            taken[path.name] = node.value
            lines = _lines(path, node.place, node.value, problems)
            if key == "manifests" and lines:
                problems.extend(_manifest_problems(path, lines))
            yield Attachment(node.value, path.name, lines)


def _expanded(path: Path, key: str) -> list[Path]:
    """The file itself; of a folder of manifests, the manifests in it by name."""
    if key != "manifests" or not path.is_dir():
        return [path]
    return sorted(item for item in path.iterdir() if item.suffix in _MANIFEST_SUFFIXES) or [path]


def _lines(path: Path, place: Place, written: str, problems: list[Problem]) -> tuple[str, ...]:
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            problems.append(place.problem(f'"{written}" is larger than {MAX_BYTES >> 20} MiB', "Split it."))
            return ()
        return tuple(data.decode("utf-8-sig").splitlines())
    except FileNotFoundError:
        problems.append(place.problem(f'there is no file "{written}"', f"Paths are relative to {path.parent}."))
    except IsADirectoryError:
        problems.append(place.problem(f'"{written}" is a folder', "Name the files in it."))
    except UnicodeDecodeError:
        problems.append(place.problem(f'"{written}" is not UTF-8 text', "Only text can be put into the bundle."))
    except OSError as error:
        problems.append(place.problem(f'"{written}" cannot be read: {(error.strerror or str(error)).lower()}'))
    return ()


def _manifest_problems(path: Path, lines: tuple[str, ...]) -> Iterator[Problem]:
    try:
        nodes = list(yaml.compose_all("\n".join(lines), Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        yield Problem(str(path), line, column, f"not YAML: {error.problem or error}", "")
        return
    for node in nodes:
        given = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        missing = [key for key in ("apiVersion", "kind") if key not in given]
        if getattr(given.get("kind"), "value", "") != "List" and "name" not in _keys(given.get("metadata")):
            missing.append("metadata.name")
        if node is not None and missing:
            message = f"a Kubernetes object needs its {' and '.join(missing)}"
            yield Problem(str(path), node.start_mark.line + 1, node.start_mark.column + 1, message, "")


def _keys(node: Any) -> set[str]:
    return {str(key.value) for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
