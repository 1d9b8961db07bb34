"""The rendered example as it is kept beside the tests: read by ``test_golden``, written anew by running this file.

    .venv/bin/python tests/render/golden.py

Rewrite only what a change was meant to change, and review the difference as part of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from wavetank.plan import Plan, plan
from wavetank.render import render
from wavetank.spec import load

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = Path("examples/ml-inference/platform.yaml")
GOLDEN = Path(__file__).resolve().parent / "golden"
ENVIRONMENTS = ("dev", "production")


def example(environment: str) -> Plan:
    return plan(load(ROOT / EXAMPLE, environment))


def rendered(environment: str) -> dict[str, str]:
    """File name → text; the trace is not kept, it changes with every line number of the spec."""
    return {name: file.text for name, file in render(example(environment)).files.items()}


def kept(environment: str) -> dict[str, str]:
    folder = GOLDEN / environment
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


def rewrite() -> None:
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for environment in ENVIRONMENTS:
        for name, text in rendered(environment).items():
            file = GOLDEN / environment / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


if __name__ == "__main__":
    rewrite()
