"""Whatever happens to pods, machines, offers and Karpenter: when it is over every pod has a place, no machine is forgotten."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from karpenter_kit import TYPES, ZONES, World, deployment, expression, node_pool, ready_world

from wavetank.kube.types import Obj

BOTH = [expression("karpenter.sh/capacity-type", "In", "spot", "on-demand")]
STEPS, REST_SECONDS = 40, 3600.0


class Turmoil:
    """A world in which a seed decides what happens next."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.apps = 0
        budget = {"nodes": self.random.choice(["1", "50%", "100%"])}
        rest = self.random.choice(["0s", "15s"])
        first = node_pool(requirements=BOTH, disruption={"budgets": [budget], "consolidateAfter": rest})
        heavy = [expression("karpenter.k8s.aws/instance-family", "In", "m7", "r7")]
        second = node_pool("second", heavy, weight=self.random.choice([1, 50]))
        gates = {"spotToSpotConsolidation": self.random.random() < 0.5}
        self.world: World = ready_world(
            first, second, settings={"interruptionQueue": "q", "featureGates": gates}, seed=seed
        )
        self.seconds = 5.0

    def run(self) -> None:
        happenings = [self.deploy, self.deploy, self.scale, self.scale, self.delete_node, self.delete_claim]
        happenings += [self.interrupt, self.exhaust, self.restart, self.fail_machine, self.stop_machine]
        for _ in range(STEPS):
            self.seconds += self.random.choice([0.5, 3.0, 11.0, 40.0, 70.0])
            self.world.after(self.seconds)
            self.random.choice(happenings)()
        self.world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 1)
        self.world.offers.exhausted.clear()
        self.world.after(self.seconds + REST_SECONDS)

    def deploy(self) -> None:
        app, draw = f"d{self.apps}", self.random
        self.apps += 1
        selector: Obj = {"labelSelector": {"matchLabels": {"app": app}}}
        spread = {"topologyKey": ZONE, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **selector}
        apart = {"podAntiAffinity": {REQUIRED: [{"topologyKey": "kubernetes.io/hostname", **selector}]}}
        more: dict[str, Any] = draw.choice([{}, {}, {"topologySpreadConstraints": [spread]}, {"affinity": apart}])
        cpu, memory = f"{draw.randrange(1, 30) * 100}m", f"{draw.randrange(1, 20) * 256}Mi"
        self.world.create(deployment(app, draw.randrange(1, 6), cpu, memory, **more))

    def scale(self) -> None:
        if self.apps:
            self.world.scale(f"d{self.random.randrange(self.apps)}", self.random.randrange(6))

    def delete_node(self) -> None:
        self._delete("nodes", self.world.nodes)

    def delete_claim(self) -> None:
        self._delete("nodeclaims.karpenter.sh", self.world.claims)

    def _delete(self, key: str, found: list[Obj]) -> None:
        if found:
            self.world.cluster.delete(key, "", self.random.choice(found)["metadata"]["name"])

    def interrupt(self) -> None:
        for node in self.world.nodes[:1]:
            if self.world.fleet.instance_of(node["metadata"]["name"]) is not None:
                self.world.interruptions.interrupt(node["metadata"]["name"])

    def exhaust(self) -> None:
        gone = self.world.offers.exhausted
        every = [(t.name, zone, kind) for t in TYPES for zone in ZONES for kind in ("spot", "on-demand")]
        if gone:
            gone.clear()
        else:
            gone.update(each for each in every if self.random.random() < 0.5)

    def restart(self) -> None:
        self.world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", self.random.choice([0, 1, 1]))

    def fail_machine(self) -> None:
        for machine in self._machines()[:1]:
            self.world.fleet.fail(machine)

    def stop_machine(self) -> None:
        for machine in self._machines()[-1:]:
            self.world.fleet.stop(machine)

    def _machines(self) -> list[str]:
        return [machine.name for machine in self.world.fleet.machines if not machine.template.node_group]


ZONE = "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_everything_finds_its_place_again(seed: int) -> None:
    turmoil = Turmoil(seed)
    turmoil.run()
    world = turmoil.world
    assert world.pending() == []
    assert not [claim for claim in world.claims if claim["metadata"].get("deletionTimestamp")]
    known = {claim["status"]["providerID"] for claim in world.claims}
    machines = [machine for machine in world.fleet.instances if not machine.template.node_group]
    assert {machine.provider_id for machine in machines} == known
    assert len(world.nodes) == len(known)


def test_a_name_is_free_only_when_its_node_is_gone() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    name = world.nodes[0]["metadata"]["name"]
    world.cluster.modify("nodes", "", name, kept_by("example.com/hold"))
    world.fleet.stop(name)
    world.after(400.0)
    template = next(machine.template for machine in world.fleet.machines if not machine.template.node_group)
    started = {world.fleet.start(template).name for _ in range(100)}
    assert world.cluster.find("nodes", "", name) is not None
    assert name not in started


def kept_by(finalizer: str) -> Any:
    def kept(live: Obj) -> Obj:
        return {**live, "metadata": {**live["metadata"], "finalizers": [*live["metadata"]["finalizers"], finalizer]}}

    return kept
