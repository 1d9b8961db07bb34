"""What Karpenter keeps writing on NodeClaims: whether they may be consolidated, whether they have drifted, when a pod last came
or went. Expired claims are deleted here.

Upstream: ``pkg/controllers/nodeclaim/disruption``, ``nodeclaim/podevents``, ``nodeclaim/expiration``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wavetank.kube.conditions import condition, is_true, without_condition
from wavetank.kube.pod_phase import is_terminal, is_terminating
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.controllers.base import Key

from . import names
from .drift import drift_reason
from .durations import optional_seconds
from .live import Live, Loop
from .pods import is_owned_by
from .pools import DEFAULT_EXPIRY, Pool
from .statuses import with_state

#: Drift is looked for this often; AMIs and subnets change without telling.
DRIFT_SECONDS = 300.0
#: A pod's coming and going is written down no more often than this.
POD_EVENT_SECONDS = 10.0


class ClaimConditions(Loop):
    """``Consolidatable`` and ``Drifted`` of each claim, its last pod event, and its end of life."""

    name = names.COMPONENT

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._drift_seen: dict[str, float] = {}

    def watch(self) -> None:
        self.on(names.NODE_CLAIMS, self.itself)
        self.on(names.NODE_POOLS, self._claims_of_pool, relevant=lambda pool: pool["metadata"].get("generation"))
        self.on(names.NODE_CLASSES, self._claims_of_class)
        self.cluster.subscribe("pods", self._note_pod)

    def all_keys(self) -> list[Key]:
        return [("", claim["metadata"]["name"]) for claim in self.cluster.list(names.NODE_CLAIMS)]

    def _claims_of_pool(self, pool: Obj) -> Sequence[Key]:
        return self._labelled(names.NODE_POOL, pool["metadata"]["name"])

    def _claims_of_class(self, node_class: Obj) -> Sequence[Key]:
        return self._labelled(names.NODE_CLASS, node_class["metadata"]["name"])

    def _labelled(self, label: str, value: str) -> Sequence[Key]:
        claims = self.cluster.list(
            names.NODE_CLAIMS, where=lambda c: c["metadata"].get("labels", {}).get(label) == value
        )
        return [("", claim["metadata"]["name"]) for claim in claims]

    # --- pods --------------------------------------------------------------------------------------------------------

    def _note_pod(self, change: Change) -> None:
        """A pod was bound, ended or is ending: the node is not at rest."""
        pod, old = change.object, change.old
        node_name = pod["spec"].get("nodeName")
        if not node_name or self._closed or not self.live.is_up() or is_owned_by(pod, "DaemonSet"):
            return
        bound = old is None or not old["spec"].get("nodeName")
        ended = old is not None and _is_gone(pod) and not _is_gone(old)
        if (change.type != "DELETED" and (bound or ended)) or (change.type == "DELETED" and not _is_gone(old or pod)):
            self.engine.call_soon(lambda: self._pod_event(node_name))

    def _pod_event(self, node_name: str) -> None:
        if self._closed or not self.live.is_up():
            return
        node = self.cluster.find("nodes", "", node_name)
        owners = (node or {}).get("metadata", {}).get("ownerReferences") or ()
        name = next((owner["name"] for owner in owners if owner.get("kind") == "NodeClaim"), "")
        claim = self.cluster.find(names.NODE_CLAIMS, "", name) if name else None
        if claim is None:
            return
        status = claim.get("status") or {}
        last = status.get("lastPodEventTime")
        if last and (self.now - parse(last)).total_seconds() < POD_EVENT_SECONDS:
            return
        self.write_status(claim, {**status, "lastPodEventTime": rfc3339(self.now)})

    # --- one claim ---------------------------------------------------------------------------------------------------

    def work(self, key: Key) -> None:
        claim = self.cluster.find(names.NODE_CLAIMS, *key)
        if claim is None or claim["metadata"].get("deletionTimestamp") or self._expired(claim, key):
            return
        found = self.cluster.find(names.NODE_POOLS, "", claim["metadata"].get("labels", {}).get(names.NODE_POOL, ""))
        if found is None:
            return
        pool, status = Pool(found), claim.get("status") or {}
        conditions = self._consolidatable(claim, pool, key)
        drifted = self._drift(claim, pool)
        if drifted:
            conditions = with_state(conditions, "Drifted", "True", self.now, drifted, drifted)
        else:
            conditions = without_condition(conditions, "Drifted")
        if conditions != list(status.get("conditions") or ()):
            self.write_status(claim, {**status, "conditions": conditions})

    def _expired(self, claim: Obj, key: Key) -> bool:
        """End a claim that has lived long enough, without asking budgets."""
        life = optional_seconds(claim["spec"].get("expireAfter", DEFAULT_EXPIRY))
        if life is None:
            return False
        left = (parse(claim["metadata"]["creationTimestamp"]) + timedelta(seconds=life) - self.now).total_seconds()
        if left > 0:
            self._wake_after(key, left)
            return False
        self.engine.record(names.COMPONENT, "expire", f"nodeclaim/{claim['metadata']['name']}")
        self.deleted(names.NODE_CLAIMS, key)
        return True

    def _wake_after(self, key: Key, seconds: float) -> None:
        self.engine.call_later(seconds, lambda: self.enqueue(key))

    def _consolidatable(self, claim: Obj, pool: Pool, key: Key) -> list[Obj]:
        conditions = list((claim.get("status") or {}).get("conditions") or ())
        after = pool.consolidate_after_seconds
        initialized = condition(claim, "Initialized")
        if after is None or initialized is None or not is_true(claim, "Initialized"):
            return without_condition(conditions, "Consolidatable")
        last = (claim.get("status") or {}).get("lastPodEventTime") or initialized["lastTransitionTime"]
        left = (parse(last) + timedelta(seconds=after) - self.now).total_seconds()
        if left > 0:
            self.enqueue(key, left)
            return without_condition(conditions, "Consolidatable")
        return with_state(conditions, "Consolidatable", "True", self.now)

    def _drift(self, claim: Obj, pool: Pool) -> str:
        if not is_true(claim, "Launched"):
            return ""
        node_class = self.cluster.find(names.NODE_CLASSES, "", pool.node_class)
        ground = offers = None
        if node_class is not None:
            ground, offers = self.live.offers.ground(node_class), self.live.offers.instance_types(node_class)
            self._look_again(claim["metadata"]["name"])
        return drift_reason(claim, pool, node_class, ground, offers or ())

    def _look_again(self, name: str) -> None:
        due = self._drift_seen.get(name, 0.0)
        if due <= self.engine.now:
            self._drift_seen[name] = self.engine.now + DRIFT_SECONDS
            self._wake_after(("", name), DRIFT_SECONDS)


def _is_gone(pod: Obj) -> bool:
    return is_terminal(pod) or is_terminating(pod)
