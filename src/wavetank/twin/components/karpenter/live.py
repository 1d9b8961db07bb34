"""What the control loops of Karpenter share: the cluster, the machines, the offers, the settings, and events that repeat seldom.

Made by ``controller``. Holds what Karpenter keeps in memory and loses with its pod: nominations, marks, exhausted offerings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.base import Context, Controller, Key
from wavetank.twin.controllers.informer import Informer
from wavetank.twin.nodes.fleet import Fleet
from wavetank.twin.nodes.offers import InstanceOffer, Offering, Offers
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info

from .names import COMPONENT
from .requirements import Requirements
from .settings import Settings

#: An event that says the same again within this time is left out (``pkg/events/recorder.go``).
SAME_EVENT_SECONDS = 120.0
#: An offering that was not to be had is not asked for again for this long (``pkg/cache``).
EXHAUSTED_SECONDS = 180.0
#: Pods whose reading is remembered.
MOST_INFOS = 50_000


@dataclass
class Bucket:
    """Lets ``most`` things pass at once and ``per_second`` from then on; the others are left out."""

    per_second: float
    most: int
    _left: float = field(init=False)
    _seen_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._left = self.most

    def take(self, now_seconds: float) -> bool:
        self._left = min(self.most, self._left + (now_seconds - self._seen_seconds) * self.per_second)
        self._seen_seconds = now_seconds
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True)
class Suitable:
    """Of ``offers`` those that suit ``requirements``."""

    offers: Sequence[InstanceOffer]
    requirements: Requirements
    found: Sequence[InstanceOffer]


@dataclass
class Live:
    """``is_up`` is whether the controller's pod is Ready. The rest is its memory."""

    cluster: Cluster
    fleet: Fleet
    offers: Offers
    informer: Informer
    is_up: Callable[[], bool]
    settings: Settings = field(default_factory=Settings)
    #: Provider id of nodes that pods were promised, and until when.
    nominated: dict[str, float] = field(default_factory=dict)
    #: Provider ids of nodes that a command is about to remove.
    marked: set[str] = field(default_factory=set)
    #: What suits a pool, by its name.
    suitable: dict[str, Suitable] = field(default_factory=dict)
    _exhausted: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _told: dict[tuple[str, ...], float] = field(default_factory=dict)
    _infos: dict[str, PodInfo] = field(default_factory=dict)

    @property
    def now_seconds(self) -> float:
        return self.cluster.engine.now

    def info(self, pod: Obj) -> PodInfo:
        """A pod as the scheduler reads it; read again only when the object is another one."""
        uid = pod["metadata"]["uid"]
        known = self._infos.get(uid)
        if known is None or known.pod is not pod:
            known = self._infos[uid] = pod_info(pod)
            if len(self._infos) > MOST_INFOS:
                del self._infos[next(iter(self._infos))]
        return known

    def forget(self) -> None:
        """The process ended."""
        for memory in (self.nominated, self.marked, self._exhausted, self._told):
            memory.clear()

    # --- events ------------------------------------------------------------------------------------------------------

    def tell(
        self,
        about: Iterable[Obj | None],
        kind: str,
        reason: str,
        message: str,
        *,
        same: Sequence[str] = (),
        seconds: float = SAME_EVENT_SECONDS,
        limit: Bucket | None = None,
    ) -> None:
        """Events about objects. ``same`` is what makes two of an object the same; without it, the message."""
        for obj in about:
            if obj is None:
                continue
            key = (reason, obj["metadata"].get("uid", ""), *(same or (message,)))
            if self._told.get(key, -1.0) > self.now_seconds:
                continue
            self._told[key] = self.now_seconds + seconds
            if limit is not None and not limit.take(self.now_seconds):
                continue
            try:
                self.cluster.record_event(obj, kind, reason, message, COMPONENT)
            except ApiError:
                # A namespace that is going takes no events.
                continue

    # --- nominations -------------------------------------------------------------------------------------------------

    def nominate(self, provider_id: str) -> None:
        self.nominated[provider_id] = self.now_seconds + self.settings.nomination_seconds

    def is_nominated(self, provider_id: str) -> bool:
        return self.nominated.get(provider_id, -1.0) > self.now_seconds

    # --- offers ------------------------------------------------------------------------------------------------------

    def exhaust(self, instance_type: str, offering: Offering) -> None:
        """Remember that there was none."""
        key = (instance_type, offering.zone, offering.capacity_type)
        self._exhausted[key] = self.now_seconds + EXHAUSTED_SECONDS

    @property
    def has_exhausted(self) -> bool:
        """Whether some offerings are left aside for now."""
        return any(until > self.now_seconds for until in self._exhausted.values())

    def instance_types(self, node_class: Obj) -> Sequence[InstanceOffer]:
        """What can be had for a node class, as far as Karpenter knows."""
        every = self.offers.instance_types(node_class)
        if not self.has_exhausted:
            return every
        return [self._as_known(offer) for offer in every]

    def _as_known(self, offer: InstanceOffer) -> InstanceOffer:
        known = tuple(self._known(offer.name, o) for o in offer.offerings)
        return offer if known == offer.offerings else replace(offer, offerings=known)

    def _known(self, instance_type: str, offering: Offering) -> Offering:
        until = self._exhausted.get((instance_type, offering.zone, offering.capacity_type), -1.0)
        return offering if until <= self.now_seconds else replace(offering, available=False)


class Loop(Controller):
    """A reconciler that rests while Karpenter does; ``work`` takes the place of ``reconcile``."""

    def __init__(self, live: Live) -> None:
        super().__init__(Context(live.cluster, live.informer))
        self.live = live
        self._closed = False

    def close(self) -> None:
        self._closed = True

    def wake(self) -> None:
        """Karpenter came up: look at everything."""
        for key in self.all_keys():
            self.enqueue(key)

    def all_keys(self) -> list[Key]:
        raise AssertionError(f"{self.name} does not know what it works on")

    def reconcile(self, key: Key) -> None:
        if not self._closed and self.live.is_up():
            self.work(key)

    def work(self, key: Key) -> None:
        raise AssertionError(f"{self.name} has no work")
