"""A NodeClaim's way from its creation to a node that takes pods: launched, registered, initialized; or given up.

Upstream: ``pkg/controllers/nodeclaim/lifecycle`` (``launch.go``, ``registration.go``, ``initialization.go``, ``liveness.go``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wavetank.kube.conditions import Status, is_true
from wavetank.kube.resources import amounts
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.controllers.base import Key
from wavetank.twin.nodes.addresses import SubnetFullError
from wavetank.twin.nodes.machine import Machine
from wavetank.twin.nodes.offers import Ground

from . import names
from .claims import launched, machine_template, requirements_of
from .devices import offered
from .instances import Purchase, purchase
from .live import Live, Loop
from .state import same_taint
from .statuses import with_state, with_summary

#: What CreateFleet takes to answer. An assumption: AWS documents no figure.
LAUNCH_SECONDS = 2.0
#: A machine whose kubelet has not registered by then is given up.
REGISTRATION_SECONDS = 900.0
#: In this order the claim is Ready.
STEPS = ("Launched", "Registered", "Initialized")
NO_CAPACITY = "creating instance, insufficient capacity, with fleet error(s), "


class Lifecycle(Loop):
    """One pass per claim and step; ``nodeclaim.lifecycle`` upstream."""

    name = names.COMPONENT

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._launching: set[str] = set()

    def watch(self) -> None:
        self.on(names.NODE_CLAIMS, self.itself)
        self.on("nodes", self._claim_of_node)

    def all_keys(self) -> list[Key]:
        return [("", claim["metadata"]["name"]) for claim in self.cluster.list(names.NODE_CLAIMS)]

    def _claim_of_node(self, node: Obj) -> Sequence[Key]:
        provider_id = (node.get("spec") or {}).get("providerID")
        claims = self.cluster.list(names.NODE_CLAIMS, where=lambda c: _provider_id(c) == provider_id)
        return [("", claim["metadata"]["name"]) for claim in claims] if provider_id else []

    def work(self, key: Key) -> None:
        claim = self.cluster.find(names.NODE_CLAIMS, *key)
        if claim is None or claim["metadata"].get("deletionTimestamp"):
            return
        if not _provider_id(claim):
            self._begin_launch(claim)
        elif not is_true(claim, "Registered"):
            self._register(claim)
        elif not is_true(claim, "Initialized"):
            self._initialize(claim)

    # --- launch ------------------------------------------------------------------------------------------------------

    def _begin_launch(self, claim: Obj) -> None:
        uid = claim["metadata"]["uid"]
        if uid not in self._launching:
            self._launching.add(uid)
            self.engine.call_later(LAUNCH_SECONDS, lambda: self._launch(claim["metadata"]["name"], uid))

    def _launch(self, name: str, uid: str) -> None:
        self._launching.discard(uid)
        claim = self.cluster.find(names.NODE_CLAIMS, "", name)
        if self._closed or not self.live.is_up() or claim is None or claim["metadata"]["uid"] != uid:
            return
        if claim["metadata"].get("deletionTimestamp") or _provider_id(claim):
            return
        node_class = self.cluster.find(names.NODE_CLASSES, "", claim["spec"]["nodeClassRef"]["name"])
        if node_class is None or not is_true(node_class, "Ready"):
            self._give_up(claim, "NodeClassNotReady", "resolving ec2nodeclass, NodeClass is not ready")
            return
        bought, errors = self._bought(claim, node_class)
        if bought is None:
            told = "; ".join(errors) or "no instance type was available"
            self._give_up(claim, "InsufficientCapacityError", NO_CAPACITY + told)
            return
        ground = self.live.offers.ground(node_class)
        assert ground is not None, "a class whose ground is not known is not ready"
        try:
            machine = self._started(claim, bought, ground)
        except SubnetFullError as error:
            self.live.exhaust(bought.offer.name, bought.offering)
            told = f"InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet '{error}'"
            self._give_up(claim, "InsufficientCapacityError", NO_CAPACITY + told)
            return
        self._write_launched(claim, bought, machine, node_class)

    def _bought(self, claim: Obj, node_class: Obj) -> tuple[Purchase | None, list[str]]:
        """What EC2 gives, past pools that turn out to be empty; those are remembered."""
        wanted, errors = requirements_of(claim), list[str]()
        while True:
            offers = [o for o in self.live.instance_types(node_class) if wanted.of(names.INSTANCE_TYPE).has(o.name)]
            found = purchase(offers, wanted)
            if found is None:
                return None, errors
            why = self.live.offers.refusal(found.offer.name, found.offering)
            if not why:
                return found, errors
            errors.append(why)
            self.live.exhaust(found.offer.name, found.offering)

    def _started(self, claim: Obj, bought: Purchase, ground: Ground) -> Machine:
        subnet = next(s for s in ground.subnets if s.zone == bought.offering.zone)
        images = [i.id for i in ground.images if i.architecture == bought.offer.architecture]
        image = images[0] if images else "ami-0a1b2c3d4e5f67890"
        version = f"{self.cluster.version}.0"
        region = self.live.offers.region
        template = machine_template(claim, bought, subnet, region, image, version)
        capacity, allocatable = (offered(self.cluster, each) for each in (template.capacity, template.allocatable))
        return self.live.fleet.start(replace(template, capacity=capacity, allocatable=allocatable))

    def _write_launched(self, claim: Obj, bought: Purchase, machine: Machine, node_class: Obj) -> None:
        metadata, status = launched(claim, bought, machine, node_class)
        name, kind = claim["metadata"]["name"], bought.offering.capacity_type
        told = f"{bought.offer.name} in {bought.offering.zone}, {kind}, {bought.offering.price_usd_hour} USD/h"
        self.engine.record(names.COMPONENT, "launch", f"nodeclaim/{name}", told)
        live = self.cluster.update({**claim, "metadata": metadata}, manager=names.COMPONENT)
        self._condition({**live, "status": status}, "Launched", "True", "Launched", "")
        self.engine.call_later(REGISTRATION_SECONDS - LAUNCH_SECONDS, lambda: self.enqueue(("", name)))

    def _give_up(self, claim: Obj, reason: str, message: str) -> None:
        name = claim["metadata"]["name"]
        self.live.tell((claim,), "Warning", reason, f"NodeClaim {name} event: {message}", same=("",))
        self.engine.record(names.COMPONENT, "give up", f"nodeclaim/{name}", message)
        self.deleted(names.NODE_CLAIMS, ("", name))

    # --- registration ------------------------------------------------------------------------------------------------

    def _register(self, claim: Obj) -> None:
        node = self._node_of(claim)
        if node is None:
            if self._age_seconds(claim) >= REGISTRATION_SECONDS:
                self.engine.record(
                    names.COMPONENT, "give up", f"nodeclaim/{claim['metadata']['name']}", "not registered"
                )
                self.deleted(names.NODE_CLAIMS, ("", claim["metadata"]["name"]))
            else:
                message = "Node not registered with cluster"
                self._condition(claim, "Registered", "Unknown", "NodeNotFound", message)
            return
        metadata = node["metadata"]
        self.cluster.modify("nodes", "", metadata["name"], lambda live: _registered(live, claim))
        self.engine.record(names.COMPONENT, "register", f"nodeclaim/{claim['metadata']['name']}", metadata["name"])
        status = {**(claim.get("status") or {}), "nodeName": metadata["name"]}
        self._condition({**claim, "status": status}, "Registered", "True", "Registered", "")

    def _node_of(self, claim: Obj) -> Obj | None:
        provider_id = _provider_id(claim)
        found = self.cluster.list("nodes", where=lambda n: (n.get("spec") or {}).get("providerID") == provider_id)
        return found[0] if found else None

    def _age_seconds(self, claim: Obj) -> float:
        return (self.now - parse(claim["metadata"]["creationTimestamp"])).total_seconds()

    # --- initialization ----------------------------------------------------------------------------------------------

    def _initialize(self, claim: Obj) -> None:
        node = self._node_of(claim)
        why = _not_initialized(claim, node)
        if why is not None:
            self._condition(claim, "Initialized", "Unknown", *why)
            return
        assert node is not None, "an initialized claim has a node"
        name = node["metadata"]["name"]
        self.cluster.modify("nodes", "", name, lambda live: _labelled(live, names.INITIALIZED))
        self.engine.record(names.COMPONENT, "initialize", f"nodeclaim/{claim['metadata']['name']}", name)
        self._condition(claim, "Initialized", "True", "Initialized", "")

    # --- conditions --------------------------------------------------------------------------------------------------

    def _condition(self, claim: Obj, kind: str, status: Status, reason: str, message: str) -> None:
        """Set one condition, and Ready from all of them."""
        known = claim.get("status") or {}
        conditions = with_state(known.get("conditions"), kind, status, self.now, reason, message)
        conditions = with_summary(conditions, STEPS, self.now)
        stored = self.cluster.get(names.NODE_CLAIMS, "", claim["metadata"]["name"])
        self.write_status(stored, {**known, "conditions": conditions})


def _provider_id(claim: Obj) -> str:
    return str((claim.get("status") or {}).get("providerID") or "")


def _registered(node: Obj, claim: Obj) -> Obj:
    """The node with what its claim says of it, and free to take pods as far as Karpenter is concerned."""
    metadata, spec, wanted = node["metadata"], node.get("spec") or {}, claim["metadata"]
    taints = [t for t in spec.get("taints") or () if not same_taint(t, names.UNREGISTERED)]
    declared = [*(claim["spec"].get("taints") or ()), *(claim["spec"].get("startupTaints") or ())]
    taints += [t for t in declared if not any(same_taint(t, known) for known in taints)]
    owner = {"apiVersion": claim["apiVersion"], "kind": "NodeClaim", "blockOwnerDeletion": True}
    owner |= {"name": wanted["name"], "uid": wanted["uid"]}
    finalizers = [f for f in metadata.get("finalizers") or () if f != names.FINALIZER]
    changed = {
        **metadata,
        "labels": {**(metadata.get("labels") or {}), **(wanted.get("labels") or {}), names.REGISTERED: "true"},
        "annotations": {**(metadata.get("annotations") or {}), **(wanted.get("annotations") or {})},
        "ownerReferences": [*(metadata.get("ownerReferences") or ()), owner],
        "finalizers": [*finalizers, names.FINALIZER],
    }
    kept = {key: value for key, value in spec.items() if key != "taints"}
    return {**node, "metadata": changed, "spec": kept | ({"taints": taints} if taints else {})}


def _labelled(node: Obj, label: str) -> Obj:
    labels = {**(node["metadata"].get("labels") or {}), label: "true"}
    return {**node, "metadata": {**node["metadata"], "labels": labels}}


def _not_initialized(claim: Obj, node: Obj | None) -> tuple[str, str] | None:
    """Reason and message of what is missing; None when nothing is."""
    if node is None:
        return "NodeNotFound", "Node not registered with cluster"
    if not is_true(node, "Ready"):
        return "NodeNotReady", "Node status is NotReady"
    taints = (node.get("spec") or {}).get("taints") or ()
    for what, known in (("StartupTaint", claim["spec"].get("startupTaints")), ("KnownEphemeralTaint", names.EPHEMERAL)):
        found = next((t for t in known or () if any(same_taint(t, other) for other in taints)), None)
        if found is not None:
            return f"{what}sExist", f'{what} "{found["key"]}:{found["effect"]}" still exists'
    offered = amounts((node.get("status") or {}).get("allocatable"))
    for name, units in amounts((claim["spec"].get("resources") or {}).get("requests")).items():
        if units and not offered.get(name):
            return "ResourceNotRegistered", f'Resource "{name}" was requested but not registered'
    return None
