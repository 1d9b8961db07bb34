"""The autoscaler's events: on pods and nodes, and on its status ConfigMap, each at most once in five minutes.

Upstream: ``utils/kubernetes/factory.go`` (event rate), ``clusterstate/utils/status.go``.
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .flags import Settings

COMPONENT = "cluster-autoscaler"
#: One event of the same object, reason and message in this time, unless ``--record-duplicated-events``.
REPEAT_SECONDS = 300.0


class Events:
    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._told: dict[tuple[str, str, str], float] = {}

    def on(self, obj: Obj, reason: str, message: str, kind: str = "Normal") -> None:
        """About an object; a namespace that is going away takes none."""
        now = self._cluster.engine.now
        metadata = obj["metadata"]
        key = (metadata.get("uid") or metadata["name"], reason, message)
        if not self._settings.record_duplicated_events and now - self._told.get(key, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return
        self._told[key] = now
        if len(self._told) > 8192:
            self._told = {k: at for k, at in self._told.items() if now - at < REPEAT_SECONDS}
        try:
            self._cluster.record_event(obj, kind, reason, message, COMPONENT)
        except ApiError:
            return

    def on_status(self, reason: str, message: str, kind: str = "Normal") -> None:
        """About the autoscaler itself: nobody is told when it keeps no status."""
        settings = self._settings
        found = self._cluster.find("configmaps", settings.namespace, settings.status_config_map_name)
        if settings.write_status_configmap and found is not None:
            self.on(found, reason, message, kind)
