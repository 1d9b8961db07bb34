"""Assembly: one cluster with its engine, controllers, scheduler, machines, stand-ins and API. Started by ``app`` and tests.

A world is built synchronously and may be run in pure virtual time; ``open_world`` adds what people need: the pace of the wall
clock, real processes and the HTTPS edge, all on the asyncio loop that calls it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wavetank.twin.apiserver import ApiServer
from wavetank.twin.apiserver.handlers import account, record
from wavetank.twin.apiserver.identity import TokenAuthenticator
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.addresses import DEFAULT_SERVICE_CIDR
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components.karpenter import Karpenter
from wavetank.twin.components.keda import NoSources, ScalerSources
from wavetank.twin.components.network_plugin import NetworkPlugin
from wavetank.twin.components.pod_identity_webhook import AGENT_URI, PodIdentityWebhook
from wavetank.twin.components.registry import install, uninstall
from wavetank.twin.components.stand_ins import StandIns
from wavetank.twin.controllers import start_controllers
from wavetank.twin.controllers.settings import ControllerSettings
from wavetank.twin.engine import Engine, Pacer
from wavetank.twin.history import History
from wavetank.twin.nodes import Fleet, FleetOptions
from wavetank.twin.nodes.groups import FleetGroups
from wavetank.twin.nodes.interruptions import Interruptions, ManagedSpotGroups
from wavetank.twin.nodes.loadbalancer import LocalLoadBalancers
from wavetank.twin.nodes.logs import FleetLogs
from wavetank.twin.nodes.metrics import FleetMetrics
from wavetank.twin.nodes.offers import Offers
from wavetank.twin.nodes.persistent_folders import PersistentFolders
from wavetank.twin.nodes.runtime.local_command import LocalCommand
from wavetank.twin.nodes.runtime.process import ProcessOptions, ProcessRuntime
from wavetank.twin.nodes.streaming import FleetStreams
from wavetank.twin.scheduler import Scheduler


@dataclass(frozen=True)
class WorldOptions:
    """``port`` 0 takes a free one; ``state_folder`` holds pods' files and logs; ``environment`` is what every real pod's
    process gets besides its own (PATH); ``speed`` 1 is real time.
    """

    name: str
    state_folder: Path
    version: str = "1.36"
    region: str = "us-west-2"
    service_cidr: str = DEFAULT_SERVICE_CIDR
    port: int = 0
    seed: int = 0
    speed: float = 1.0
    local_commands: Mapping[str, LocalCommand] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    authenticators: Sequence[TokenAuthenticator] = ()
    #: Where pods get the credentials of EKS Pod Identity.
    credentials_uri: str = AGENT_URI
    #: What KEDA's triggers ask outside of the cluster.
    scaler_sources: ScalerSources = field(default_factory=NoSources)


class World:
    """A running cluster. Made by ``open_world``; every method is for the loop's own thread."""

    def __init__(self, options: WorldOptions) -> None:
        self.options = options
        self.engine = Engine(epoch=datetime.now(UTC).replace(microsecond=0), seed=options.seed)
        self.pacer = Pacer(self.engine, options.speed)
        self.cluster: Cluster = new_cluster(self.engine, version=options.version, service_cidr=options.service_cidr)
        self._runtime = ProcessRuntime(self.engine, self._process_options())
        self._balancers = LocalLoadBalancers()
        self.fleet = Fleet(self.cluster, self._runtime, self._fleet_options())
        self.groups = FleetGroups(self.fleet)
        self.interruptions = Interruptions(self.fleet)
        self._volumes = PersistentFolders(self.cluster, options.state_folder)
        self.metrics = FleetMetrics(self.cluster, self.fleet)
        self.stand_ins = StandIns(
            self.cluster,
            self._balancers,
            metrics=self.metrics,
            sources=options.scaler_sources,
            groups=self.groups,
        )
        self.stand_ins.add(ManagedSpotGroups(self.interruptions, self.fleet))
        self.pod_identity = PodIdentityWebhook(self.cluster, options.region, options.credentials_uri)
        self.api = ApiServer(
            self.cluster,
            self.pacer,
            port=options.port,
            metrics=self.metrics,
            logs=FleetLogs(self.cluster, self.fleet),
            streams=FleetStreams(self.cluster, self.fleet),
            authenticators=options.authenticators,
            name=options.name,
            custom_metrics=self.stand_ins.custom_metrics,
        )
        start_controllers(
            self.cluster,
            ControllerSettings(ca_pem=self.api.ca_pem),
            metrics=self.metrics,
            heartbeats=self.fleet.last_heartbeat_seconds,
            custom_metrics=self.stand_ins.custom_metrics,
        )
        self.scheduler = Scheduler(self.cluster)
        self.scheduler.start()
        self.history = History(self.engine, {"kind": "up", "name": options.name, "version": options.version})
        self.history.forgo("AWS and processes of this computer act on this cluster, and neither can be run again")
        self.api.serve(*account.routes(self.scheduler, self.pacer, options.name))
        self.api.serve(*record.routes(self.cluster, self.history))

    def _process_options(self) -> ProcessOptions:
        return ProcessOptions(
            commands=self.options.local_commands,
            state_folder=self.options.state_folder,
            base_environment=self.options.environment,
            api_url=lambda: self.api.url,
            post=self.post,
        )

    def _fleet_options(self) -> FleetOptions:
        return FleetOptions(network_ready=NetworkPlugin(self.cluster))

    def post(self, action: Callable[[], None]) -> None:
        """Something outside has happened: bring the clock to the moment and let the engine run it."""
        self.pacer.catch_up()
        self.engine.call_soon(action)

    def take_offers(self, offers: Offers) -> None:
        """What machines Karpenter may start from now on, should it be installed."""
        self.stand_ins.add(Karpenter(self.cluster, self.fleet, offers, self.interruptions))

    def install_component(self, name: str, version: str, configuration: Mapping[str, Any]) -> None:
        """Install software that the twin knows by name; UnknownComponentError for any other."""
        self.pacer.catch_up()
        install(self.cluster, name, version, configuration, region=self.options.region)

    def uninstall_component(self, name: str) -> None:
        self.pacer.catch_up()
        uninstall(self.cluster, name)

    async def close(self) -> None:
        """End watches and requests, then every process, then time itself."""
        await self.api.stop()
        self.stand_ins.close()
        self._volumes.close()
        self._balancers.close()
        self.fleet.close()
        # Waits for processes to end, a few seconds at most.
        await asyncio.to_thread(self._runtime.close)


async def open_world(options: WorldOptions) -> World:
    """A world whose API answers; its owner runs ``world.pacer.run()`` as a task of the same loop."""
    world = World(options)
    await world.api.start()
    return world
