"""The bundles of all examples as they are kept beside them, in ``examples/<name>/rendered/<environment>/``.

Read by ``test_golden``; written anew by running this file, for all examples or for those named:

    .venv/bin/python tests/render/golden.py [name ...]

Rewrite only what a change was meant to change, and review the difference as part of it. The trace is not kept: it changes with
every line number of the spec.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from wavetank.plan import Plan, plan
from wavetank.render import Bundle, Family, RenderedFile, render
from wavetank.spec import load_all

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = tuple(sorted(file.parent.name for file in EXAMPLES.glob("*/platform.yaml")))


@cache
def family(name: str) -> Family:
    """An example in all of its environments."""
    platforms = load_all(EXAMPLES / name / "platform.yaml")
    return Family.of(*(plan(each) for each in platforms.values()))


@cache
def bundle(name: str, environment: str) -> Bundle:
    found = family(name)
    return render(found.plans[environment], found)


def plan_of(name: str, environment: str) -> Plan:
    return family(name).plans[environment]


def cases() -> list[tuple[str, str]]:
    """Every example in every environment."""
    return [(name, environment) for name in NAMES for environment in family(name).plans]


def folder_of(name: str, environment: str) -> Path:
    return EXAMPLES / name / "rendered" / environment


def kept(name: str, environment: str) -> dict[str, str]:
    folder = folder_of(name, environment)
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


def rewrite(names: tuple[str, ...]) -> None:
    for name in names:
        shutil.rmtree(EXAMPLES / name / "rendered", ignore_errors=True)
        for environment in family(name).plans:
            _write(bundle(name, environment).files, folder_of(name, environment))


def _write(files: Mapping[str, RenderedFile], folder: Path) -> None:
    for name, file in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)
        target.chmod(0o755 if file.executable else 0o644)


if __name__ == "__main__":
    rewrite(tuple(sys.argv[1:]) or NAMES)
