"""The platform as its author wrote it: frozen models, loaded from YAML with the place of every value.

``load`` finds every mistake of a file at once. Nothing is filled in here and nothing decided: that is ``plan``. The package
reads files and does no other I/O.
"""

from wavetank.spec.load import DEFAULT_ENVIRONMENT, load, load_all, load_all_text, load_text
from wavetank.spec.platform import Platform, PlatformFile
from wavetank.spec.schema import json_schema
from wavetank.spec.tree import Place

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "Place",
    "Platform",
    "PlatformFile",
    "json_schema",
    "load",
    "load_all",
    "load_all_text",
    "load_text",
]
