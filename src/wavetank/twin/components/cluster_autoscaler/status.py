"""The ConfigMap ``cluster-autoscaler-status``: what the autoscaler thinks of the cluster and of each group, as YAML.

Upstream: ``clusterstate/api/types.go``, ``clusterstate/utils/status.go``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.groups import NodeGroup

from .flags import Settings
from .health import Health, Readiness

_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9_ -]*[A-Za-z0-9]$")
_quoted = json.JSONEncoder(ensure_ascii=False).encode
_NO_TEXT = ("true", "false", "yes", "no", "on", "off", "null")
LAST_UPDATED = "cluster-autoscaler.kubernetes.io/last-updated"


class StatusMap:
    """Remembers since when each condition is as it is."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster, self._settings = cluster, settings
        self._since: dict[tuple[str, str], tuple[str, str]] = {}

    def initialize(self) -> None:
        self._write({"time": self._time(), "autoscalerStatus": "Initializing"})

    def write(self, groups: Mapping[str, NodeGroup], health: Health, candidates: Mapping[str, int], now: float) -> None:
        """``candidates`` for deletion by group."""
        described = [self._group(group, health, candidates.get(group.id, 0), now) for group in groups.values()]
        scaling = any(group["scaleUp"]["status"] == "InProgress" for group in described)
        wide: Obj = {
            "health": self._condition(
                ("", "health"), _healthy(health.is_cluster_healthy), nodeCounts=node_counts(health.total)
            ),
            "scaleUp": self._condition(("", "scaleUp"), "InProgress" if scaling else "NoActivity"),
            "scaleDown": self._scale_down("", sum(candidates.values())),
        }
        status: Obj = {"time": self._time(), "autoscalerStatus": "Running", "clusterWide": wide}
        self._write({**status, "nodeGroups": described} if described else status)

    def _group(self, group: NodeGroup, health: Health, candidates: int, now: float) -> Obj:
        healthy = health.is_group_healthy(group)
        counts = node_counts(health.of.get(group.id, Readiness()))
        sizes = {"cloudProviderTarget": group.target_size, "minSize": group.min_size, "maxSize": group.max_size}
        backoff = health.backoffs.current(group.id, now)
        more: dict[str, Any] = {}
        if health.is_scaling_up(group):
            scale_up = "InProgress"
        elif not healthy:
            scale_up = "Unhealthy"
        elif backoff is not None:
            scale_up = "Backoff"
            more = {"backoffInfo": {"errorCode": backoff.code, "errorMessage": backoff.message}}
        else:
            scale_up = "NoActivity"
        return {
            "name": group.id,
            "health": self._condition((group.id, "health"), _healthy(healthy), nodeCounts=counts, **sizes),
            "scaleUp": self._condition((group.id, "scaleUp"), scale_up, **more),
            "scaleDown": self._scale_down(group.id, candidates),
        }

    def _scale_down(self, group_id: str, candidates: int) -> Obj:
        status = "CandidatesPresent" if candidates else "NoCandidates"
        more = {"candidates": candidates} if candidates else {}
        return self._condition((group_id, "scaleDown"), status, **more)

    def _condition(self, key: tuple[str, str], status: str, **more: Any) -> Obj:
        now = moment(self._cluster.engine.utc)
        known = self._since.get(key)
        since = known[1] if known is not None and known[0] == status else now
        self._since[key] = (status, since)
        return {"status": status, **more, "lastProbeTime": now, "lastTransitionTime": since}

    def _time(self) -> str:
        utc = self._cluster.engine.utc
        return f"{utc:%Y-%m-%d %H:%M:%S}{_fraction(utc)} +0000 UTC"

    def _write(self, status: Obj) -> None:
        if not self._settings.write_status_configmap:
            return
        name, namespace = self._settings.status_config_map_name, self._settings.namespace
        data = {"status": as_yaml(status)}
        live = self._cluster.find("configmaps", namespace, name)
        try:
            if live is None:
                metadata = {"name": name, "namespace": namespace, "annotations": {LAST_UPDATED: status["time"]}}
                made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
                self._cluster.create(made, manager="cluster-autoscaler")
                return
            annotations = {**(live["metadata"].get("annotations") or {}), LAST_UPDATED: status["time"]}
            changed = {**live, "metadata": {**live["metadata"], "annotations": annotations}}
            self._cluster.update(
                {**changed, "data": {**(live.get("data") or {}), **data}}, manager="cluster-autoscaler"
            )
        except ApiError as error:
            # A namespace that goes away, a map that somebody made immutable: the autoscaler logs it and goes on.
            self._cluster.engine.record("cluster-autoscaler", "fail", name, error.message)


def _healthy(is_healthy: bool) -> str:
    return "Healthy" if is_healthy else "Unhealthy"


def moment(utc: datetime) -> str:
    return f"{utc:%Y-%m-%dT%H:%M:%S}{_fraction(utc)}Z"


def _fraction(utc: datetime) -> str:
    """As Go prints nanoseconds: no zeros at the end."""
    return f".{utc.microsecond:06d}".rstrip("0") if utc.microsecond else ""


def node_counts(readiness: Readiness) -> Obj:
    registered: Obj = {
        "total": len(readiness.registered),
        "ready": len(readiness.ready),
        "notStarted": len(readiness.not_started),
    }
    if readiness.deleted:
        registered["beingDeleted"] = len(readiness.deleted)
    registered["unready"] = {"total": len(readiness.unready), "resourceUnready": 0}
    return {
        "registered": registered,
        "longUnregistered": len(readiness.long_unregistered),
        "unregistered": len(readiness.unregistered),
    }


def as_yaml(value: Obj, indent: str = "") -> str:
    """Maps, lists of maps, whole numbers and words. Written in every loop, for which a library takes too long."""
    return "".join(_entry(key, one, indent) for key, one in value.items())


def _entry(key: str, value: object, indent: str) -> str:
    match value:
        case dict():
            return f"{indent}{key}:\n{as_yaml(value, indent + '  ')}"
        case list():
            items = (as_yaml(item, f"{indent}  ") for item in value)
            return f"{indent}{key}:\n" + "".join(f"{indent}- {item[len(indent) + 2 :]}" for item in items)
        case int():
            return f"{indent}{key}: {value}\n"
        case _:
            return f"{indent}{key}: {_word(str(value))}\n"


def _word(text: str) -> str:
    """In quotes what would be read as something else than text: times without a zone's name, anything with punctuation."""
    if text.endswith(" UTC") or (_PLAIN.match(text) and text.lower() not in _NO_TEXT):
        return text
    return _quoted(text)
