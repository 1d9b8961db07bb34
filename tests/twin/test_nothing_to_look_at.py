"""What is left out because nothing can have changed changes nothing: the same journal with and without the shortcuts."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld, usual_nodes
from wavetank.twin.controllers.hpa import HorizontalPodAutoscalerController
from wavetank.twin.nodes.kubelet.prober import ProbeWorker
from wavetank.twin.nodes.runtime.modelled import Behaviour
from wavetank.twin.nodes.runtime.port import Exit, Launch

LABELS = {"app": "web"}


def busy(launch: Launch) -> Behaviour:
    """Half an hour of rising and falling load, in steps of five minutes; the second start of a container ends by itself."""
    ends = 1800.0 if launch.container["name"] == "web" and launch.restart_count == 1 else None
    load = (60.0, 60.0, 180.0, 150.0, 90.0, 20.0)
    return Behaviour(
        cpu_milli=lambda seconds: load[int(seconds // 300) % 6], exit_after_seconds=ends, exit=Exit(1, "Error")
    )


def deployment() -> Obj:
    probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 7}
    container = {
        "name": "web",
        "image": "web:1",
        "resources": {"requests": {"cpu": "100m"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
        "startupProbe": probe,
    }
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": spec,
    }


def autoscaler(behavior: Obj | None) -> Obj:
    target = {"type": "Utilization", "averageUtilization": 60}
    spec: Obj = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 2,
        "maxReplicas": 8,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    metadata = {"name": "web", "namespace": "default"}
    if behavior is not None:
        spec["behavior"] = behavior
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def two_hours(behavior: Obj | None = None) -> BareWorld:
    options = BareOptions(
        nodes=usual_nodes(4),
        epoch=datetime(2026, 1, 1, tzinfo=UTC),
        speed=math.inf,
        components=("metrics-server",),
        behaviour_of=busy,
    )
    world = BareWorld(options)
    world.engine.run_for(30)
    world.cluster.create(deployment())
    world.cluster.create(autoscaler(behavior))
    world.engine.run_for(3600)
    pod = next(p for p in world.cluster.list("pods", "default"))
    assert world.fleet is not None
    kubelet = world.fleet.kubelet_of(pod["spec"]["nodeName"])
    assert kubelet is not None
    process = kubelet.workers[pod["metadata"]["uid"]].records["web"].process
    assert process is not None
    process.kill()
    world.engine.run_for(3600)
    return world


SLOW = {
    "scaleDown": {"stabilizationWindowSeconds": 400, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}
}


@pytest.mark.parametrize("behavior", [None, SLOW], ids=["usual behaviour", "slow to shrink"])
def test_an_autoscaler_that_rests_does_what_it_would_do_awake(
    behavior: Obj | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    resting = two_hours(behavior)
    monkeypatch.setattr(HorizontalPodAutoscalerController, "_is_resting", lambda self, key, hpa: False)
    awake = two_hours(behavior)
    assert [str(e) for e in resting.engine.journal] == [str(e) for e in awake.engine.journal]
    assert any("SuccessfulRescale" in entry.detail for entry in awake.engine.journal)


def test_probes_that_rest_find_what_they_would_find(monkeypatch: pytest.MonkeyPatch) -> None:
    resting = two_hours()
    monkeypatch.setattr(ProbeWorker, "_may_rest", lambda self: False)
    awake = two_hours()
    # What a restarted container's probe finds has the restart as its cause, not the pod's first start.
    assert [e._replace(because=0) for e in resting.engine.journal] == [
        e._replace(because=0) for e in awake.engine.journal
    ]
    assert resting.engine.executed < awake.engine.executed / 2
