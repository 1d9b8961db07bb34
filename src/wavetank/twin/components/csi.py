"""All that CSI drivers do in one cluster, each only while its own pods are Ready. ``stand_ins`` starts it."""

from __future__ import annotations

from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.informer import Informer

from .csi_attacher import CsiAttacher
from .csi_driver import CsiDriver
from .csi_loop import CsiLoop
from .csi_nodes import CsiNodes
from .csi_provisioner import CsiProvisioner
from .csi_resizer import CsiResizer
from .ebs_volumes import EBS
from .efs_volumes import EFS

DRIVERS: tuple[CsiDriver, ...] = (EBS, EFS)


class CsiDrivers:
    """The loops of every driver that the twin knows."""

    def __init__(self, cluster: Cluster) -> None:
        informer = Informer(cluster)
        CsiNodes(cluster, DRIVERS, informer).start()
        self._loops = [loop for driver in DRIVERS for loop in _loops(cluster, driver, informer)]
        for loop in self._loops:
            loop.start()

    def close(self) -> None:
        for loop in self._loops:
            loop.close()


def _loops(cluster: Cluster, driver: CsiDriver, informer: Informer) -> list[CsiLoop]:
    loops: list[CsiLoop] = [CsiProvisioner(cluster, driver, informer)]
    if driver.attaches:
        loops.append(CsiAttacher(cluster, driver, informer))
    if driver.expands:
        loops.append(CsiResizer(cluster, driver, informer))
    return loops
