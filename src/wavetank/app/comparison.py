"""Two states of a platform side by side: spec files, rendered folders, or either of them at a git revision.

Called by ``wavetank diff``. Both sides become objects and resources (``things_of``); ``render.difference`` compares them.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from wavetank.app.design import design
from wavetank.base.errors import InputError, OperationFailed, Problem, ToolMissing
from wavetank.checks import SourceFile
from wavetank.checks.aws import Reference
from wavetank.checks.foreign.terraform.module import Module, module_files
from wavetank.render.difference import Change, Things, changes

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: folders of a bundle that say the same in other words
_OTHER_WORDS = ("helm", "eksctl")
_RELEASES = "helm/releases.yaml"


@dataclass(frozen=True)
class Side:
    """What is compared, as the user named it: a path, a git revision of it ("" the working tree), an environment of a spec."""

    path: str
    revision: str
    environment: str


def compared(old: str, new: str, environment: str, on: date) -> tuple[Change, ...]:
    """What two sides differ in. InputError when one of them is nothing that can be compared."""
    before, after = (_things(side_of(text, environment), on) for text in (old, new))
    return changes(before, after)


def side_of(text: str, environment: str) -> Side:
    """``path``, ``path:environment``, ``revision:path`` or ``revision:path:environment``; an existing path wins."""
    if Path(text).exists():
        return Side(text, "", environment)
    head, _, tail = text.rpartition(":")
    if head and Path(head).exists():
        return Side(head, "", tail)
    revision, _, path = text.partition(":")
    if not revision or not path or revision.startswith("-"):
        raise _nothing(text, "there is no such file or folder", "name a spec, a rendered folder, or REVISION:PATH")
    rest, _, last = path.rpartition(":")
    return Side(rest, revision, last) if rest else Side(path, revision, environment)


def _nothing(text: str, message: str, remedy: str) -> InputError:
    return InputError([Problem(text, 0, 0, message, remedy)])


def _things(side: Side, on: date) -> Things:
    if not side.revision:
        return _things_at(Path(side.path), side.environment, on)
    with TemporaryDirectory() as folder:
        _extract(side, Path(folder))
        return _things_at(Path(folder) / side.path, side.environment, on)


def _things_at(path: Path, environment: str, on: date) -> Things:
    if path.is_dir():
        return things_of(_texts(path))
    return things_of({name: file.text for name, file in design(path, environment, on).bundle.files.items()})


def _texts(folder: Path) -> dict[str, str]:
    files = (file for file in sorted(folder.rglob("*")) if file.suffix in (".yaml", ".yml", ".tf", ".tfvars"))
    try:
        return {
            file.relative_to(folder).as_posix(): file.read_text()
            for file in files
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        }
    except (OSError, UnicodeDecodeError) as error:
        raise OperationFailed(f"cannot read {folder}: {error}") from error


def _extract(side: Side, folder: Path) -> None:
    """The path (of a spec: its whole folder, which may hold files that it names) as git has it at the revision."""
    where = Path(side.path)
    tops = [where.as_posix()] if where.suffix == "" else [where.parent.as_posix()]
    command = ["git", "archive", "--format=tar", side.revision, "--", *tops]
    try:
        ended = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise ToolMissing("git is needed to compare with a revision; or name two files or folders") from None
    if ended.returncode != 0:
        reason = " ".join(ended.stderr.decode(errors="replace").strip().splitlines()[:1])
        raise _nothing(
            f"{side.revision}:{side.path}", "neither a file nor something at a git revision", f"git says: {reason}"
        )
    with tarfile.open(fileobj=io.BytesIO(ended.stdout)) as archive:
        archive.extractall(folder, filter="data")


# --- files → things ---------------------------------------------------------------------------------------------------


def things_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """Kubernetes objects, Terraform resources and helm releases in the files of a bundle (or of any folder)."""
    found: dict[str, Any] = {}
    for name, text in texts.items():
        if name.endswith((".yaml", ".yml")):
            found.update(_of_yaml(name, text))
    return found | dict(_of_terraform(texts))


def _of_yaml(name: str, text: str) -> Iterator[tuple[str, Any]]:
    if name.split("/")[0] in _OTHER_WORDS and name != _RELEASES:
        return
    try:
        documents = list(yaml.load_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise _nothing(name, "cannot be read as YAML", " ".join(str(error).split())) from None
    for item in documents:
        if name == _RELEASES:
            yield from ((f"helm release {release['name']}", release) for release in item["releases"])
        elif isinstance(item, dict) and {"apiVersion", "kind", "metadata"} <= item.keys():
            yield _object_name(item), item


def _object_name(item: Mapping[str, Any]) -> str:
    metadata = item["metadata"]
    namespace = metadata.get("namespace", "")
    return (
        f"{item['kind']} {namespace}/{metadata.get('name')}" if namespace else f"{item['kind']} {metadata.get('name')}"
    )


def _of_terraform(texts: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The resources of each folder with Terraform files, their arguments computed from the variables' values."""
    sources = [SourceFile(name, text) for name, text in texts.items() if name.endswith((".tf", ".tfvars"))]
    for folder in sorted({source.folder for source in sources}):
        files, problems = module_files(folder, [each for each in sources if each.folder == folder], None)
        if problems:
            raise _nothing(folder or ".", "cannot be read as Terraform", problems[0])
        prefix = "" if folder in ("", "terraform") else f"{folder}: "
        for resource in Module(files, {folder: files}).resources:
            yield f"{prefix}{resource.name}", _plain(resource.body)


def _plain(value: Any) -> Any:
    """JSON; what only Terraform can compute is named by where it comes from."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Reference):
        return f"({value.address}.{value.attribute})" if value.attribute else f"({value.address})"
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return f"({getattr(value, 'text', '') or 'known after apply'})"
