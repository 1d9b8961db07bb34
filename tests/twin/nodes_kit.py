"""Builders for tests of machines and kubelets: a small world in virtual time, pods, and short questions about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions, Machine, MachineTemplate, Resources
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.runtime import Behaviour, Launch, ModelledRuntime

GIB = 1024**3
BOOT_SECONDS = 40.0
#: From binding to the first container's start when nothing is to be pulled: the sandbox.
SANDBOX_SECONDS = 0.5


def template(**changes: Any) -> MachineTemplate:
    values: dict[str, Any] = {
        "instance_type": "t3.medium",
        "zone": "ap-southeast-2a",
        "region": "ap-southeast-2",
        "node_group": "general",
        "subnet_cidr": "10.0.10.0/24",
        "capacity": Resources(2000, 4 * GIB, 17),
        "allocatable": Resources(1930, 3 * GIB, 17),
        "boot_seconds": BOOT_SECONDS,
    }
    return MachineTemplate(**(values | changes))


def container(name: str = "app", **fields: Any) -> Obj:
    return {"name": name, "image": f"registry.example/{name}:1.0", **fields}


def pod(name: str = "web", *containers: Obj, **spec: Any) -> Obj:
    """A pod; its uid is filled by the cluster."""
    full = {"containers": list(containers) or [container()], "restartPolicy": "Always"} | spec
    full.setdefault("terminationGracePeriodSeconds", 30)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": full}


class World:
    """One cluster with one machine that has booted two hours ago, so that no probe starts with a random delay."""

    def __init__(
        self,
        behaviour_of: Callable[[Launch], Behaviour] | None = None,
        *,
        registry: Registry | None = None,
        options: FleetOptions | None = None,
        **machine: Any,
    ) -> None:
        self.engine = Engine(seed=1)
        self.cluster = Cluster(self.engine)
        for name in ("default", "kube-system", "kube-node-lease"):
            if self.cluster.find("namespaces", "", name) is None:
                self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if self.cluster.find("serviceaccounts", "default", "default") is None:
            metadata = {"name": "default", "namespace": "default"}
            self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        runtime = ModelledRuntime(self.engine, behaviour_of) if behaviour_of else ModelledRuntime(self.engine)
        instant = Registry(size_bytes=0, check_seconds=0.0)
        self.fleet = Fleet(self.cluster, runtime, options or FleetOptions(registry=registry or instant))
        self.machine: Machine = self.fleet.start(template(**machine))
        self.engine.run_until(7200.0)
        self.start = self.engine.now

    def run(self, obj: Obj) -> Obj:
        """Create a pod that is bound to the machine already."""
        spec = {**obj["spec"], "nodeName": self.machine.name}
        return self.cluster.create({**obj, "spec": spec})

    def after(self, seconds: float) -> None:
        """Go to that many seconds after the world was ready."""
        self.engine.run_until(self.start + seconds)

    def pod(self, name: str = "web") -> Obj:
        return self.cluster.get("pods", "default", name)

    def container(self, name: str = "app", pod: str = "web") -> Obj:
        status = self.pod(pod)["status"]
        both = [*status.get("initContainerStatuses", ()), *status["containerStatuses"]]
        found: Obj = next(c for c in both if c["name"] == name)
        return found

    def conditions(self, pod: str = "web") -> dict[str, str]:
        return {c["type"]: c["status"] for c in self.pod(pod)["status"]["conditions"]}

    def ready(self, pod: str = "web") -> bool:
        return self.conditions(pod)["Ready"] == "True"

    def events(self, reason: str = "") -> list[Obj]:
        return self.cluster.list("events", where=lambda e: reason in ("", e["reason"]))

    def reasons(self) -> list[str]:
        about_pods = [e for e in self.events() if e["involvedObject"]["kind"] == "Pod"]
        return [e["reason"] for e in about_pods]

    def messages(self, reason: str) -> list[str]:
        return [e["message"] for e in self.events(reason)]
