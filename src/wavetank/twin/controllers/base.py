"""What every controller is: a work queue of keys and a pass that brings one key's world closer to what is wanted.

A pass reads the store, computes and writes; it never assumes what the trigger was. ``ApiError`` means "try again later";
any other exception is a bug of ours and leaves the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change, Cluster
from wavetank.twin.cluster.ports import MetricsSource, NoMetrics
from wavetank.twin.engine import Timer

from .custom_metrics import CustomMetrics, NoAdapter
from .informer import Informer, address, controller_of
from .settings import ControllerSettings

Key = tuple[str, str]
Keys = Callable[[Obj], Iterable[Key]]

#: From a write to the start of the pass that it triggers: watch latency and queue.
REACTION_SECONDS = 0.002
#: For loops that look at all their pods in a pass: changes within this time are seen together.
GATHERING_SECONDS = 0.01
RETRY_SECONDS = 0.005
#: What a moment counts as that a status should have stated and did not.
LONG_AGO = "1970-01-01T00:00:00Z"
LONGEST_RETRY_SECONDS = 1000.0


@dataclass(frozen=True)
class Context:
    """What controllers share."""

    cluster: Cluster
    informer: Informer
    settings: ControllerSettings = field(default_factory=ControllerSettings)
    metrics: MetricsSource = field(default_factory=NoMetrics)
    #: Engine time of a node's last heartbeat by node name; None for a node that is not known there.
    heartbeats: Callable[[str], float | None] | None = None
    custom_metrics: CustomMetrics = field(default_factory=NoAdapter)


class Controller:
    """One control loop. Subclasses wire their triggers in ``watch`` and do their work in ``reconcile``."""

    #: As in kube-controller-manager; also the component of the events it writes.
    name: ClassVar[str]
    #: How long a key that failed waits at first, doubling up to the longest.
    first_retry_seconds: ClassVar[float] = RETRY_SECONDS
    longest_retry_seconds: ClassVar[float] = LONGEST_RETRY_SECONDS

    def __init__(self, context: Context) -> None:
        self.context = context
        self.cluster = context.cluster
        self.engine = context.cluster.engine
        self.informer = context.informer
        self.settings = context.settings
        self._due: dict[Key, Timer] = {}
        self._failures: dict[Key, int] = {}

    def start(self) -> None:
        """Subscribe, and look once at everything that exists."""
        self.watch()

    def watch(self) -> None:
        raise AssertionError(f"{self.name} has no triggers")

    def reconcile(self, key: Key) -> None:
        raise AssertionError(f"{self.name} has no pass")

    # --- the queue ---------------------------------------------------------------------------------------------

    def enqueue(self, key: Key, after_seconds: float = REACTION_SECONDS) -> None:
        """Plan a pass; one that is already planned earlier covers it."""
        due = self._due.get(key)
        if due is not None and due.active:
            if due.seconds <= self.engine.now + after_seconds:
                return
            due.cancel()
        self._due[key] = self.engine.call_later(after_seconds, lambda: self._run(key))

    def _run(self, key: Key) -> None:
        self._due.pop(key, None)
        self.engine.actor = self.name
        try:
            self.reconcile(key)
        except ApiError as error:
            self.engine.record(self.name, "retry", "/".join(part for part in key if part), error.message)
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            self.enqueue(key, min(self.first_retry_seconds * 2 ** min(failures, 30), self.longest_retry_seconds))
        else:
            self._failures.pop(key, None)

    # --- triggers ----------------------------------------------------------------------------------------------

    def on(
        self,
        resource_key: str,
        keys: Keys,
        *,
        relevant: Callable[[Obj], object] | None = None,
        after_seconds: float = REACTION_SECONDS,
    ) -> None:
        """Enqueue what ``keys`` says of every existing object and of every change (before and after it).

        A change after which ``relevant`` gives the same as before is none. ``after_seconds`` gathers changes for one pass.
        """

        def changed(change: Change) -> None:
            old, new = change.old, change.object
            if (
                change.type == "MODIFIED"
                and relevant is not None
                and old is not None
                and relevant(old) == relevant(new)
            ):
                return
            for state in (old, new if change.type != "DELETED" else None):
                for key in keys(state) if state is not None else ():
                    self.enqueue(key, after_seconds)

        for obj in self.cluster.list(resource_key):
            for key in keys(obj):
                self.enqueue(key)
        self.cluster.subscribe(resource_key, changed)

    def itself(self, obj: Obj) -> Iterable[Key]:
        """The key of the object that changed."""
        return (address(obj),)

    def owner_of_kind(self, kind: str) -> Keys:
        """The controlling owner's key, when it is of this kind."""

        def keys(obj: Obj) -> Iterable[Key]:
            owner = controller_of(obj)
            return ((obj["metadata"].get("namespace", ""), owner["name"]),) if owner and owner["kind"] == kind else ()

        return keys

    # --- doing -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.engine.utc

    @property
    def minor(self) -> int:
        """Of the cluster's Kubernetes version."""
        return int(self.cluster.version.rpartition(".")[2])

    def event(self, about: Obj, kind: str, reason: str, message: str) -> None:
        """Record an event in this controller's name; a namespace that is going away takes none."""
        try:
            self.cluster.record_event(about, kind, reason, message, self.name)
        except ApiError:
            return

    def write_status(self, obj: Obj, status: Obj) -> Obj:
        """Write the status when it differs from what the object has."""
        if (obj.get("status") or {}) == status:
            return obj
        return self.cluster.set_status(obj, status)

    def deleted(self, resource_key: str, key: Key, *, grace_seconds: int | None = None) -> bool:
        """Delete an object; False when it was gone already."""
        try:
            self.cluster.delete(resource_key, *key, grace_seconds=grace_seconds)
        except ApiError as error:
            if error.code != 404:
                raise
            return False
        return True
