"""Real kubectl sees what it saw against real Kubernetes: sessions recorded there pass here, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubectl_replay import replayed, session
from worlds import ApiWorld, open_api, recorded_nodes

from wavetank.twin.history import snapshot_of
from wavetank.twin.restored import restored

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]

#: Sessions that every run of the tests replays, half a minute together.
QUICK = ("apply-03-server-side", "platform-01-inference")
#: The others of which every step is equal; they take several minutes.
THOROUGH = (
    "apply-01-three-way",
    "config-01",
    "crd-01",
    "daemonset-01",
    "delete-01",
    "deploy-01-rollout",
    "deploy-03-set",
    "describe-01-workloads",
    "discovery-01",
    "disruption-01",
    "dryrun-diff-01",
    "errors-01-manifests",
    "errors-02-updates",
    "explain-01",
    "hpa-01",
    "job-01",
    "limits-01",
    "namespaces-01",
    "network-01",
    "nodes-01",
    "patch-01",
    "podsecurity-01",
    "priority-01",
    "quota-01",
    "rbac-01",
    "read-01-outputs",
    "read-03-selectors",
    "serviceaccounts-01",
    "services-01",
    "statefulset-01",
    "storage-01",
    "top-events-01",
    "wait-01",
)
#: Steps that must come within 0.3 s of the one before, while old pods still end; on a busy machine kubectl alone takes longer.
WITHIN_A_MOMENT = {"platform-01-inference": {14}, "statefulset-01": {13}}
SESSIONS = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in THOROUGH)]


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The world the recordings were made in."""
    path = tmp_path_factory.mktemp("recordings") / "kubeconfig"
    with open_api(ApiWorld(recorded_nodes())) as world:
        world.api.write_kubeconfig(path)
        yield path
    # Whatever kubectl did, it can be done again to the same end.
    restored(snapshot_of(world.cluster, world.history))


@pytest.mark.parametrize("name", SESSIONS)
def test_kubectl_prints_what_it_printed_against_real_kubernetes(name: str, kubeconfig: Path, tmp_path: Path) -> None:
    report = replayed(session(name), kubeconfig, tmp_path)
    assert set(report.failures) <= WITHIN_A_MOMENT.get(name, set()), report.text
