"""What every handler needs: the cluster, its clock, and the two windows onto its machines."""

from __future__ import annotations

from dataclasses import dataclass, field

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import LogSource, MetricsSource
from wavetank.twin.cluster.registry import no_such_resource
from wavetank.twin.cluster.streaming import NoStreams, Streams
from wavetank.twin.controllers.custom_metrics import MetricsAdapter, NoAdapter
from wavetank.twin.engine import Pacer

from .encoding import Encoder
from .exchange import Exchange
from .listing import Listings

METRICS_GROUP, EXTERNAL_METRICS_GROUP = "metrics.k8s.io", "external.metrics.k8s.io"
#: What discovery tells of external metrics; which there are, only their adapter knows.
EXTERNAL_METRICS = Resource(
    EXTERNAL_METRICS_GROUP, "v1beta1", "ExternalMetricValueList", "externalmetrics", "", namespaced=True, verbs=("get",)
)


def method_not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


@dataclass
class Edge:
    """``closing`` tells watches to end. ``release`` is the whole version, such as ``v1.36.2``."""

    cluster: Cluster
    pacer: Pacer
    metrics: MetricsSource
    logs: LogSource
    release: str
    streams: Streams = field(default_factory=NoStreams)
    encoder: Encoder = field(default_factory=Encoder)
    watchers: set[object] = field(default_factory=set)
    closing: bool = False
    custom_metrics: MetricsAdapter = field(default_factory=NoAdapter)
    #: Whether the metrics API answers for one pod or node; that of the recorded world gave the whole list.
    metrics_by_name: bool = True
    listings: Listings = field(init=False)

    def __post_init__(self) -> None:
        self.listings = Listings(self.cluster)

    def resources(self) -> tuple[Resource, ...]:
        """What is served now: metrics only while there is a metrics server, or an adapter."""
        own = tuple(r for r in self.cluster.registry.all() if r.group != METRICS_GROUP or self.metrics.available())
        return (*own, EXTERNAL_METRICS) if self.custom_metrics.available() else own

    def resource(self, exchange: Exchange) -> Resource:
        """The resource of a request's path; ApiError 404 when it is not served, or not in this way."""
        target = exchange.target
        if target.group == METRICS_GROUP and not self.metrics.available():
            raise no_such_resource()
        resource = self.cluster.registry.at_path(target.group, target.version, target.plural)
        if target.subresource and target.subresource not in dict(resource.subresources):
            raise no_such_resource()
        if target.namespace and not resource.namespaced and resource.key != "namespaces":
            raise no_such_resource()
        return resource

    def require_verb(self, resource: Resource, verb: str) -> None:
        """ApiError 405 for a verb that a resource does not have."""
        if verb not in resource.verbs:
            raise method_not_allowed()

    def printer_columns(self, resource: Resource) -> tuple[Obj, ...] | None:
        """The columns that a custom kind declares; None for built-in kinds."""
        version = self.cluster.custom.version(resource)
        return None if version is None else tuple(dict(c) for c in version.printer_columns)

    def deprecation(self, resource: Resource) -> str:
        """What clients of this version of a custom kind are told; empty for most."""
        version = self.cluster.custom.version(resource)
        return version.deprecation if version else ""

    def selectable(self, resource: Resource) -> tuple[str, ...]:
        version = self.cluster.custom.version(resource)
        return version.selectable if version else ()
