"""A working copy of a Terraform root: itself, and what it refers to outside of its folder (modules, files), in place."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

#: never copied: what belongs to the user's own runs
_LEFT = shutil.ignore_patterns(
    ".terraform", ".git", "*.tfstate", "*.tfstate.*", ".wavetank", "node_modules", "__pycache__"
)
#: a path in a string that leaves its folder, after an optional "${path.module}/"
_OUTSIDE = re.compile(r'"(?:\$\{path\.(?:module|root|cwd)\}/)?([^"${}]*\.\./[^"${}]*)"')


def copy_root(root: Path, into: Path) -> Path:
    """Copy a root with all it refers to; returns the folder of the copy in which Terraform is to run."""
    places = _places(root.resolve())
    top = Path(os.path.commonpath(places)) if len(places) > 1 else places[0]
    for place in places:
        target = into / place.relative_to(top)
        if place.is_dir():
            shutil.copytree(place, target, ignore=_LEFT, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, target)
    return into / places[0].relative_to(top)


def _places(root: Path) -> list[Path]:
    """The root, and each folder or file outside of those before it that their files name; the root first."""
    places, waiting = [root], [root]
    while waiting:
        for found in _named_in(waiting.pop()):
            if not any(found.is_relative_to(place) for place in places):
                places.append(found)
                waiting.append(found)
    return places


def _named_in(place: Path) -> list[Path]:
    files = sorted(place.rglob("*.tf")) if place.is_dir() else []
    named = [file.parent / name for file in files if ".terraform" not in file.parts for name in _outside(file)]
    return sorted({path.resolve() for path in named if path.exists()})


def _outside(file: Path) -> list[str]:
    try:
        return _OUTSIDE.findall(file.read_text())
    except (OSError, UnicodeDecodeError):
        return []
