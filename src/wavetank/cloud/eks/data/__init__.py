"""Facts of the EKS API that only the embedded AWS needs; each names its source."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def addon_versions() -> dict[str, Any]:
    """``addon-versions.json``, read once; nobody changes it."""
    document = json.loads(files(__package__).joinpath("addon-versions.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict), "addon-versions.json must hold an object"
    return document
