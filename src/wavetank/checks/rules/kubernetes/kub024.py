"""KUB024: objects in an API version that a coming Kubernetes no longer has."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.schemas.structure import built_in_node, minor_of

MINORS = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")


def check(case: Case) -> Iterator[Mistake]:
    if case.aws.cluster is None or case.aws.cluster.version not in MINORS:
        return
    minor = minor_of(case)
    later = MINORS[MINORS.index(minor) + 1 :]
    for manifest in case.manifests:
        if "." not in manifest.group and manifest.version == "v1":
            continue  # stable for good
        if later and built_in_node(manifest, minor) is not None:
            gone = next((each for each in later if built_in_node(manifest, each) is None), None)
            if gone is not None:
                yield _mistake(manifest, minor, gone)


def _mistake(manifest: Manifest, minor: str, gone: str) -> Mistake:
    version = str(manifest.obj.get("apiVersion"))
    return Mistake(
        at=manifest.at("apiVersion"),
        message=(
            f"{manifest.title} is of {version}, which Kubernetes {minor} still serves and {gone} does not: after that upgrade it "
            "cannot be applied any more"
        ),
        remedy="move to a newer version of the kind (`kubectl api-resources`) before the upgrade",
        numbers={"kubernetes": minor, "removedIn": gone, "apiVersion": version},
    )


RULE = Rule(
    id="KUB024",
    severity=Severity.WARN,
    title="The API version goes away",
    source="kubernetes.io/docs/reference/using-api/deprecation-guide",
    check=check,
)
