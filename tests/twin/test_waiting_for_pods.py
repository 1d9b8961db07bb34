"""Waiting for workloads ends when nothing moves any more, and says what keeps the pods back."""

from __future__ import annotations

from pathlib import Path

from worlds import ApiWorld, open_api

from example_bundles import bundle, plan_of
from wavetank.app.kubernetes import KubernetesClient, objects_of
from wavetank.app.waiting import expected, reason, wait_for_pods
from wavetank.render import write
from wavetank.twin.components import install
from wavetank.twin.nodes.scripted import ScriptedNode

PLAN = plan_of("ml-inference", "dev")
ROOM = {"cpu": "8", "memory": "16Gi", "pods": "50", "ephemeral-storage": "99Gi"}
ROLES = PLAN.workloads[0].node_selector


def told(tmp_path: Path, capacity: dict[str, str]) -> tuple[list[str], list[str]]:
    """Which workloads are missing and why, in a cluster of one machine."""
    write(bundle("ml-inference", "dev"), tmp_path)
    world = ApiWorld((ScriptedNode("one", "10.0.101.11", capacity, ROLES),))
    for release in PLAN.helm_releases:
        install(world.cluster, release.chart, release.version, release.values)
    with open_api(world):
        world.api.write_kubeconfig(tmp_path / "kubeconfig")
        with KubernetesClient(tmp_path / "kubeconfig") as client:
            client.apply_folder(tmp_path / "kubernetes")
            workloads = expected(list(objects_of(tmp_path / "kubernetes")))
            missing = wait_for_pods(client, workloads, lambda _: None, still_seconds=4.0)
            return [each.workload.name for each in missing], [reason(client, each.workload) for each in missing]


def test_pods_without_room_are_told_in_the_words_of_the_scheduler(tmp_path: Path) -> None:
    names, reasons = told(tmp_path, ROOM | {"cpu": "10m"})
    assert names == ["ml-inference-api"]
    assert "is Unschedulable" in reasons[0]
    assert "Insufficient cpu" in reasons[0]


def test_nothing_is_missing_when_all_pods_are_available(tmp_path: Path) -> None:
    assert told(tmp_path, ROOM) == ([], [])
