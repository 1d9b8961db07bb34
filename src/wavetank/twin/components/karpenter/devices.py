"""Which devices of a machine its node will offer: a node has GPUs for pods only where a device plugin runs. Reads only."""

from __future__ import annotations

from dataclasses import replace

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.machine import Resources

#: What the names of device plugins' DaemonSets contain, by the vendor part of the resource's name.
_PLUGINS = {"nvidia.com": "nvidia-device-plugin", "aws.amazon.com": "neuron-device-plugin"}


def offered(cluster: Cluster, resources: Resources) -> Resources:
    """The resources without devices for which no plugin is installed."""
    if not resources.extended:
        return resources
    installed = [_name(each) for each in cluster.list("daemonsets.apps")]
    kept = {name: count for name, count in resources.extended.items() if _has_plugin(name, installed)}
    return replace(resources, extended=kept)


def _has_plugin(resource: str, installed: list[str]) -> bool:
    wanted = _PLUGINS.get(resource.partition("/")[0])
    return wanted is None or any(wanted in name for name in installed)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])
