"""Where a workload demands that its pods keep apart from each other. Several rules ask; it judges nothing."""

from __future__ import annotations

from wavetank.checks.case import label_selector
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Place
from wavetank.checks.workloads import Workload


def place_of_anti_affinity(workload: Workload, topology_key: str) -> Place | None:
    """Where the workload's pods are forbidden to share a zone or node with each other; None when they are not."""
    anti = mapping(mapping(workload.spec.get("affinity")).get("podAntiAffinity"))
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    for at, term in enumerate(items(anti.get(key))):
        if term.get("topologyKey") == topology_key and label_selector(term.get("labelSelector")).matches(
            workload.labels
        ):
            return workload.at_pod("affinity", "podAntiAffinity", key, at)
    return None
