"""90-own.yaml: objects from the author's own manifests, after all others; as objects, so that charts carry them, too.

Comments and layout of the author's files are not kept; what is applied is what he wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from wavetank.plan.model import Plan, UserFile
from wavetank.render.trace import Traced

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: there are no dates in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def objects(plan: Plan) -> tuple[Traced, ...]:
    """Every object of every file, in the author's order; a List counts as its items."""
    return tuple(Traced(obj, f"manifests[{file.name}]") for file in plan.manifests for obj in _objects(file))


def _objects(file: UserFile) -> Iterator[dict[str, Any]]:
    for document in yaml.load_all("\n".join(file.lines), Loader=_Loader):
        if document is None:
            continue
        yield from document.get("items") or () if document["kind"] == "List" else (document,)
