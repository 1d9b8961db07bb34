"""One call of the EKS API as a handler sees it: who, where, with which parameters, and what it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from wavetank.cloud.callers import Identity
from wavetank.cloud.eks.neighbours import Neighbours
from wavetank.cloud.eks.state import Cluster, Clusters, Wire
from wavetank.cloud.events import CloudEvent, ClusterRef


@dataclass(frozen=True)
class Call:
    """``parameters`` are those of botocore's input shape, wherever in the request they came from."""

    operation: str
    region: str
    caller: Identity
    parameters: Mapping[str, Any]
    clusters: Clusters
    aws: Neighbours
    now: datetime
    emit: Callable[[CloudEvent], None]

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def ref(self) -> ClusterRef:
        """The cluster that is spoken of: ``clusterName`` in most operations, ``name`` in the older ones."""
        name = self.parameters.get("clusterName") or self.parameters["name"]
        return ClusterRef(self.account, self.region, str(name))

    @property
    def cluster(self) -> Cluster:
        """Raises ResourceNotFoundException."""
        return self.clusters.get(self.ref)

    def arn(self, kind: str, *path: str) -> str:
        return f"arn:aws:eks:{self.region}:{self.account}:{'/'.join((kind, *path))}"

    def get(self, name: str, default: Any = None) -> Any:
        value = self.parameters.get(name)
        return default if value is None else value

    def page(self, key: str, names: list[Any]) -> Wire:
        """A list answer: the page that ``maxResults`` and ``nextToken`` ask for (the token is the offset)."""
        start = int(self.get("nextToken") or 0)
        size = int(self.get("maxResults") or 100)
        answer: Wire = {key: names[start : start + size]}
        if start + size < len(names):
            answer["nextToken"] = str(start + size)
        return answer


Handler: TypeAlias = Callable[[Call], Wire]
