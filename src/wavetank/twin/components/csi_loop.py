"""What the loops of CSI sidecars share: a work queue over the cluster, one driver each, and nothing done while it is away."""

from __future__ import annotations

from collections.abc import Callable
from uuid import NAMESPACE_DNS, uuid5

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.controllers.base import Context, Controller, Key
from wavetank.twin.controllers.informer import Informer

from .csi_driver import CsiDriver, app_of

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"
#: A call to the driver that failed is repeated after this, doubling (``--retry-interval-start``, ``--retry-interval-max``).
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 300.0


class CsiLoop(Controller):
    """Subclasses say in ``watch`` what wakes them and in ``work`` what they do; when the driver comes up they look again."""

    def __init__(self, cluster: Cluster, driver: CsiDriver, informer: Informer) -> None:
        super().__init__(Context(cluster, informer))
        self.driver = driver
        self._refusals: dict[Key, int] = {}
        self._closed = False

    def start(self) -> None:
        super().start()
        self.cluster.subscribe("pods", self._note_pod)

    def close(self) -> None:
        self._closed = True

    def _note_pod(self, change: Change) -> None:
        if app_of(change.object) == self.driver.controller and self.is_up:
            for key in self.all_keys():
                self.enqueue(key)

    def all_keys(self) -> list[Key]:
        """Everything that there may be to do."""
        raise AssertionError(f"{self.name} does not know what it works on")

    @property
    def is_up(self) -> bool:
        return self.driver.leader(self.cluster) is not None

    def reconcile(self, key: Key) -> None:
        if not self._closed and self.is_up:
            self.work(key)

    def work(self, key: Key) -> None:
        raise AssertionError(f"{self.name} has no work")

    def retry(self, key: Key) -> None:
        """Try again later, each time later."""
        count = self._refusals.get(key, 0)
        self._refusals[key] = count + 1
        self.enqueue(key, min(FIRST_RETRY_SECONDS * 2 ** min(count, 20), LONGEST_RETRY_SECONDS))

    def later(self, key: Key, seconds: float, action: Callable[[], None]) -> None:
        """Finish a call to the driver after the time it takes; what the API refuses then is tried again."""

        def finish() -> None:
            try:
                action()
            except ApiError:
                self.retry(key)

        self.engine.call_later(seconds, finish)

    def succeed(self, key: Key) -> None:
        self._refusals.pop(key, None)

    def tell(self, about: Obj, kind: str, reason: str, message: str) -> None:
        """An event in the name of the sidecar: driver, pod and an identity of the leader."""
        leader = self.driver.leader(self.cluster)
        pod = leader["metadata"]["name"] if leader else self.driver.controller
        source = f"{self.driver.name}_{pod}_{uuid5(NAMESPACE_DNS, f'{self.name}.{pod}')}"
        try:
            self.cluster.record_event(about, kind, reason, message, source)
        except ApiError:
            return
