"""The packaged data files. Only the modules of this package read them; each hands out typed facts."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def data(name: str) -> dict[str, Any]:
    """The JSON document ``data/<name>.json``, read once; nobody changes it. Decimals are written as strings in it."""
    text = files(__package__).joinpath("data", f"{name}.json").read_text(encoding="utf-8")
    document = json.loads(text)
    assert isinstance(document, dict), f"data/{name}.json must hold an object"
    return document
