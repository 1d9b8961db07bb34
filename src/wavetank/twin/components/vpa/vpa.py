"""The Vertical Pod Autoscaler as a whole: its three parts put together, each acting only while its own pod is Ready."""

from __future__ import annotations

from collections.abc import Callable

from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import MetricsSource
from wavetank.twin.components.parts import Parts
from wavetank.twin.engine import Timer

from .objects import ADMISSION, PART_LABELS, RECOMMENDER, UPDATER
from .recommender import INTERVAL_SECONDS as RECOMMENDER_SECONDS
from .recommender import Recommender
from .updater import INTERVAL_SECONDS as UPDATER_SECONDS
from .updater import Updater
from .webhook import webhook_of


class VerticalPodAutoscaling:
    """Made by ``StandIns``. A part's first round comes as soon as its pod is Ready, the others at its interval."""

    def __init__(self, cluster: Cluster, metrics: MetricsSource) -> None:
        self._engine = cluster.engine
        self._parts = Parts(cluster, PART_LABELS, self._turned)
        self._recommender = Recommender(cluster, metrics, lambda: self._parts.serve(RECOMMENDER))
        self._updater = Updater(cluster, lambda: self._parts.serve(UPDATER), lambda: self._parts.serve(ADMISSION))
        self._end_webhook = cluster.add_webhook(webhook_of(cluster, lambda: self._parts.serve(ADMISSION)))
        self._timers: dict[str, Timer] = {}
        for part in (RECOMMENDER, UPDATER):
            if self._parts.serve(part):
                self._turned(part)

    def close(self) -> None:
        self._parts.close()
        self._end_webhook()
        for timer in self._timers.values():
            timer.cancel()

    def _turned(self, part: str) -> None:
        timer = self._timers.pop(part, None)
        if timer is not None:
            timer.cancel()
        if not self._parts.serve(part):
            return
        if part == RECOMMENDER:
            self._recommender.begun()
            self._repeat(part, self._recommender.round, RECOMMENDER_SECONDS)
        elif part == UPDATER:
            self._repeat(part, self._updater.round, UPDATER_SECONDS)

    def _repeat(self, part: str, action: Callable[[], None], seconds: float) -> None:
        def again() -> None:
            self._timers[part] = self._engine.call_later(seconds, again)
            action()

        self._timers[part] = self._engine.call_soon(again)
