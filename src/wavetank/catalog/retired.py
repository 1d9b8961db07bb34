"""Components that nobody maintains any more, what to look for in files to find them, and what stands in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from wavetank.catalog.files import data


@dataclass(frozen=True)
class Retired:
    """One retired component. ``confirmed`` is False where the day is remembered, not read."""

    id: str
    title: str
    since: date
    confirmed: bool
    #: what uses it runs on, without any fix
    still_works: bool
    source: str
    instead: str
    #: beginnings of image references
    images: tuple[str, ...]
    charts: tuple[str, ...]
    add_ons: tuple[str, ...]
    #: (apiVersion, kind) of objects
    objects: tuple[tuple[str, str], ...]
    #: provisioners of storage classes
    provisioners: tuple[str, ...]
    #: keys of in-tree volumes
    volume_types: tuple[str, ...]
    #: beginnings of annotation keys
    annotation_prefixes: tuple[str, ...]
    #: ``spec.controller`` of an IngressClass
    ingress_class_controllers: tuple[str, ...]
    #: of EKS node groups (AL2_x86_64), and eksctl's name for the same
    ami_types: tuple[str, ...]
    ami_families: tuple[str, ...]
    #: chart repositories
    repositories: tuple[str, ...]
    #: command line tools in pipelines
    commands: tuple[str, ...]


@cache
def retired() -> tuple[Retired, ...]:
    """Every retired component that the catalog knows, whatever the day: compare ``since``."""
    return tuple(_retired(row) for row in data("retired")["retired"])


def _retired(row: Mapping[str, Any]) -> Retired:
    match = row["match"]
    return Retired(
        id=row["id"],
        title=row["title"],
        since=date.fromisoformat(row["since"]),
        confirmed=row["confirmed"],
        still_works=row.get("stillWorks", False),
        source=row["source"],
        instead=row["instead"],
        images=tuple(match.get("images", ())),
        charts=tuple(match.get("charts", ())),
        add_ons=tuple(match.get("addOns", ())),
        objects=tuple((each["apiVersion"], each["kind"]) for each in match.get("objects", ())),
        provisioners=tuple(match.get("provisioners", ())),
        volume_types=tuple(match.get("volumeTypes", ())),
        annotation_prefixes=tuple(match.get("annotationPrefixes", ())),
        ingress_class_controllers=tuple(match.get("ingressClassControllers", ())),
        ami_types=tuple(match.get("amiTypes", ())),
        ami_families=tuple(match.get("amiFamilies", ())),
        repositories=tuple(match.get("repositories", ())),
        commands=tuple(match.get("commands", ())),
    )
