"""Programs that belong to a platform and lie beside its file: what runs for an image on a laptop, and what images are built from.

A few checks read them. Folders that are not there are no mistake here: the sources may live in another repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wavetank.checks.sources import PROGRAMS, SourceFile
from wavetank.plan.model import Plan

_NEVER = ("node_modules", "__pycache__", "venv")
MAX_BYTES = 500_000


def programs_of(plan: Plan) -> tuple[SourceFile, ...]:
    """The texts of a platform's programs, by name."""
    base = Path(plan.spec_file).parent
    folders = dict.fromkeys([*(local.folder for local in plan.local), *(each.folder for each in plan.pipelines)])
    found = {str(path): path for folder in folders for path in _programs(base / folder)}
    return tuple(SourceFile(name, text) for name, path in sorted(found.items()) if (text := _text(path)) is not None)


def _programs(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in _NEVER:
            yield from _programs(entry)
        elif entry.is_file() and entry.suffix in PROGRAMS:
            yield entry


def _text(path: Path) -> str | None:
    try:
        return path.read_text() if path.stat().st_size <= MAX_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None
