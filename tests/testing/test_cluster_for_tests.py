"""``wavetank.testing``: a cluster within milliseconds, whose time the test moves, and which leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wavetank import testing
from wavetank.base.errors import InputError
from wavetank.kube.types import Obj

pytest_plugins = ["wavetank.testing.plugin"]

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.com/web:1"}]}
"""


def ready(cluster: testing.Cluster) -> Callable[[], bool]:
    return lambda: cluster.objects.get("deployment", "web").get("status", {}).get("readyReplicas") == 2


def pod(name: str, **spec: Any) -> Obj:
    containers = [{"name": "main", "image": "example.com/main:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def test_a_deployment_becomes_ready_in_the_cluster_s_time_and_within_real_milliseconds(
    wavetank_cluster: testing.Cluster,
) -> None:
    wavetank_cluster.objects.apply(DEPLOYMENT)
    before = time.monotonic()
    assert wavetank_cluster.wait_until(ready(wavetank_cluster))
    assert time.monotonic() - before < 5
    assert wavetank_cluster.seconds > 2


def test_time_passes_only_when_the_test_says_so(wavetank_cluster: testing.Cluster) -> None:
    moment = wavetank_cluster.now
    time.sleep(0.3)
    assert wavetank_cluster.now == moment
    wavetank_cluster.advance(3600)
    assert wavetank_cluster.now == moment + timedelta(hours=1)


USERS_TESTS = """
import pytest

@pytest.mark.wavetank(nodes=2)
class TestMine:
    def test_nodes(self, wavetank_cluster):
        assert len(wavetank_cluster.objects.list("nodes")) == 2

    @pytest.mark.wavetank(kubelet="scripted", version="1.34")
    def test_more(self, wavetank_cluster, wavetank_clusters):
        assert len(wavetank_cluster.objects.list("nodes")) == 2
        assert wavetank_cluster.twin.options.version == "1.34"
"""


def test_users_of_pytest_load_the_plugin_and_say_with_a_marker_how_the_cluster_is_made(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["wavetank.testing.plugin"]\n')
    (tmp_path / "test_mine.py").write_text(USERS_TESTS)
    words = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "2 passed" in done.stdout, done.stdout


def test_several_clusters_run_beside_each_other(wavetank_clusters: Callable[..., testing.Cluster]) -> None:
    one, two = wavetank_clusters(nodes=1), wavetank_clusters(nodes=2, version="1.33")
    one.objects.create(pod("here"))
    assert one.url != two.url
    assert two.objects.find("pod", "here") is None
    assert len(two.objects.list("no")) == 2


def test_the_official_client_works_as_it_is(wavetank_cluster: testing.Cluster) -> None:
    kubernetes: Any = pytest.importorskip("kubernetes").client
    core = kubernetes.CoreV1Api(wavetank_cluster.client())
    core.create_namespaced_config_map("default", {"metadata": {"name": "told"}, "data": {"a": "b"}})
    assert wavetank_cluster.objects.get("configmap", "told")["data"] == {"a": "b"}


def test_a_pod_that_fits_nowhere_is_named_with_the_reason_when_waiting_was_in_vain(
    wavetank_cluster: testing.Cluster,
) -> None:
    wavetank_cluster.objects.create(pod("picky", nodeSelector={"disk": "ssd"}))
    with pytest.raises(TimeoutError, match=r"default/picky has no node: all 3 nodes refuse it: .*affinity/selector"):
        wavetank_cluster.wait_until(lambda: False, timeout_seconds=30)


def test_containers_behave_as_the_test_says() -> None:
    def behaviour(launch: testing.Launch) -> testing.Behaviour:
        return testing.Behaviour(exit_after_seconds=5, exit=testing.Exit(3, "Error"))

    with testing.cluster(nodes=1, behaviour_of=behaviour) as cluster:
        cluster.objects.create(pod("crash"))
        status = cluster.wait_until(lambda: restarted(cluster.objects.get("pod", "crash")))
        assert status["lastState"]["terminated"]["exitCode"] == 3


def restarted(found: Obj) -> Obj | None:
    statuses = found.get("status", {}).get("containerStatuses") or [{}]
    first: Obj = statuses[0]
    return first if first.get("restartCount", 0) > 1 else None


def test_refusals_are_those_of_the_api(wavetank_cluster: testing.Cluster) -> None:
    with pytest.raises(testing.ApiError, match=r"spec\.containers: Required value"):
        wavetank_cluster.objects.create(pod("none", containers=[]))
    with pytest.raises(testing.ApiError, match=r'unknown field "spec\.nodeSelektor"'):
        wavetank_cluster.objects.create(pod("typo", nodeSelektor={}))
    with pytest.raises(LookupError, match="no kind 'gadget'"):
        wavetank_cluster.objects.list("gadget")


def test_objects_can_be_patched_updated_and_deleted(wavetank_cluster: testing.Cluster) -> None:
    objects = wavetank_cluster.objects
    objects.apply(DEPLOYMENT)
    assert objects.patch("deploy", "web", {"spec": {"replicas": 5}})["spec"]["replicas"] == 5
    live = objects.get("deployments.apps", "web")
    live["metadata"]["labels"] = {"team": "a"}
    objects.update(live)
    assert [o["metadata"]["name"] for o in objects.list("Deployment", labels="team=a")] == ["web"]
    objects.delete("deployment", "web")
    assert objects.find("deployment", "web") is None


def test_a_cluster_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads = set(threading.enumerate())
    with testing.cluster() as cluster:
        assert cluster.kubeconfig_path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) == threads


def test_the_same_test_gives_the_same_journal_twice() -> None:
    def journal() -> list[str]:
        with testing.cluster(seed=4, epoch=datetime(2026, 1, 1, tzinfo=UTC)) as cluster:
            cluster.objects.apply(DEPLOYMENT)
            cluster.advance(120)
            return cluster.journal()

    assert journal() == journal()


@pytest.mark.parametrize("speed", [0, 50])
def test_a_bug_of_ours_fails_the_test_and_says_whose_it_is(speed: float) -> None:
    def break_down() -> None:
        raise ZeroDivisionError("ours")

    def live() -> None:
        with testing.cluster(speed=speed) as cluster:
            cluster.twin.call(lambda: cluster.twin.world.engine.call_later(1, break_down))
            cluster.wait_until(lambda: False, timeout_seconds=5)

    with pytest.raises(AssertionError, match="a bug of wavetank's") as caught:
        live()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_cannot_be_is_said_at_once() -> None:
    with pytest.raises(InputError, match=r'Kubernetes "1\.12" is not supported'), testing.cluster(version="1.12"):
        pass
    with (
        pytest.raises(InputError, match='"ssd" is not an amount'),
        testing.cluster(nodes=[{"name": "a", "capacity": {"cpu": "ssd", "memory": "1Gi"}}]),
    ):
        pass


def test_a_running_clock_runs_by_itself_and_can_be_moved_ahead(
    wavetank_clusters: Callable[..., testing.Cluster],
) -> None:
    cluster = wavetank_clusters(speed=50)
    cluster.objects.apply(DEPLOYMENT)
    assert cluster.wait_until(ready(cluster), timeout_seconds=20)
    before = cluster.seconds
    cluster.advance(1000)
    assert cluster.seconds >= before + 1000
