"""SCH012: names made of a version: dots where no dot may be, or longer than a name may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Place, Rule, Severity

_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
LONGEST = 63
#: pods of these carry their owner's name as a label, and so it may not be longer than a label's value
_LABELLED = {"StatefulSet": 52, "CronJob": 52, "Job": 63}


def check(case: Case) -> Iterator[Mistake]:
    for manifest in case.manifests:
        if manifest.kind == "Service" and manifest.group == "" and not _is_service_name(manifest.name):
            yield _service(manifest)
        most = _LABELLED.get(manifest.kind)
        if most is not None and manifest.group in ("apps", "batch") and len(manifest.name) > most:
            yield _too_long(manifest, most)
        for key, value in manifest.labels.items():
            if len(value) > LONGEST:
                yield _label(manifest.title, key, value, manifest.at("metadata", "labels", key))


def _is_service_name(name: str) -> bool:
    return len(name) <= LONGEST and _SERVICE_NAME.match(name) is not None


def _service(service: Manifest) -> Mistake:
    proposal = re.sub(r"[^a-z0-9-]+", "-", service.name.lower()).strip("-")[:LONGEST]
    return Mistake(
        at=service.at("metadata", "name"),
        message=(
            f'"{service.name}" is no name for a Service: it becomes part of a DNS name, so dots and capitals are not allowed and '
            f"{LONGEST} characters are the most ({len(service.name)} here)"
        ),
        remedy=f"call it {proposal}, everywhere it is referred to",
        numbers={"length": len(service.name), "most": LONGEST},
    )


def _too_long(manifest: Manifest, most: int) -> Mistake:
    return Mistake(
        at=manifest.at("metadata", "name"),
        message=(
            f"the name of {manifest.title} has {len(manifest.name)} characters; with what its pods add {most} are the most"
        ),
        remedy="shorten it",
        numbers={"length": len(manifest.name), "most": most},
    )


def _label(title: str, key: str, value: str, at: Place) -> Mistake:
    return Mistake(
        at=at,
        message=f"the label {key} of {title} has {len(value)} characters, {LONGEST} are the most",
        remedy="shorten it, or make it an annotation",
        numbers={"length": len(value), "most": LONGEST},
    )


RULE = Rule(
    id="SCH012",
    severity=Severity.ERROR,
    title="The name is not allowed",
    source="kubernetes.io/docs/concepts/overview/working-with-objects/names (RFC 1035 label names)",
    check=check,
)
