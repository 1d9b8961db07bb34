"""A cluster with Karpenter in virtual time: a machine for the system, offers whose prices are easy to add up, builders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components import install
from wavetank.twin.components.karpenter import Karpenter
from wavetank.twin.controllers import start_controllers
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions, MachineTemplate, Resources
from wavetank.twin.nodes.interruptions import Interruptions
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.offers import GivenOffers, Ground, Image, InstanceOffer, Offering, Subnet
from wavetank.twin.nodes.runtime import ModelledRuntime
from wavetank.twin.scheduler import Scheduler

GIB = 1024**3
ZONES = ("us-west-2a", "us-west-2b")
BOOT_SECONDS = 30.0
#: When the system, Karpenter included, has come up.
UP_SECONDS = 60.0
SPOT_PART = Decimal("0.4")


def offer(
    name: str, cpu: int, gib: int, price: str, *, zones: Sequence[str] = ZONES, spot: bool = True, **more: Any
) -> InstanceOffer:
    """A type whose nodes keep 100m of cpu and 1 GiB of memory for themselves; spot costs four tenths."""
    family, _, size = name.partition(".")
    offerings = [Offering(zone, "on-demand", Decimal(price)) for zone in zones]
    offerings += [Offering(zone, "spot", Decimal(price) * SPOT_PART) for zone in zones if spot]
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "karpenter.k8s.aws/instance-family": family,
        "karpenter.k8s.aws/instance-size": size,
        "karpenter.k8s.aws/instance-category": family[0],
        "karpenter.k8s.aws/instance-generation": "".join(filter(str.isdigit, family)),
        "karpenter.k8s.aws/instance-cpu": str(cpu),
        "karpenter.k8s.aws/instance-memory": str(gib * 1024),
    }
    return InstanceOffer(
        name=name,
        capacity=Resources(cpu * 1000, gib * GIB, more.pop("pods", 58), extended=more.pop("extended", {})),
        offerings=tuple(offerings),
        labels=labels | more.pop("labels", {}),
        kube_reserved={"cpu": 100, "memory": GIB - 100 * 1024**2},
        boot_seconds=BOOT_SECONDS,
        **more,
    )


TYPES = (
    offer("c7.large", 2, 4, "0.08"),
    offer("m7.large", 2, 8, "0.10"),
    offer("m7.xlarge", 4, 16, "0.20"),
    offer("m7.2xlarge", 8, 32, "0.40"),
    offer("r7.xlarge", 4, 32, "0.26"),
)
GROUND = Ground(
    tuple(Subnet(f"subnet-{zone[-1]}", zone, f"10.0.{10 + i}.0/24") for i, zone in enumerate(ZONES)),
    ("sg-1",),
    (Image("ami-1", "amazon-linux-2023", "amd64"),),
)


def pod(name: str, cpu: str = "100m", memory: str = "128Mi", *, namespace: str = "default", **spec: Any) -> Obj:
    metadata: Obj = {"name": name, "namespace": namespace}
    for key in ("labels", "annotations"):
        if key in spec:
            metadata[key] = spec.pop(key)
    resources = spec.pop("requests", {}) | {"cpu": cpu, "memory": memory}
    main = {"name": "app", "image": "registry.example/app:1", "resources": {"requests": resources}}
    main |= {"ports": spec.pop("ports")} if "ports" in spec else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [main], **spec}}


def deployment(name: str, replicas: int, cpu: str = "100m", memory: str = "128Mi", **spec: Any) -> Obj:
    template = pod(name, cpu, memory, labels={"app": name}, **spec)
    metadata = {k: v for k, v in template["metadata"].items() if k in ("labels", "annotations")}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": metadata, "spec": template["spec"]},
        },
    }


def node_pool(name: str = "default", requirements: Sequence[Obj] = (), **spec: Any) -> Obj:
    """``template`` fields: taints, startupTaints, expireAfter, labels; the rest belongs to the pool."""
    template: Obj = {"nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}}
    template["requirements"] = list(requirements) or [expression("karpenter.sh/capacity-type", "In", "on-demand")]
    for key in ("taints", "startupTaints", "expireAfter", "terminationGracePeriod"):
        if key in spec:
            template[key] = spec.pop(key)
    metadata = {"labels": spec.pop("labels")} if "labels" in spec else {}
    disruption = {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "30s"}
    disruption |= spec.pop("disruption", {})
    full = {"template": {"metadata": metadata, "spec": template}, "disruption": disruption, **spec}
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": full}


def expression(key: str, operator: str, *values: str, **more: Any) -> Obj:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {}), **more}


def node_class(name: str = "default", **spec: Any) -> Obj:
    tags = {"tags": {"karpenter.sh/discovery": "test"}}
    full = {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": "node",
        "subnetSelectorTerms": [tags],
        "securityGroupSelectorTerms": [tags],
        **spec,
    }
    return {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": name}, "spec": full}


class World:
    """Runs until Karpenter is up; then ``after(seconds)`` counts from there."""

    def __init__(
        self, types: Sequence[InstanceOffer] = TYPES, *, settings: Mapping[str, Any] | None = None, seed: int = 1
    ) -> None:
        self.engine = Engine(seed=seed)
        self.cluster = new_cluster(self.engine)
        registry = Registry(size_bytes=0, check_seconds=0.0)
        self.fleet = Fleet(self.cluster, ModelledRuntime(self.engine), FleetOptions(registry=registry))
        self.offers = GivenOffers(types, GROUND)
        self.interruptions = Interruptions(self.fleet)
        start_controllers(self.cluster, heartbeats=self.fleet.last_heartbeat_seconds)
        Scheduler(self.cluster).start()
        self.karpenter = Karpenter(self.cluster, self.fleet, self.offers, self.interruptions)
        self.fleet.start(_system())
        here = {"nodeSelector": {"role": "system"}, "tolerations": [{"operator": "Exists"}]}
        values = {"replicas": 1, "settings": dict(settings or {}), **here}
        install(self.cluster, "karpenter", "1.10.0", values)
        self.engine.run_until(UP_SECONDS)
        assert self.karpenter.live.is_up(), "Karpenter did not come up"

    def after(self, seconds: float) -> None:
        self.engine.run_until(UP_SECONDS + seconds)

    def create(self, *objects: Obj) -> None:
        for obj in objects:
            self.cluster.create(obj)

    def scale(self, name: str, replicas: int) -> None:
        self.cluster.set_replicas("deployments.apps", "default", name, replicas)

    @property
    def claims(self) -> list[Obj]:
        return self.cluster.list("nodeclaims.karpenter.sh")

    @property
    def nodes(self) -> list[Obj]:
        """Karpenter's."""
        return self.cluster.list("nodes", where=lambda n: "karpenter.sh/nodepool" in n["metadata"]["labels"])

    @property
    def types(self) -> list[str]:
        return sorted(claim["metadata"]["labels"]["node.kubernetes.io/instance-type"] for claim in self.claims)

    def pods(self, app: str = "") -> list[Obj]:
        def mine(each: Obj) -> bool:
            return each["metadata"]["namespace"] == "default" and (
                not app or (each["metadata"].get("labels") or {}).get("app") == app
            )

        return self.cluster.list("pods", where=mine)

    def pending(self) -> list[str]:
        return [p["metadata"]["name"] for p in self.pods() if not p["spec"].get("nodeName")]

    def events(self, reason: str) -> list[str]:
        """Messages of Karpenter's events with this reason, in the order of their first time."""
        found = self.cluster.list(
            "events", where=lambda e: e["reason"] == reason and e["source"].get("component") == "karpenter"
        )
        return [event["message"] for event in found]

    def journal(self, action: str) -> list[float]:
        """When Karpenter did something, in seconds after it was up."""
        return [
            round(e.seconds - UP_SECONDS, 3)
            for e in self.engine.journal
            if e.actor == "karpenter" and e.action == action
        ]


def _system() -> MachineTemplate:
    return MachineTemplate(
        instance_type="m5.large",
        zone=ZONES[0],
        region="us-west-2",
        node_group="system",
        subnet_cidr="10.0.1.0/24",
        capacity=Resources(4000, 8 * GIB, 29),
        allocatable=Resources(3900, 7 * GIB, 29),
        labels={"role": "system"},
        taints=(),
        boot_seconds=5.0,
    )


def keep_off_the_system(world: World) -> None:
    """Only pods that tolerate everything run on the system's machine."""
    name = next(
        n["metadata"]["name"] for n in world.cluster.list("nodes", where=lambda n: n["metadata"]["labels"].get("role"))
    )

    def tainted(live: Obj) -> Obj:
        return {**live, "spec": {**live["spec"], "taints": [{"key": "system", "effect": "NoSchedule"}]}}

    world.cluster.modify("nodes", "", name, tainted)


def ready_world(*pools: Obj, **more: Any) -> World:
    """Karpenter with pools (one of the standard kind, if none) and their class."""
    world = World(**more)
    keep_off_the_system(world)
    world.create(node_class(), *(pools or (node_pool(),)))
    world.after(5.0)
    return world
