"""AUT011: a Cluster Autoscaler of another Kubernetes minor than the cluster's, or from the frozen registry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank import catalog
from wavetank.checks.aws import HelmRelease
from wavetank.checks.case import Case
from wavetank.checks.components import last_part
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity

#: moved to registry.k8s.io in 2023; nothing newer is published here
FROZEN = "k8s.gcr.io/"


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in workload.containers:
            if last_part(container.image) != "cluster-autoscaler":
                continue
            if container.image.startswith(FROZEN):
                yield _frozen(container.image, container.at("image"))
            yield from _skew(case, container.image.rpartition(":")[2], container.at("image"))
    release = case.components.release("cluster-autoscaler")
    if release is not None and release.values is not None:
        tag = mapping(release.values.get("image")).get("tag") or _pinned(release)
        yield from _skew(case, str(tag or ""), release.at("version"))


def _pinned(release: HelmRelease) -> str | None:
    """The program's version in the chart, when the catalog knows that chart version."""
    facts = catalog.chart(release.chart)
    return facts.app_version if facts is not None and facts.version == release.version else None


def _skew(case: Case, tag: str, at: Place) -> Iterator[Mistake]:
    found = re.match(r"v?1\.(\d+)\.", tag)
    cluster = case.aws.cluster
    if found is None or cluster is None or cluster.version is None or not cluster.version.startswith("1."):
        return
    ours, theirs = int(found[1]), int(cluster.version.split(".")[1])
    if ours != theirs:
        yield Mistake(
            at=at,
            message=(
                f"the Cluster Autoscaler is 1.{ours} on Kubernetes {cluster.version}: it simulates the scheduler of another "
                "minor and may add nodes that do not help, or none"
            ),
            remedy=f"take a version 1.{theirs}.x",
            numbers={"autoscaler": f"1.{ours}", "cluster": cluster.version},
        )


def _frozen(image: str, at: Place) -> Mistake:
    return Mistake(
        at=at,
        message=f"{image} comes from {FROZEN.rstrip('/')}, which was frozen in April 2023: no fix reaches it",
        remedy="take registry.k8s.io/autoscaling/cluster-autoscaler",
        numbers={"registry": FROZEN.rstrip("/")},
    )


RULE = Rule(
    id="AUT011",
    severity=Severity.WARN,
    title="The Cluster Autoscaler does not fit the cluster's version",
    source="kubernetes/autoscaler, cluster-autoscaler/README.md (releases)",
    check=check,
)
