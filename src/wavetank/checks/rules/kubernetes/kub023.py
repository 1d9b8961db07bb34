"""KUB023: two different objects of one kind and name: the one that is applied last wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import HOOK


def check(case: Case) -> Iterator[Mistake]:
    found: dict[tuple[str, str, str, str], list[Manifest]] = defaultdict(list)
    for manifest in case.manifests:
        if manifest.metadata.get("name") and HOOK not in manifest.annotations:
            found[manifest.group, manifest.kind, manifest.namespace, manifest.name].append(manifest)
    for same in found.values():
        different = [each for each in same[1:] if each.obj != same[0].obj and not _are_variants(same[0], each)]
        if different:
            yield _mistake(same[0], different)


def _are_variants(one: Manifest, other: Manifest) -> bool:
    """The same file in folders side by side (dev, staging, production): they go to different clusters."""
    paths = [each.at().file.split("/") for each in (one, other)]
    if len(paths[0]) != len(paths[1]):
        return False
    differing = [at for at, (left, right) in enumerate(zip(*paths, strict=True)) if left != right]
    return len(differing) == 1 and differing[0] < len(paths[0]) - 1


def _mistake(first: Manifest, others: list[Manifest]) -> Mistake:
    at = first.at("metadata", "name")
    return Mistake(
        at=others[0].at("metadata", "name"),
        message=(
            f"{first.title} is defined {len(others) + 1} times, not twice the same (first in {at.file}:{at.line}): whichever is "
            "applied last replaces the others"
        ),
        remedy="keep one; environments belong into overlays or values of their own",
        numbers={"definitions": len(others) + 1},
    )


RULE = Rule(
    id="KUB023",
    severity=Severity.WARN,
    title="Two objects of one name",
    source="kubernetes.io/docs/concepts/overview/working-with-objects/names",
    check=check,
)
