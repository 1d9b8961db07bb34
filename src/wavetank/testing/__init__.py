"""A Kubernetes cluster for the tests of operators and tools, in this process and within milliseconds.

    from wavetank import testing

    with testing.cluster(nodes=3) as c:
        c.objects.apply(MANIFESTS)
        c.wait_until(lambda: c.objects.get("deployment", "web")["status"].get("readyReplicas") == 2)

pytest users take the fixture ``wavetank_cluster`` of ``wavetank.testing.plugin``. ``docs/testing.md`` tells the whole story.
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.twin.nodes.runtime.modelled import Behaviour, Use, healthy_after
from wavetank.twin.nodes.runtime.port import Exit, Launch

from .clients import CLIENTS
from .clusters import Cluster, cluster
from .objects import Objects

__all__ = [
    "CLIENTS",
    "ApiError",
    "Behaviour",
    "Cluster",
    "Exit",
    "Launch",
    "Objects",
    "Use",
    "cluster",
    "healthy_after",
]
