"""All machines of a cluster: they start, boot, join, beat, stop and disappear. Assembled by ``world``.

A beat is computed, not stored: a Lease is written when a machine joins and, with its true last renewal, when it fails; who
wants to know in between (the node lifecycle controller) asks ``last_heartbeat_seconds``. Nothing here schedules pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from wavetank.kube.conditions import status_of
from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339_micro
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .addresses import SubnetAddresses
from .drain import Drain
from .kubelet import Kubelet, Registry
from .kubelet.host import Host
from .kubelet.images import ImageStore
from .kubelet.memory import EvictionSettings
from .kubelet.volumes import CreateToken
from .machine import Machine, MachineTemplate, node_object
from .runtime.modelled import ModelledRuntime
from .runtime.port import Runtime

LEASE_NAMESPACE = "kube-node-lease"
LEASE_DURATION_SECONDS, HEARTBEAT_SECONDS = 40, 10.0
#: How often the cloud node controller looks whether machines of unready nodes still exist.
CLOUD_CHECK_SECONDS = 5.0
CLOUD_CONTROLLER = "cloud-node-lifecycle-controller"


def network_everywhere(node_name: str) -> bool:
    """A network plugin that is always there, for worlds in which nobody installs one."""
    return True


def tokens_of(cluster: Cluster) -> CreateToken:
    """Tokens of the cluster's own TokenRequest API, bound to the pod; none for an account that does not exist."""

    def create_token(namespace: str, account: str, audience: str, seconds: int, pod: Obj) -> str | None:
        metadata = pod["metadata"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
        spec = {"audiences": [audience] if audience else [], "expirationSeconds": seconds, "boundObjectRef": bound}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        try:
            return str(cluster.issue_token(namespace, account, request)["status"]["token"])
        except ApiError as error:
            if error.code != 404:
                raise
            return None

    return create_token


@dataclass
class Member:
    """A machine and what runs on it; ``kubelet`` None while it boots. ``failed_seconds`` is when its power went."""

    machine: Machine
    kubelet: Kubelet | None = None
    joined_seconds: float = 0.0
    failed_seconds: float | None = None
    #: Being emptied before it is stopped.
    retiring: bool = False


@dataclass(frozen=True)
class FleetOptions:
    """What surrounds the machines. ``network_ready(node name)``: whether a network plugin runs there.

    ``create_token`` None: the cluster issues the tokens of projected volumes itself.
    """

    registry: Registry = field(default_factory=Registry)
    network_ready: Callable[[str], bool] = network_everywhere
    create_token: CreateToken | None = None
    eviction: EvictionSettings = field(default_factory=EvictionSettings)


class Fleet:
    """The machines of one cluster by node name."""

    def __init__(self, cluster: Cluster, runtime: Runtime, options: FleetOptions | None = None) -> None:
        self.cluster = cluster
        self._engine = cluster.engine
        self._runtime = runtime
        self._options = options or FleetOptions()
        self._members: dict[str, Member] = {}
        self._gone: set[str] = set()
        self._subnets: dict[str, SubnetAddresses] = {}
        self._closed = False
        self._ends = [cluster.subscribe("pods", self._note_pod)]
        self._ends += [cluster.subscribe(key, self._note_object) for key in ("configmaps", "secrets")]

    # --- machines ----------------------------------------------------------------------------------------------

    @property
    def machines(self) -> list[Machine]:
        """Machines that exist, booting ones included, in order of their start."""
        return [member.machine for member in self._members.values() if member.failed_seconds is None]

    @property
    def instances(self) -> list[Machine]:
        """Machines that exist in the cloud, failed ones included, in order of their start."""
        return [member.machine for name, member in self._members.items() if name not in self._gone]

    def instance_of(self, node_name: str) -> Machine | None:
        """The machine behind a node, as long as it exists in the cloud."""
        member = self._members.get(node_name)
        return member.machine if member is not None and node_name not in self._gone else None

    def staying(self, node_group: str) -> list[Machine]:
        """Machines of a group that run or boot, without those that are being retired."""
        return [m for m in self.machines if m.template.node_group == node_group and not self._members[m.name].retiring]

    @property
    def is_modelled(self) -> bool:
        """Whether no container is a process: then what they use at a moment can be told afterwards."""
        return isinstance(self._runtime, ModelledRuntime)

    @property
    def kubelets(self) -> list[Kubelet]:
        return [m.kubelet for m in self._members.values() if m.kubelet is not None and m.failed_seconds is None]

    def kubelet_of(self, node_name: str) -> Kubelet | None:
        member = self._members.get(node_name)
        return member.kubelet if member is not None and member.failed_seconds is None else None

    def start(self, template: MachineTemplate, *, instance_id: str = "", address: str = "", name: str = "") -> Machine:
        """Start a machine; its node joins when it has booted. Id and address are drawn from the seed if not given."""
        drawn = f"i-{self._engine.random('instances').getrandbits(68):017x}"
        taken = self._subnet(template.subnet_cidr).take(address)
        machine = Machine(template, instance_id or drawn, taken, self._engine.now, name)
        self._members[machine.name] = Member(machine)
        self._engine.record("fleet", "start", machine.name, f"{template.instance_type} in {template.zone}")
        self._engine.call_later(template.boot_seconds, lambda: self._join(machine.name))
        return machine

    def stop(self, node_name: str) -> None:
        """End a machine as the cloud does: power off now; the node object goes once it is seen unready and gone."""
        member = self._members[node_name]
        if member.failed_seconds is None:
            self._power_off(member, "stop")
        self._gone.add(node_name)
        if len(self._gone) == 1:
            self._engine.call_later(CLOUD_CHECK_SECONDS, self._check_gone)

    def retire(self, node_name: str) -> None:
        """Empty a machine and then stop it, as EKS does with machines that leave a managed node group."""
        member = self._members[node_name]
        if member.retiring or member.failed_seconds is not None:
            return
        member.retiring = True
        self._engine.record("fleet", "retire", node_name)
        Drain(self.cluster, node_name, lambda: self._stop_retired(member)).begin()

    def _stop_retired(self, member: Member) -> None:
        if not self._closed and self._members.get(member.machine.name) is member:
            self.stop(member.machine.name)

    def fail(self, node_name: str) -> None:
        """The machine dies but still exists in the cloud: its node stays, unready, until somebody stops it."""
        member = self._members[node_name]
        if member.failed_seconds is None:
            self._power_off(member, "fail")

    def resize(self, node_group: str, size: int, templates: Sequence[MachineTemplate]) -> None:
        """Start or retire machines of a group until it has ``size``, keeping its zones even as an Auto Scaling group does.

        ``templates`` has one entry per zone. The oldest machine of the fullest zone goes first. Machines that are being
        retired already do not count.
        """
        members = self.staying(node_group)
        while len(members) < size:
            counts = {t.zone: sum(m.template.zone == t.zone for m in members) for t in templates}
            members.append(self.start(min(templates, key=lambda t: (counts[t.zone], t.zone))))
        while len(members) > size:
            fullest = _fullest_zone(members)
            oldest = next(m for m in members if m.template.zone == fullest)
            members.remove(oldest)
            self.retire(oldest.name)

    def close(self) -> None:
        """Everything off, at once; for the end of a world."""
        self._closed = True
        for end in self._ends:
            end()
        for member in self._members.values():
            if member.kubelet is not None and member.failed_seconds is None:
                member.kubelet.lose_power()
        self._members.clear()

    def last_heartbeat_seconds(self, node_name: str) -> float | None:
        """When the node's Lease was last renewed, in engine time; None for a node that no machine stands behind."""
        member = self._members.get(node_name)
        if member is None or member.kubelet is None:
            return None
        until = self._engine.now if member.failed_seconds is None else member.failed_seconds
        beats = int((until - member.joined_seconds) / HEARTBEAT_SECONDS)
        return member.joined_seconds + beats * HEARTBEAT_SECONDS

    def process_id(self, namespace: str, pod_name: str, container: str = "") -> int | None:
        """The process of a real container (the first one, if none is named); None when there is none."""
        pod = self.cluster.find("pods", namespace, pod_name)
        kubelet = self.kubelet_of(pod["spec"].get("nodeName", "")) if pod is not None else None
        worker = kubelet.workers.get(pod["metadata"]["uid"]) if kubelet is not None and pod is not None else None
        records = worker.records.values() if worker is not None else ()
        wanted = (r.process for r in records if r.role == "main" and container in ("", r.name))
        process = next(wanted, None)
        return process.pid if process is not None else None

    def report_network(self) -> None:
        """Let every kubelet look at its network plugin again."""
        for kubelet in self.kubelets:
            kubelet.report_network()

    def _subnet(self, cidr: str) -> SubnetAddresses:
        if cidr not in self._subnets:
            self._subnets[cidr] = SubnetAddresses(cidr, self._engine.random(f"addresses/{cidr}"))
        return self._subnets[cidr]

    def _join(self, node_name: str) -> None:
        member = self._members.get(node_name)
        if member is None or member.failed_seconds is not None or self._closed:
            return
        machine = member.machine
        member.joined_seconds = self._engine.now
        member.kubelet = Kubelet(self._host(machine))
        ready = self._options.network_ready(node_name)
        node = self.cluster.create(node_object(machine, self._engine.utc, network_ready=ready))
        self.cluster.record_event(node, "Normal", "Starting", "Starting kubelet.", "kubelet", node_name)
        if ready:
            text = f"Node {node_name} status is now: NodeReady"
            self.cluster.record_event(node, "Normal", "NodeReady", text, "kubelet", node_name)
        self._write_lease(member)
        self._engine.record("fleet", "join", node_name)
        for pod in self.cluster.list("pods", where=lambda pod: pod["spec"].get("nodeName") == node_name):
            member.kubelet.pod_changed(pod)

    def _host(self, machine: Machine) -> Host:
        subnet = self._subnet(machine.template.subnet_cidr)
        return Host(
            cluster=self.cluster,
            machine=machine,
            runtime=self._runtime,
            images=ImageStore(self._engine, self._options.registry, self._runtime.is_local),
            network_ready=lambda: self._options.network_ready(machine.name),
            take_address=subnet.take,
            give_back_address=subnet.give_back,
            create_token=self._options.create_token or tokens_of(self.cluster),
            up_since_seconds=self._engine.now,
            eviction=self._options.eviction,
        )

    def _power_off(self, member: Member, action: str) -> None:
        member.failed_seconds = self._engine.now
        self._engine.record("fleet", action, member.machine.name)
        if member.kubelet is not None:
            member.kubelet.lose_power()
            self._write_lease(member)

    def _check_gone(self) -> None:
        """The cloud node lifecycle controller: nodes that are not ready and have no machine any more are deleted."""
        for name in sorted(self._gone):
            node = self.cluster.find("nodes", "", name)
            if node is None:
                self._forget(name)
            elif status_of(node, "Ready") != "True" and not node["metadata"].get("deletionTimestamp"):
                text = f"Deleting node {name} because it does not exist in the cloud provider"
                self.cluster.record_event(node, "Normal", "DeletingNode", text, CLOUD_CONTROLLER)
                self.cluster.delete("nodes", "", name)
                if self.cluster.find("nodes", "", name) is None:
                    self._forget(name)
        if self._gone and not self._closed:
            self._engine.call_later(CLOUD_CHECK_SECONDS, self._check_gone)

    def _forget(self, node_name: str) -> None:
        """Only now is its address free, and with it the name of its node: finalizers may have kept that for a while."""
        self._gone.discard(node_name)
        member = self._members.pop(node_name, None)
        if member is not None:
            self._subnet(member.machine.template.subnet_cidr).give_back(member.machine.address)
        if self.cluster.find("leases.coordination.k8s.io", LEASE_NAMESPACE, node_name) is not None:
            self.cluster.delete("leases.coordination.k8s.io", LEASE_NAMESPACE, node_name)

    def _write_lease(self, member: Member) -> None:
        name = member.machine.name
        renewed = self.last_heartbeat_seconds(name)
        assert renewed is not None, "only a machine that has joined renews its lease"
        assert member.kubelet is not None, "only a machine that has joined renews its lease"
        spec = {"holderIdentity": name, "leaseDurationSeconds": LEASE_DURATION_SECONDS}
        spec["renewTime"] = rfc3339_micro(member.kubelet.host.at(renewed))
        try:
            live = self.cluster.find("leases.coordination.k8s.io", LEASE_NAMESPACE, name)
            if live is not None:
                self.cluster.update({**live, "spec": spec})
            else:
                metadata = {"name": name, "namespace": LEASE_NAMESPACE}
                lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
                self.cluster.create(lease)
        except ApiError as error:
            # A world without the namespace has no leases; whoever watches heartbeats asks the fleet.
            if error.code not in (403, 404):
                raise

    # --- what happens in the store -----------------------------------------------------------------------------

    def _note_pod(self, change: Change) -> None:
        node_name = change.object["spec"].get("nodeName")
        if node_name in self._members:
            self._engine.call_soon(lambda: self._tell_pod(node_name, change))

    def _tell_pod(self, node_name: str, change: Change) -> None:
        kubelet = self.kubelet_of(node_name)
        if kubelet is None:
            return
        if change.type == "DELETED":
            kubelet.pod_removed(change.object["metadata"]["uid"])
        else:
            live = self.cluster.find("pods", change.namespace, change.name)
            if live is not None and live["metadata"]["uid"] == change.object["metadata"]["uid"]:
                kubelet.pod_changed(live)
        kubelet.report_network()

    def _note_object(self, change: Change) -> None:
        if change.type != "ADDED":
            self._engine.call_soon(lambda: self._tell_object(change))

    def _tell_object(self, change: Change) -> None:
        for kubelet in self.kubelets:
            kubelet.object_changed(change.resource_key, change.namespace, change.name)


def _fullest_zone(machines: Iterable[Machine]) -> str:
    zones = [m.template.zone for m in machines]
    return max(sorted(set(zones)), key=zones.count)
