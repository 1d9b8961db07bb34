"""What a CSI driver is to the loops that work for it: its name, its pods, and the volumes it makes. Values only.

The loops are those of the sidecar containers (``csi_provisioner``, ``csi_attacher``, ``csi_resizer``) and of the kubelet's
registration (``csi_nodes``). A driver acts only while a pod of its controller is Ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .presence import is_serving

ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class VolumeRequest:
    """A volume that is to be made: its name (that of the object), size, parameters without the sidecar's own, zone."""

    name: str
    size_bytes: int
    parameters: Mapping[str, str]
    access_modes: Sequence[str]
    is_block: bool = False
    zone: str = ""


@dataclass(frozen=True)
class MadeVolume:
    handle: str
    size_bytes: int
    attributes: Mapping[str, str] = field(default_factory=dict)


class DriverRefusal(Exception):
    """A call to the driver failed; the text is that of gRPC, which an event quotes."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"rpc error: code = {code} desc = {description}")


@dataclass(frozen=True)
class CsiDriver:
    """``controller`` and ``node_plugin`` are the values of the label ``app`` of its pods.

    ``topology_keys`` are what its node plugin registers; a driver without the zone among them makes volumes that every
    node can use. ``attachable`` counts volumes by instance type. Seconds are what the cloud takes.
    """

    name: str
    controller: str
    node_plugin: str
    make: Callable[[VolumeRequest], MadeVolume]
    topology_keys: tuple[str, ...] = ()
    attachable: Callable[[str], int | None] = lambda _: None
    default_fs_type: str = ""
    attaches: bool = False
    expands: bool = False
    create_seconds: float = 3.0
    delete_seconds: float = 1.0

    @property
    def is_zonal(self) -> bool:
        return ZONE_LABEL in self.topology_keys

    def leader(self, cluster: Cluster) -> Obj | None:
        """The pod of its controller that works: the oldest that is Ready."""
        ready = cluster.list("pods", where=lambda pod: app_of(pod) == self.controller and is_serving(pod))
        return ready[0] if ready else None


def app_of(pod: Obj) -> str:
    return str((pod["metadata"].get("labels") or {}).get("app", ""))
