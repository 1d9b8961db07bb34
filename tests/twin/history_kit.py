"""A rich scenario for tests of histories: everything a cluster does, driven by a script of calls at virtual times.

Run as a program it writes its journals: ``python history_kit.py FILE SEED``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld, KubeletKind, usual_nodes
from wavetank.twin.cluster import Call, Cluster, User

#: Whoever comes over HTTP looks like this to the cluster.
PERSON = Call(User("admin", ("system:masters", "system:authenticated"), "1"), "kubectl-create", external=True)
NAMESPACE = "shop"
KUBELETS: tuple[KubeletKind, ...] = ("scripted", "modelled")


@dataclass(frozen=True)
class Step:
    """One call from outside at a virtual time."""

    seconds: float
    act: Callable[[BareWorld], object]


def pod_template(labels: Obj, *, cpu: str = "100m", restart: str = "Always", annotations: Obj | None = None) -> Obj:
    resources = {"requests": {"cpu": cpu, "memory": "64Mi"}}
    containers = [{"name": "main", "image": "registry.example/app:1", "resources": resources}]
    metadata: Obj = {"labels": labels, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"containers": containers, "restartPolicy": restart}}


def workload(kind: str, name: str, replicas: int = 3, cpu: str = "100m") -> Obj:
    labels = {"app": name}
    spec: Obj = {"selector": {"matchLabels": labels}, "template": pod_template(labels, cpu=cpu)}
    if kind != "DaemonSet":
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def job(name: str, completions: int = 4) -> Obj:
    template = pod_template({"job": name}, restart="Never", annotations={"fake/completes": "7"})
    spec = {"completions": completions, "parallelism": 2, "template": template}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def cron_job(name: str) -> Obj:
    spec = {"schedule": "*/1 * * * *", "jobTemplate": {"spec": job(name)["spec"]}}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}


def autoscaler(target: str) -> Obj:
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 6, "metrics": [metric]}
    metadata = {"name": target, "namespace": NAMESPACE}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def named(kind: str, name: str, spec: Obj, api_version: str = "v1") -> Obj:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def refused(act: Callable[[Cluster], object]) -> Callable[[BareWorld], None]:
    """What the API refuses is an input, too."""

    def attempt(world: BareWorld) -> None:
        try:
            act(world.cluster)
        except ApiError:
            return
        raise AssertionError("the API should have refused this")

    return attempt


def create(obj: Obj) -> Callable[[BareWorld], object]:
    return lambda world: world.cluster.create(obj, call=PERSON)


def _new_image(cluster: Cluster) -> object:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.example/app:2"}]}}}}
    deployments = cluster.resource("deployments.apps")
    return cluster.patch(deployments, NAMESPACE, "web", body, "strategic", call=PERSON)


def _applied(cluster: Cluster) -> object:
    body = named("ConfigMap", "settings", {})
    body = {**{k: v for k, v in body.items() if k != "spec"}, "data": {"mode": "fast"}}
    return cluster.patch(cluster.resource("configmaps"), NAMESPACE, "settings", body, "apply", call=PERSON)


def _lost_node(world: BareWorld) -> object:
    if world.fleet is not None:
        return world.history.perform("fail-machine", node_name="node-2")
    return world.cluster.delete("nodes", "", "node-2", call=PERSON)


def script() -> Iterator[Step]:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    yield Step(1.0, create(namespace))
    yield Step(1.3, create(workload("Deployment", "web", 4)))
    yield Step(1.3, create(workload("StatefulSet", "db", 2)))
    yield Step(1.7, create(workload("DaemonSet", "agent")))
    yield Step(2.1, create(named("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80}]})))
    yield Step(3.0, create(job("once")))
    yield Step(3.5, create(cron_job("often")))
    yield Step(5.0, refused(lambda cluster: cluster.create(workload("Deployment", "web"), call=PERSON)))
    yield Step(5.5, refused(lambda cluster: cluster.create(named("Service", "bad", {"ports": []}), call=PERSON)))
    yield Step(8.0, create(autoscaler("web")))
    yield Step(8.5, lambda world: _applied(world.cluster))
    yield Step(12.0, lambda world: _new_image(world.cluster))
    yield Step(
        15.0,
        create(
            named(
                "PodDisruptionBudget",
                "web",
                {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
                "policy/v1",
            )
        ),
    )
    yield Step(20.0, create(workload("Deployment", "huge", 2, cpu="64")))
    yield Step(25.0, lambda world: world.cluster.set_replicas("deployments.apps", NAMESPACE, "web", 6, call=PERSON))
    yield Step(30.0, _lost_node)
    yield Step(45.0, lambda world: world.cluster.evict(NAMESPACE, "db-0", call=PERSON))
    yield Step(60.0, lambda world: world.cluster.issue_token(NAMESPACE, "default", {"spec": {}}))
    yield Step(90.0, lambda world: world.cluster.delete("deployments.apps", NAMESPACE, "web", call=PERSON))
    yield Step(130.0, lambda world: world.cluster.delete("namespaces", "", NAMESPACE, call=PERSON))


END_SECONDS = 180.0
EPOCH = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def new_world(seed: int = 0, kubelet: KubeletKind = "scripted") -> BareWorld:
    components = ("metrics-server",) if kubelet == "modelled" else ()
    return BareWorld(
        BareOptions(
            nodes=usual_nodes(4), seed=seed, kubelet=kubelet, tie_break="random", epoch=EPOCH, components=components
        )
    )


def go_on(world: BareWorld, until_seconds: float) -> BareWorld:
    """Run the script from the world's present to a time, that time's own steps left for whoever goes on."""
    begin = world.engine.now
    for step in script():
        if begin <= step.seconds < until_seconds:
            world.engine.run_until(step.seconds)
            step.act(world)
    world.engine.run_until(until_seconds)
    return world


def journal(world: BareWorld) -> str:
    return "".join(f"{entry}\n" for entry in world.engine.journal)


if __name__ == "__main__":
    done = [go_on(new_world(int(sys.argv[2]), kubelet), END_SECONDS) for kubelet in KUBELETS]
    Path(sys.argv[1]).write_text("".join(map(journal, done)))
