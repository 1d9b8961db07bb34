"""Kubernetes objects in YAML or JSON files: several documents in a file, and Lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Place, Step, Where
from wavetank.checks.sources import SourceFile

from .documents import Document, path_text

#: apiVersions of files that look like objects and are for a tool, not for a cluster
NOT_OBJECTS = (
    "kustomize.config.k8s.io/",
    "eksctl.io/",
    "kind.x-k8s.io/",
    "skaffold/",
    "config.kubernetes.io/",
    "audit.k8s.io/",
)
_SOURCE_COMMENT = re.compile(r"^# Source: (\S+)", re.MULTILINE)


def is_object(document: Document) -> bool:
    """Whether the document is for ``kubectl apply``."""
    value = document.value
    if not isinstance(value, dict):
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    return isinstance(version, str) and isinstance(kind, str) and not version.startswith(NOT_OBJECTS)


def manifests(document: Document) -> Iterator[Manifest]:
    """The object of a document, or those of a List."""
    value = document.value
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        for at, item in enumerate(value["items"]):
            if isinstance(item, dict) and isinstance(item.get("kind"), str):
                yield _manifest(item, document, ("items", at))
    else:
        yield _manifest(value, document, ())


def _manifest(obj: dict[str, object], document: Document, prefix: tuple[Step, ...]) -> Manifest:
    return Manifest(
        {key: _without_nulls(value) for key, value in obj.items() if value is not None},
        Where(partial(_locate, obj, document, prefix)),
    )


def _without_nulls(value: Any) -> Any:
    """A null is no value for the API server: the field is not set."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def _locate(obj: dict[str, object], document: Document, prefix: tuple[Step, ...], steps: tuple[Step, ...]) -> Place:
    title = Manifest(obj, Where(lambda _: Place("", 0, ""))).title
    return Place(document.source.name, document.line((*prefix, *steps)), path_text(title, obj, steps))


def rendered_files(name: str, text: str) -> Iterator[SourceFile]:
    """What ``helm template`` wrote, as one file for each object, named after the template that it came from.

    The program names the template before each object, the library once before all that it gave.
    """
    within = "Chart.yaml"
    for part in re.split(r"^---[ \t]*$", text, flags=re.MULTILINE):
        if found := _SOURCE_COMMENT.search(part):
            within = found[1].partition("/")[2] or within
        yield SourceFile(f"{name}/{within}", part, rendered=True)


def in_namespace(manifest: Manifest, namespace: str) -> Manifest:
    """The object as a tool applies it that was told a namespace."""
    if manifest.stated_namespace or not manifest.is_namespaced:
        return manifest
    metadata = {**manifest.metadata, "namespace": namespace}
    return replace(manifest, obj={**manifest.obj, "metadata": metadata})
