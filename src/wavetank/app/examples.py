"""The example platforms: where they lie, and copying one into a folder of the user's own."""

from __future__ import annotations

import shutil
from difflib import get_close_matches
from pathlib import Path

from wavetank.base.errors import InputError, OperationFailed, Problem

#: In a checkout examples stand beside ``src``; in an installed wheel they are packaged under ``wavetank/examples``.
_CANDIDATES = (Path(__file__).parents[1] / "examples", Path(__file__).parents[3] / "examples")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".wavetank", "build", "rendered")


def examples_folder() -> Path:
    """The folder that holds the examples."""
    folder = next((candidate for candidate in _CANDIDATES if candidate.is_dir()), None)
    assert folder is not None, "the examples are part of every installation"
    return folder


def example_names() -> list[str]:
    return sorted(path.parent.name for path in examples_folder().glob("*/platform.yaml"))


def copy_example(name: str, target: Path) -> list[Path]:
    """Copy an example into a folder that does not exist yet (or is empty); returns the files, relative to it."""
    if name not in example_names():
        near = get_close_matches(name, example_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(example_names())}"
        raise InputError([Problem(name, 0, 0, "no such example", hint)])
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError([Problem(str(target), 0, 0, "exists and is not an empty folder", "name a new folder")])
    try:
        shutil.copytree(examples_folder() / name, target, ignore=_NOT_COPIED, dirs_exist_ok=True)
    except OSError as error:
        raise OperationFailed(f"cannot copy the example to {target}: {error.strerror or error}") from error
    return sorted(path.relative_to(target) for path in target.rglob("*") if path.is_file())
