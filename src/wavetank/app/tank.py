"""The tank: the embedded AWS and the twins of its clusters, running together in this process.

When Terraform (or anybody) creates an EKS cluster, the tank opens a twin whose API is the endpoint; node groups become
its machines, add-ons its components. When the cluster is deleted, the twin and its processes end. All twins live on one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

from wavetank.app.access import AwsTokens
from wavetank.app.autoscaling_groups import AutoscalingGroups, drop, put, within_quota
from wavetank.app.identities import PodIdentities
from wavetank.app.loop import LoopThread
from wavetank.app.offers import AwsOffers
from wavetank.app.pod_credentials import PodCredentials
from wavetank.app.scaler_sources import OutsideSources
from wavetank.base.errors import OperationFailed
from wavetank.cloud import Cloud, CloudOptions
from wavetank.cloud.events import (
    AccessChanged,
    AddonCreated,
    AddonDeleted,
    AddonUpdated,
    CloudEvent,
    ClusterCreated,
    ClusterDeleted,
    ClusterEndpoint,
    ClusterRef,
    ClusterUpdated,
    NodeGroupCreated,
    NodeGroupDeleted,
    NodeGroupUpdated,
    PodIdentityChanged,
)
from wavetank.cloud.web_identity import Claims
from wavetank.twin.components.pod_identity_agent import agent_serves
from wavetank.twin.components.service_addresses import real_address
from wavetank.twin.nodes.runtime.local_command import LocalCommand
from wavetank.twin.world import World, WorldOptions, open_world

START_SECONDS = 30.0


@dataclass(frozen=True)
class TankOptions:
    """Ports 0 take free ones. ``environment`` is what real pods' processes inherit, ``vcpu_quota`` how many vCPUs the account
    may run; None is no limit.
    """

    region: str
    account: str
    state_folder: Path
    aws_port: int = 0
    api_port: int = 0
    speed: float = 1.0
    local_commands: Mapping[str, LocalCommand] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    vcpu_quota: int | None = None


class Tank:
    """``start`` and ``stop`` once each. Methods are for any thread but the loop's own."""

    def __init__(self, options: TankOptions) -> None:
        self.options = options
        self.failure: BaseException | None = None
        self.failed = threading.Event()
        self._loop = LoopThread("wavetank-twins", self._fail)
        self._worlds: dict[ClusterRef, World] = {}
        self._scaling: dict[ClusterRef, AutoscalingGroups] = {}
        self._offers: dict[ClusterRef, AwsOffers] = {}
        self._sources: dict[ClusterRef, OutsideSources] = {}
        self._identities = PodIdentities()
        self._credentials = PodCredentials(self._identities, self._agent_serves)
        self.cloud = Cloud(
            CloudOptions(port=options.aws_port, account=options.account),
            self._open,
            listeners=(self._heard,),
            web_identities=self._identities.claims,
        )

    def start(self) -> None:
        """Listen for AWS calls. OperationFailed when a port is busy."""
        self._loop.start()
        try:
            self.cloud.start()
            self._credentials.start(self.environment())
        except BaseException:
            self._loop.stop()
            raise

    def stop(self) -> None:
        """End every twin with its processes, then the embedded AWS."""
        for reference in tuple(self._worlds):
            self._close(reference)
        self._loop.stop()
        self._credentials.stop()
        self.cloud.stop()

    def environment(self) -> dict[str, str]:
        """The variables with which programs reach the embedded AWS, in the region of its first cluster once there is one."""
        regions = [reference.region for reference in tuple(self._worlds)]
        return self.cloud.client_environment(regions[0] if regions else self.options.region)

    def clusters(self) -> tuple[str, ...]:
        """The names of the clusters that exist now."""
        return tuple(reference.name for reference in tuple(self._worlds))

    def world(self, cluster: str) -> World:
        """The twin of a cluster by name; touch it only through ``call``."""
        for reference, world in self._worlds.items():
            if reference.name == cluster:
                return world
        raise OperationFailed(f"no cluster {cluster} was created in the embedded AWS")

    def has_cluster(self, cluster: str) -> bool:
        """Whether a cluster of this name exists now."""
        return cluster in self.clusters()

    def api_url(self, cluster: str) -> str:
        """Where the Kubernetes API of a cluster answers."""
        return self.world(cluster).api.url

    def write_kubeconfig(self, cluster: str, path: Path) -> None:
        """A kubeconfig of the cluster's administrator, readable for its owner only."""
        world = self.world(cluster)
        self._loop.call(lambda: world.api.write_kubeconfig(path))

    def install(self, cluster: str, component: str, version: str, configuration: Mapping[str, object]) -> None:
        """Install a chart that the twin knows by name; UnknownComponentError for any other."""
        world = self.world(cluster)
        self._loop.call(lambda: world.install_component(component, version, configuration))

    def journal(self) -> list[str]:
        """What happened in all twins, one line an entry."""
        return [str(entry) for world in self._worlds.values() for entry in world.engine.journal]

    # --- the bridge, on threads of the embedded AWS -------------------------------------------------------------

    def _open(self, created: ClusterCreated) -> ClusterEndpoint:
        """A control plane for a new cluster; what it raises makes CreateCluster fail."""
        tokens = AwsTokens(self.cloud, created.cluster)
        # The port that was asked for is for the first cluster; others take what is free.
        port = 0 if self._worlds else self.options.api_port
        options = WorldOptions(
            name=created.cluster.name,
            state_folder=self.options.state_folder / created.cluster.name,
            version=created.facts.version,
            region=created.cluster.region,
            service_cidr=created.facts.service_cidr,
            port=port,
            speed=self.options.speed,
            local_commands=self.options.local_commands,
            environment=self._of_pods(),
            authenticators=(tokens,),
            credentials_uri=self._credentials.uri,
            scaler_sources=(sources := OutsideSources(self.cloud.client_environment(created.cluster.region))),
        )
        world = self._loop.run(self._opened(options, tokens), START_SECONDS)
        self._worlds[created.cluster] = world
        self._identities.add(created.cluster, world.cluster.tokens, created.facts.oidc_issuer)
        self._sources[created.cluster] = sources
        sources.serve(lambda action: self._loop.post(lambda: world.post(action)), partial(real_address, world.cluster))
        self._scaling[created.cluster] = self._scaled(world, created.cluster.region)
        self._offers[created.cluster] = self._offered(world, created)
        return ClusterEndpoint(world.api.url, world.api.ca_pem)

    async def _opened(self, options: WorldOptions, tokens: AwsTokens) -> World:
        world = await open_world(options)
        tokens.serve(world.cluster)
        self._loop.spawn(world.pacer.run(), f"pace of {options.name}")
        return world

    def _of_pods(self) -> dict[str, str]:
        """What real pods find: the way to the embedded AWS, but no credentials, which only an identity of theirs can give."""
        return {**self.options.environment, "AWS_ENDPOINT_URL": self.cloud.url, "AWS_EC2_METADATA_DISABLED": "true"}

    def _agent_serves(self, reference: ClusterRef, claims: Claims) -> bool:
        world = self._worlds.get(reference)
        pod = claims["kubernetes.io"].get("pod") or {}
        if world is None:
            return False
        return self._loop.call(
            lambda: agent_serves(world.cluster, claims["kubernetes.io"]["namespace"], pod.get("name", ""))
        )

    def _scaled(self, world: World, region: str) -> AutoscalingGroups:
        """Sizes of the twin's groups are those of the embedded AWS."""
        if self.options.vcpu_quota is not None:
            world.groups.capacity = within_quota(world, self.options.vcpu_quota)
        environment = self.cloud.client_environment(region)
        return AutoscalingGroups(world.groups, environment, lambda action: self._loop.post(lambda: world.post(action)))

    def _offered(self, world: World, created: ClusterCreated) -> AwsOffers:
        """What Karpenter can have is sold in the subnets of the embedded AWS."""
        region = created.cluster.region
        environment = self.cloud.client_environment(region)
        offers = AwsOffers(
            region, environment, lambda action: self._loop.post(lambda: world.post(action)), created.facts.version
        )
        self._loop.call(lambda: world.take_offers(offers))
        return offers

    def _close(self, reference: ClusterRef) -> None:
        offers = self._offers.pop(reference, None)
        if offers is not None:
            offers.close()
        scaling = self._scaling.pop(reference, None)
        if scaling is not None:
            scaling.close()
        sources = self._sources.pop(reference, None)
        if sources is not None:
            sources.close()
        self._identities.remove(reference)
        world = self._worlds.pop(reference, None)
        if world is not None:
            self._loop.run(world.close(), START_SECONDS)

    def _heard(self, event: CloudEvent) -> None:
        world = self._worlds.get(event.cluster)
        if world is None:
            return
        match event:
            case ClusterDeleted(cluster):
                self._close(cluster)
            case NodeGroupCreated(_, group) | NodeGroupUpdated(_, group):
                self._loop.call(lambda: put(world, group, event.cluster.name))
            case NodeGroupDeleted(_, group):
                self._loop.call(lambda: drop(world, group))
            case AddonCreated(_, addon) | AddonUpdated(_, addon):
                self._loop.call(lambda: world.install_component(addon.name, addon.version, addon.configuration))
            case AddonDeleted(_, addon, preserve):
                if not preserve:
                    self._loop.call(lambda: world.uninstall_component(addon.name))
            case PodIdentityChanged(_, identifier, namespace, account, role):
                self._identities.note(event)
                self._loop.call(lambda: world.pod_identity.associate(identifier, namespace, account, role))
            case ClusterCreated() | ClusterUpdated() | AccessChanged():
                return
            case _:
                assert_never(event)

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.failed.set()
