"""What a control plane has before anybody asks it for anything: namespaces, roles, priority classes, its own Service.

``new_cluster`` is how a world (or a test that wants the real rules) gets a cluster.
"""

from __future__ import annotations

from wavetank.twin.engine import Engine

from ..addresses import DEFAULT_SERVICE_CIDR
from ..admission import STANDARD
from ..cluster import Cluster
from .objects import first_objects
from .roles import role_objects


def new_cluster(
    engine: Engine, *, version: str = "1.36", service_cidr: str = DEFAULT_SERVICE_CIDR, host: str = "wavetank"
) -> Cluster:
    """A cluster with the standard admission plugins and the objects of a fresh control plane, which runs on ``host``."""
    cluster = Cluster(engine, version=version, service_cidr=service_cidr, admission=STANDARD, host=host)
    for obj in (*first_objects(service_cidr), *role_objects()):
        cluster.create(obj)
    return cluster


__all__ = ["new_cluster"]
