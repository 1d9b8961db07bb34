"""KEDA as a whole: its parts put together, each acting only while its own Deployment has a Ready pod. Made by ``StandIns``."""

from __future__ import annotations

from wavetank.twin.cluster import Cluster
from wavetank.twin.components.parts import Parts
from wavetank.twin.controllers.base import Context
from wavetank.twin.controllers.informer import Informer

from .authentications import Authentications
from .jobs import ScaledJobs
from .metrics import KedaMetrics
from .objects import METRICS, NAMESPACE, OPERATOR, WEBHOOKS
from .operator import ScaledObjects
from .readings import Readings
from .sources import ScalerSources
from .webhooks import webhooks_of

_PARTS = {OPERATOR: "operator", METRICS: "metrics", WEBHOOKS: "webhooks"}


class Keda:
    """``metrics`` is the adapter of external metrics."""

    def __init__(self, cluster: Cluster, sources: ScalerSources) -> None:
        self._cluster = cluster
        readings, context = Readings(cluster, sources), Context(cluster, Informer(cluster))
        self._objects = ScaledObjects(context, readings, lambda: self.serves("operator"), self._version)
        self._jobs = ScaledJobs(context, readings, lambda: self.serves("operator"))
        self._parts = Parts(cluster, _PARTS, self._turned)
        self.metrics = KedaMetrics(cluster, self._objects, readings, self.serves)
        self._end_webhooks = cluster.add_webhook(webhooks_of(cluster, lambda: self.serves("webhooks")))
        self._authentications = Authentications(cluster, lambda: self.serves("operator"))
        self._objects.start()
        self._jobs.start()
        if self.serves("operator"):
            self._turned("operator")

    def close(self) -> None:
        self._parts.close()
        self._authentications.close()
        self._end_webhooks()
        self._objects.close()
        self._jobs.close()

    def serves(self, part: str) -> bool:
        return self._parts.serve(part)

    def _turned(self, part: str) -> None:
        """The operator begins with everything it finds, and forgets everything when it stops."""
        if part != "operator":
            return
        for each in (self._objects, self._jobs):
            if self.serves("operator"):
                each.begun()
            else:
                each.stopped()

    def _version(self) -> str:
        """Of the operator's image."""
        for deployment in self._cluster.list("deployments.apps", NAMESPACE):
            if deployment["metadata"]["name"] == OPERATOR:
                image = str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])
                return image.rpartition(":")[2]
        return "unknown"
