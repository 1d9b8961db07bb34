"""A bare cluster: nodes that are given, and everything that acts on them; no cloud, no add-ons. For anybody's tests.

``app.bare`` runs one for ``wavetank twin``, ``wavetank.testing`` in the process of a test. Like ``world`` it is built
synchronously and may be run in pure virtual time; nobody may touch it but the thread that runs its pacer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, assert_never

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.twin.apiserver import ADMIN, ApiServer, TokenAuthenticator
from wavetank.twin.apiserver.handlers import account, record
from wavetank.twin.cluster import Cluster, User
from wavetank.twin.cluster.addresses import DEFAULT_SERVICE_CIDR
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.ports import LogSource, MetricsSource, NoLogs
from wavetank.twin.components.karpenter import Karpenter
from wavetank.twin.components.keda import NoSources, ScalerSources
from wavetank.twin.components.registry import install, uninstall
from wavetank.twin.components.stand_ins import StandIns
from wavetank.twin.controllers import ControllerSettings, HpaSettings, start_controllers
from wavetank.twin.engine import Engine, Pacer
from wavetank.twin.history import History
from wavetank.twin.history.adoption import adopt
from wavetank.twin.nodes import Fleet, MachineTemplate, Resources, Taint
from wavetank.twin.nodes.groups import FleetGroups
from wavetank.twin.nodes.interruptions import Interruptions, ManagedSpotGroups
from wavetank.twin.nodes.loadbalancer import LoadBalancers, LocalLoadBalancers, ModelledLoadBalancers
from wavetank.twin.nodes.logs import FleetLogs
from wavetank.twin.nodes.metrics import FleetMetrics
from wavetank.twin.nodes.offers import Offers
from wavetank.twin.nodes.persistent_folders import PersistentFolders
from wavetank.twin.nodes.remembered_metrics import RememberedMetrics
from wavetank.twin.nodes.runtime.local_command import LocalCommand
from wavetank.twin.nodes.runtime.modelled import BehaviourOf, ModelledRuntime, default_behaviour
from wavetank.twin.nodes.runtime.process import ProcessOptions, ProcessRuntime
from wavetank.twin.nodes.scripted import FixedMetrics, ScriptedKubelets, ScriptedNode
from wavetank.twin.nodes.streaming import FleetStreams
from wavetank.twin.scheduler import Scheduler
from wavetank.twin.scheduler.cycle import first_of, random_of

from .bare_settings import Keys, settings_of

KubeletKind = Literal["modelled", "scripted"]
TieBreakKind = Literal["first", "random"]
#: Pods of modelled machines and of scripted ones have addresses of this network.
POD_NETWORK = "10.1.0.0/16"
PATCH = 2
#: The autoscaler of a scripted cluster looks every second, as the one did whose kubectl sessions were recorded.
SCRIPTED_HPA = HpaSettings(
    sync_period_seconds=1,
    initial_readiness_delay_seconds=2,
    cpu_initialization_period_seconds=5,
    downscale_stabilization_seconds=20,
)
#: Timestamps of Kubernetes have whole seconds, rounded down, and clients compare them with their own clock: a cluster that is
#: that much ahead never calls what has just happened a second old.
AHEAD = timedelta(seconds=1)
#: Where the control plane of that cluster ran, as its events say.
SCRIPTED_HOST = "vm"
#: Whose kubeconfig a cluster comes with: kubeadm's name, which programs for throw-away clusters expect. In the recorded
#: sessions the administrator had another.
ADMINISTRATOR = User("kubernetes-admin", ("system:masters",), "1")
_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
_ARCHITECTURE, _INSTANCE_TYPE = "kubernetes.io/arch", "node.kubernetes.io/instance-type"


def usual_nodes(count: int = 3) -> tuple[ScriptedNode, ...]:
    """Nodes for who names none: four CPUs and 16 GiB each, in three zones in turn."""
    capacity = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    return tuple(
        ScriptedNode(
            f"node-{number}",
            f"10.0.{number // 250}.{number % 250 + 1}",
            capacity,
            {_ZONE: f"zone-{'abc'[(number - 1) % 3]}", _REGION: "region-1"},
        )
        for number in range(1, count + 1)
    )


@dataclass(frozen=True)
class BareOptions:
    """``speed`` 1 is real time, 0 a clock that stands until it is moved, infinity as fast as this computer can.

    ``kubelet`` "scripted": pods run and become Ready after fixed moments whatever they are (see ``nodes.scripted``), metrics are
    fixed, the autoscaler looks every second. "modelled": machines pull images, start, probe and restart containers in the
    cluster's time; what ``local_commands`` names runs as processes of this computer, with files in ``state_folder``.
    """

    nodes: Sequence[ScriptedNode] = field(default_factory=usual_nodes)
    name: str = "wavetank"
    version: str = "1.36"
    port: int = 0
    speed: float = 1.0
    seed: int = 0
    kubelet: KubeletKind = "modelled"
    tie_break: TieBreakKind = "first"
    #: Names of software that the twin stands in for, installed at the start.
    components: Sequence[str] = ()
    #: When the cluster's time begins; None is now.
    epoch: datetime | None = None
    behaviour_of: BehaviourOf = default_behaviour
    #: What machines Karpenter may start, should it be installed; None: it finds nothing to start.
    offers: Offers | None = None
    #: What KEDA's triggers ask outside of the cluster.
    scaler_sources: ScalerSources = field(default_factory=NoSources)
    local_commands: Mapping[str, LocalCommand] = field(default_factory=dict)
    #: What processes of pods get besides their own variables.
    environment: Mapping[str, str] = field(default_factory=dict)
    state_folder: Path | None = None
    authenticators: Sequence[TokenAuthenticator] = ()
    service_cidr: str = DEFAULT_SERVICE_CIDR
    #: Objects of another cluster, which are there from the beginning as far as they can live here.
    imported: Sequence[Obj] = ()
    imported_events: bool = False
    #: Of a cluster that was saved, so that its kubeconfigs and tokens stay good; None makes new ones.
    keys: Keys | None = None


class Machines(Protocol):
    """What stands behind the nodes, as far as an assembly must know."""

    def last_heartbeat_seconds(self, node_name: str) -> float | None: ...


class BareWorld:
    """A bare cluster with its API. Who wants the API starts ``api`` and runs ``pacer.run()`` on one loop."""

    def __init__(self, options: BareOptions) -> None:
        self.options = options
        epoch = options.epoch or datetime.now(UTC) + AHEAD
        self.engine = Engine(epoch=epoch, seed=options.seed)
        self.pacer = Pacer(self.engine, options.speed)
        host = SCRIPTED_HOST if options.kubelet == "scripted" else "wavetank"
        self.cluster: Cluster = new_cluster(
            self.engine, version=options.version, service_cidr=options.service_cidr, host=host
        )
        self.adoption = adopt(self.cluster, options.imported, with_events=options.imported_events)
        self._closers: list[Callable[[], None]] = []
        self._runtime: ProcessRuntime | None = None
        self.balancers: LoadBalancers = self._balancers()
        self.fleet: Fleet | None = None
        self.kubelets: ScriptedKubelets | None = None
        self.metrics, logs, machines = self._machines()
        #: Groups of machines that a node autoscaler may change, beside the nodes that are given; none to begin with.
        self.groups = FleetGroups(self.fleet) if self.fleet is not None else None
        #: Announcements that spot machines will be taken back.
        self.interruptions = Interruptions(self.fleet) if self.fleet is not None else None
        self.stand_ins = StandIns(
            self.cluster,
            self.balancers,
            metrics=self.metrics,
            sources=options.scaler_sources,
            groups=self.groups,
        )
        self._sell()
        self.api = ApiServer(
            self.cluster,
            self.pacer,
            port=options.port,
            metrics=self.metrics,
            logs=logs,
            streams=FleetStreams(self.cluster, self.fleet) if self.fleet is not None else None,
            authenticators=options.authenticators,
            name=options.name,
            authority=options.keys.authority if options.keys else None,
            custom_metrics=self.stand_ins.custom_metrics,
            metrics_by_name=options.kubelet != "scripted",
        )
        start_controllers(
            self.cluster,
            self._settings(),
            metrics=self.metrics,
            heartbeats=machines.last_heartbeat_seconds,
            custom_metrics=self.stand_ins.custom_metrics,
        )
        tie_break = first_of if options.tie_break == "first" else random_of(self.engine.random("tie break"))
        self.scheduler = Scheduler(self.cluster, tie_break=tie_break)
        self.scheduler.start()
        self.api.serve(*account.routes(self.scheduler, self.pacer, options.name))
        self._join()
        self.history = self._begin_history()
        self.api.serve(*record.routes(self.cluster, self.history))

    def write_kubeconfig(self, path: Path) -> None:
        """A kubeconfig of the administrator, once the API has started."""
        self.api.write_kubeconfig(path, user=ADMIN if self.options.kubelet == "scripted" else ADMINISTRATOR)

    # --- assembly ----------------------------------------------------------------------------------------------

    def _machines(self) -> tuple[MetricsSource, LogSource, Machines]:
        match self.options.kubelet:
            case "scripted":
                self.kubelets = ScriptedKubelets(self.cluster, self.options.nodes)
                return self._fixed_metrics(), NoLogs(), self.kubelets
            case "modelled":
                self.fleet = Fleet(self.cluster, self._containers())
                return FleetMetrics(self.cluster, self.fleet), FleetLogs(self.cluster, self.fleet), self.fleet
            case _:
                assert_never(self.options.kubelet)

    def _sell(self) -> None:
        """Machines that can be had and taken back."""
        if self.fleet is None or self.interruptions is None:
            return
        self.stand_ins.add(ManagedSpotGroups(self.interruptions, self.fleet))
        if self.options.offers is not None:
            self.stand_ins.add(Karpenter(self.cluster, self.fleet, self.options.offers, self.interruptions))

    def _fixed_metrics(self) -> MetricsSource:
        return RememberedMetrics(self.cluster) if self.options.imported else FixedMetrics(self.cluster)

    def _containers(self) -> ModelledRuntime | ProcessRuntime:
        options = self.options
        if not options.local_commands:
            return ModelledRuntime(self.engine, options.behaviour_of)
        assert options.state_folder is not None, "processes need a folder for their files"
        self._runtime = ProcessRuntime(
            self.engine,
            ProcessOptions(
                commands=options.local_commands,
                state_folder=options.state_folder,
                base_environment=options.environment,
                behaviour_of=options.behaviour_of,
                api_url=lambda: self.api.url,
                post=self._post,
            ),
        )
        self._closers.append(PersistentFolders(self.cluster, options.state_folder).close)
        return self._runtime

    def _balancers(self) -> LoadBalancers:
        """Real listeners only where real processes can stand behind them."""
        if not self.options.local_commands:
            return ModelledLoadBalancers()
        balancers = LocalLoadBalancers()
        self._closers.append(balancers.close)
        return balancers

    def _settings(self) -> ControllerSettings:
        if self.options.kubelet == "scripted" and not self.options.imported:
            return ControllerSettings(hpa=SCRIPTED_HPA, ca_pem=self.api.ca_pem, sign=self.api.sign)
        return ControllerSettings(ca_pem=self.api.ca_pem, sign=self.api.sign)

    def _join(self) -> None:
        """The nodes are there from the first moment on."""
        if self.kubelets is not None:
            self.kubelets.join()
        if self.fleet is not None:
            for node in self.options.nodes:
                self.fleet.start(template_of(node, self.options.version), address=node.address, name=node.name)
            self.engine.run_until(self.engine.now)
        for name in self.options.components:
            install(self.cluster, name, "latest")

    def _begin_history(self) -> History:
        """From here on, whatever comes from outside is written down."""
        if self.options.keys is not None:
            self.cluster.tokens.adopt_key(self.options.keys.token_key_pem)
        keys = Keys(self.api.authority, self.cluster.tokens.key_pem)
        history = History(self.engine, settings_of(self.options, self.engine.epoch, keys), self._commands())
        if self.options.local_commands:
            history.forgo("containers run as processes of this computer, which cannot be run again to the same end")
        if self.options.behaviour_of is not default_behaviour:
            history.forgo("containers behave as a function of the calling program says")
        if self.options.offers is not None:
            history.forgo("Karpenter is sold what the calling program offers")
        if not isinstance(self.options.scaler_sources, NoSources):
            history.forgo("KEDA asks sources outside of the cluster")
        return history

    def _commands(self) -> Mapping[str, Callable[..., object]]:
        """What can be done to the cluster beside its API; ``history.perform`` does it."""
        found: dict[str, Callable[..., object]] = {
            "install-component": lambda name, version: install(self.cluster, name, version),
            "uninstall-component": lambda name: uninstall(self.cluster, name),
        }
        if self.fleet is not None:
            found |= {"fail-machine": self.fleet.fail, "stop-machine": self.fleet.stop}
        if self.interruptions is not None:
            notices = self.interruptions
            found |= {"interrupt-machine": notices.interrupt, "recommend-rebalance": notices.recommend_rebalance}
        return found

    def _post(self, action: Callable[[], None]) -> None:
        """Something outside has happened: bring the clock to the moment and let the engine run it."""
        self.pacer.catch_up()
        self.engine.call_soon(action)

    # --- running -----------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """End watches and requests, then every process, then time itself."""
        await self.api.stop()
        self.stand_ins.close()
        for close in self._closers:
            close()
        if self.fleet is not None:
            self.fleet.close()
        if self._runtime is not None:
            # Waits for processes to end, a few seconds at most.
            await asyncio.to_thread(self._runtime.close)


def template_of(node: ScriptedNode, version: str) -> MachineTemplate:
    """A machine with the capacity, labels and taints of a node. ValueError for a quantity that is none."""
    labels = node.labels
    return MachineTemplate(
        instance_type=labels.get(_INSTANCE_TYPE, ""),
        zone=labels.get(_ZONE, ""),
        region=labels.get(_REGION, ""),
        node_group="",
        subnet_cidr=POD_NETWORK,
        capacity=resources(node.capacity),
        allocatable=resources({**node.capacity, **(node.allocatable or {})}),
        labels=labels,
        taints=tuple(Taint(t["key"], t["effect"], t.get("value", "")) for t in node.taints),
        architecture=labels.get(_ARCHITECTURE, "amd64"),
        version=f"{version}.{PATCH}",
        boot_seconds=0.0,
        managed=False,
    )


_PLAIN = ("cpu", "memory", "pods", "ephemeral-storage")


def resources(amounts: Mapping[str, str]) -> Resources:
    """A resource list of Kubernetes as what a machine has."""
    return Resources(
        cpu_milli=quantity.milli(amounts.get("cpu", "0")),
        memory_bytes=quantity.value(amounts.get("memory", "0")),
        pods=quantity.value(amounts.get("pods", "110")),
        ephemeral_storage_bytes=quantity.value(amounts.get("ephemeral-storage", "0")),
        extended={
            name: quantity.value(amount)
            for name, amount in amounts.items()
            if name not in _PLAIN and not name.startswith("hugepages-")
        },
    )
