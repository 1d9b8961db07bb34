"""Rules of workloads that the recordings do not show, each as upstream has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.types import Obj
from wavetank.twin.controllers.pods import DELETION_COST, deletion_order

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stateful_set(**spec: Any) -> Obj:
    labels = {"app": "db"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "db:1"}]}}
    full = {"serviceName": "db", "selector": {"matchLabels": labels}, "template": template, "replicas": 2, **spec}
    metadata = {"name": "db", "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": full}


def with_image(made: Bench, image: str) -> None:
    def changed(live: Obj) -> Obj:
        template = live["spec"]["template"]
        spec = {**template["spec"], "containers": [{**template["spec"]["containers"][0], "image": image}]}
        return {**live, "spec": {**live["spec"], "template": {**template, "spec": spec}}}

    made.cluster.modify("statefulsets.apps", NAMESPACE, "db", changed)


def status(made: Bench) -> Obj:
    found: Obj = made.cluster.get("statefulsets.apps", NAMESPACE, "db")["status"]
    return found


def test_on_delete_replaces_pods_only_by_hand_and_never_moves_the_current_revision() -> None:
    made = Bench(PodScript(start=0.1, ready=0.1))
    made.cluster.create(stateful_set(updateStrategy={"type": "OnDelete"}))
    made.engine.run_for(3)
    with_image(made, "db:2")
    made.engine.run_for(3)
    assert {p["spec"]["containers"][0]["image"] for p in made.pods()} == {"db:1"}
    for name in ("db-0", "db-1"):
        made.cluster.delete("pods", NAMESPACE, name)
        made.engine.run_for(3)
    assert {p["spec"]["containers"][0]["image"] for p in made.pods()} == {"db:2"}
    assert status(made)["currentRevision"] != status(made)["updateRevision"]
    assert (status(made)["updatedReplicas"], status(made)["readyReplicas"]) == (2, 2)


def test_a_pod_that_is_going_counts_as_ready_until_it_is_not() -> None:
    made = Bench(PodScript(start=0.1, ready=0.1, stop=20))
    made.cluster.create(stateful_set())
    made.engine.run_for(3)
    made.cluster.delete("pods", NAMESPACE, "db-1")
    made.engine.run_for(3)
    assert (status(made)["replicas"], status(made)["readyReplicas"]) == (2, 2)


def test_jobs_do_not_ask_what_a_deletion_costs() -> None:
    def pod(name: str, cost: str, since: str) -> Obj:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
        metadata = {"name": name, "annotations": {DELETION_COST: cost}, "creationTimestamp": since}
        return {"metadata": metadata, "spec": {"nodeName": "n"}, "status": {"phase": "Running", "conditions": [ready]}}

    cheap, young = pod("cheap", "-5", "2025-12-31T20:00:00Z"), pod("young", "5", "2025-12-31T23:00:00Z")
    assert deletion_order([young, cheap], NOW)[0] is cheap
    assert deletion_order([young, cheap], NOW, coarse=False)[0] is young
