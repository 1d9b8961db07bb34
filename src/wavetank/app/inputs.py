"""Files and folders on the disk → what the checks read: texts, with charts and kustomizations rendered.

The checks touch no disk and run no program; this does both for them. What cannot be rendered here (no helm, a chart that needs
values) is left out and said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wavetank.app.charts import Installed, rendered_chart
from wavetank.app.programs import found, output_of
from wavetank.base.errors import InputError, OperationFailed, Problem
from wavetank.checks import SourceFile, rendered_files
from wavetank.checks.sources import PROGRAMS

_ENDINGS = (".yaml", ".yml", ".json", ".tf", ".tfvars", *PROGRAMS)
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_NEVER = ("node_modules", "__pycache__", "venv")
#: a key of a document's own map; whole documents are read only once it is known what they are
_TOP_KEY = re.compile(r"^([A-Za-z]+):", re.MULTILINE)
_HEAD_CHARACTERS = 200_000
#: a file that is longer than this is data, not a manifest
MAX_BYTES = 8_000_000


@dataclass(frozen=True)
class Inputs:
    """All files of some paths, and what had to be left out, in sentences."""

    files: tuple[SourceFile, ...]
    left_out: tuple[str, ...]


def is_platform(path: Path) -> bool:
    """Whether a file is a spec of ours rather than something of a user's: it has our keys and no apiVersion."""
    if not path.is_file():
        # A name that says so is told like every other missing spec.
        return not path.exists() and path.name == "platform.yaml"
    if path.suffix not in (".yaml", ".yml"):
        return False
    try:
        with path.open(encoding="utf-8") as file:
            keys = set(_TOP_KEY.findall(file.read(_HEAD_CHARACTERS)))
    except (OSError, UnicodeDecodeError):
        keys = set()
    if path.name == "platform.yaml":
        return "apiVersion" not in keys
    return "apiVersion" not in keys and bool({"nodeGroups", "accountId"} & keys)


def inputs_of(
    paths: Sequence[Path], environment: str | None, variables: Mapping[str, str], charts: Installed | None = None
) -> Inputs:
    """Everything below the paths. InputError when a path does not exist; ``variables`` is the environment of programs.

    ``charts`` says how charts are installed; left out, with the values of the environment.
    """
    missing = [Problem(str(path), 0, 0, "there is no such file or folder") for path in paths if not path.exists()]
    if missing:
        raise InputError(missing)
    collected = _Collected(environment, variables, charts or Installed(environment))
    for path in paths:
        collected.take(path)
    return Inputs(tuple(collected.files.values()), tuple(collected.left_out))


class _Collected:
    """Files being gathered; one that is reached twice counts once."""

    def __init__(self, environment: str | None, variables: Mapping[str, str], charts: Installed) -> None:
        self.files: dict[str, SourceFile] = {}
        self.left_out: list[str] = []
        self._environment = environment
        self._variables = variables
        self._charts = charts

    def take(self, path: Path) -> None:
        if path.is_file():
            if path.name in _KUSTOMIZATIONS:
                self._kustomize(path.parent)
            else:
                self._file(path)
            return
        overlays = self._overlays(path)
        for overlay in overlays.rendered:
            self._kustomize(overlay)
        self._walk(path, overlays.covered)

    def _walk(self, folder: Path, covered: frozenset[Path]) -> None:
        if (folder / "Chart.yaml").is_file():
            self._chart(folder)
            return
        for entry in sorted(folder.iterdir()):
            if entry.is_dir():
                if not entry.name.startswith(".") and entry.name not in _NEVER:
                    self._walk(entry, covered)
            elif entry.suffix in _ENDINGS and not entry.name.startswith(".") and not _is_in(covered, entry):
                self._file(entry)

    def _file(self, path: Path) -> None:
        try:
            if path.stat().st_size <= MAX_BYTES:
                self._add(SourceFile(_shown(path), path.read_text()))
            else:
                self.left_out.append(f"{_shown(path)}: is not read: it has more than {MAX_BYTES // 1_000_000} MB")
        except UnicodeDecodeError:
            self.left_out.append(f"{_shown(path)}: is not text")
        except OSError as error:
            self.left_out.append(f"{_shown(path)}: cannot be read: {error.strerror or error}")

    def _add(self, file: SourceFile) -> None:
        name = file.name
        while name in self.files and self.files[name].text != file.text:
            name += "'"
        self.files[name] = SourceFile(file.name, file.text, file.rendered)

    # --- charts and kustomizations

    def _chart(self, folder: Path) -> None:
        try:
            text = rendered_chart(folder, self._charts, self._variables)
        except OperationFailed as refused:
            self.left_out.append(f"{_shown(folder)}: the chart is not checked: {refused}")
            return
        for file in rendered_files(_shown(folder), text):
            self._add(file)

    def _kustomize(self, folder: Path) -> None:
        words = self._kustomize_command()
        if words is None:
            self.left_out.append(
                f"{_shown(folder)}: the kustomization is not checked: neither kubectl nor kustomize is on PATH"
            )
            return
        try:
            text = output_of([*words, str(folder)], self._variables)
        except OperationFailed as refused:
            self.left_out.append(f"{_shown(folder)}: the kustomization is not checked: {refused}")
            return
        self._add(SourceFile(f"{_shown(folder)}/kustomization.yaml", text, rendered=True))

    def _kustomize_command(self) -> list[str] | None:
        if found("kubectl", self._variables):
            return ["kubectl", "kustomize"]
        return ["kustomize", "build"] if found("kustomize", self._variables) else None

    def _overlays(self, path: Path) -> _Overlays:
        """The kustomizations below a folder that no other one builds on, and the folders that any of them covers."""
        folders = {file.parent.resolve(): file for name in _KUSTOMIZATIONS for file in sorted(path.rglob(name))}
        used = {base for file in folders.values() for base in _bases(file)}
        tops = [folder for folder in folders if folder not in used]
        own = [folder for folder in tops if folder.name == self._environment]
        return _Overlays(tuple(own or tops), frozenset(folders))


def _is_in(covered: frozenset[Path], file: Path) -> bool:
    """Whether a kustomization has read the file already; none reads Terraform."""
    return file.suffix not in (".tf", ".tfvars") and file.parent.resolve() in covered


@dataclass(frozen=True)
class _Overlays:
    rendered: tuple[Path, ...]
    covered: frozenset[Path]


def _bases(file: Path) -> Iterator[Path]:
    """The local folders that a kustomization builds on."""
    try:
        value: Any = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return
    stated = value if isinstance(value, dict) else {}
    for key in ("resources", "bases", "components"):
        for entry in stated.get(key) or ():
            if isinstance(entry, str) and (file.parent / entry).is_dir():
                yield (file.parent / entry).resolve()


def _shown(path: Path) -> str:
    """A path as findings name it: below the current folder where it is, with "/" between folders."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return path.as_posix()
    return path.as_posix() if relative.startswith("..") else Path(relative).as_posix()
