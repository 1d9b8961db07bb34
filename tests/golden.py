"""The bundles of all examples as they are kept beside them, in ``examples/<name>/rendered/<environment>/``.

Read by ``test_golden``; written anew by running this file, for all examples or for those named:

    .venv/bin/python tests/golden.py [name ...]

Rewrite only what a change was meant to change, and review the difference as part of it. The trace is not kept: it changes with
every line number of the spec.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from example_bundles import EXAMPLES, NAMES, bundle, family
from wavetank.render import RenderedFile


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
