"""A bare cluster in pure virtual time with a component installed and running: for tests of pod autoscalers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.components.keda import FixedSources, ScalerSources
from wavetank.twin.nodes.runtime import Behaviour, Launch
from wavetank.twin.nodes.runtime.modelled import Use, default_behaviour

#: Time enough for a component's pods to be pulled, started and Ready.
SETTLED_SECONDS = 60.0
EPOCH = datetime(2026, 6, 1, tzinfo=UTC)


class Bench:
    """``use`` gives what the modelled containers of an app use, by the pod's label ``app``."""

    def __init__(self, *components: str, epoch: datetime = EPOCH, sources: ScalerSources | None = None) -> None:
        self.sources = FixedSources()
        self.use: dict[str, Use] = {}
        options = BareOptions(
            speed=0,
            seed=1,
            epoch=epoch,
            components=components,
            scaler_sources=sources or self.sources,
            behaviour_of=self._behaviour,
        )
        self.world = BareWorld(options)
        self.cluster, self.engine = self.world.cluster, self.world.engine
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        self.run(SETTLED_SECONDS)

    def _behaviour(self, launch: Launch) -> Behaviour:
        app = (launch.pod["metadata"].get("labels") or {}).get("app", "")
        usual = default_behaviour(launch)
        if app not in self.use:
            return usual
        return Behaviour(
            usual.healthy, usual.exit_after_seconds, usual.exit, usual.stop_seconds, lambda _: self.use[app]
        )

    def run(self, seconds: float) -> None:
        self.engine.run_for(seconds)

    def deployment(self, name: str = "worker", replicas: int = 1, **resources: Any) -> Obj:
        main = {"name": "app", "image": "registry.example/app:1", "resources": resources}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [main]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        return self.make("apps/v1", "Deployment", name, spec)

    def make(
        self, version: str, kind: str, name: str, spec: Obj, annotations: Mapping[str, str] | None = None, **more: Any
    ) -> Obj:
        metadata = {"name": name, "namespace": "shop"} | ({"annotations": dict(annotations)} if annotations else {})
        return self.cluster.create({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, **more})

    def replicas(self, name: str = "worker") -> int:
        return int(self.cluster.get("deployments.apps", "shop", name)["spec"]["replicas"])

    def pods(self, app: str = "worker") -> list[Obj]:
        return self.cluster.list("pods", "shop", lambda pod: (pod["metadata"].get("labels") or {}).get("app") == app)

    def events(self, kind: str) -> list[tuple[str, str]]:
        """(reason, message) of events about objects of a kind, oldest first."""
        found = self.cluster.list("events", "shop", lambda e: e["involvedObject"]["kind"] == kind)
        return [(event["reason"], event["message"]) for event in found]

    def conditions(self, key: str, name: str) -> dict[str, tuple[str, str]]:
        """(status, reason) by type."""
        status = self.cluster.get(key, "shop", name).get("status") or {}
        return {c["type"]: (c["status"], c.get("reason", "")) for c in status.get("conditions") or ()}
