"""How a node goes: no new pods, evictions in order, volumes away, the machine ended, the finalizers off.

Deleting the Node or its NodeClaim comes to the same. Upstream: ``pkg/controllers/node/termination``,
``pkg/controllers/nodeclaim/lifecycle/termination.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from wavetank.kube.conditions import Status
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.controllers.base import Key

from . import names
from .durations import seconds_of
from .live import Live, Loop
from .pods import is_critical, is_evictable, is_owned_by, is_waited_for
from .state import same_taint
from .statuses import with_state

#: A node that is being emptied is looked at again after this, a machine that is being ended after that.
DRAIN_SECONDS, INSTANCE_SECONDS = 1.0, 5.0
ATTACHMENTS = "volumeattachments.storage.k8s.io"
TOO_MANY_REQUESTS = 429


class NodeTermination(Loop):
    """Empties nodes that are being deleted and ends their machines."""

    name = names.COMPONENT

    def watch(self) -> None:
        self.on("nodes", self.itself, relevant=_is_leaving)
        self.on(names.NODE_CLAIMS, self._node_of_claim, relevant=_is_leaving)

    def all_keys(self) -> list[Key]:
        return [("", node["metadata"]["name"]) for node in self.cluster.list("nodes")]

    def _node_of_claim(self, claim: Obj) -> Sequence[Key]:
        name = (claim.get("status") or {}).get("nodeName")
        return [("", name)] if name else ()

    def work(self, key: Key) -> None:
        node = self.cluster.find("nodes", *key)
        if node is None or not _is_leaving(node) or names.FINALIZER not in node["metadata"].get("finalizers", ()):
            return
        claim = claim_of_node(self.live, node)
        if claim is None:
            self._release(node)
            return
        if not _is_leaving(claim):
            self.deleted(names.NODE_CLAIMS, ("", claim["metadata"]["name"]))
        if self.live.fleet.instance_of(node["metadata"]["name"]) is None:
            self._release(node)
            return
        if not any(same_taint(taint, names.DISRUPTED) for taint in (node.get("spec") or {}).get("taints") or ()):
            node = self.cluster.modify("nodes", "", node["metadata"]["name"], disrupted)
        self._drain(node, claim, _termination_time(claim))

    def _drain(self, node: Obj, claim: Obj, until: datetime | None) -> None:
        name, key = node["metadata"]["name"], ("", node["metadata"]["name"])
        pods = self.informer.pods_by_node()[name]
        waiting = [pod for pod in pods if is_waited_for(pod, self.now)]
        if until is not None:
            text = f"All pods will be deleted by {rfc3339(until)}"
            self.live.tell((node,), "Warning", "TerminationGracePeriodExpiring", text, same=("",))
            self._hurry(waiting, until)
        if waiting:
            self._evict(first_group(waiting))
            text = f"Failed to drain node, {len(waiting)} pods are waiting to be evicted"
            self.live.tell((node,), "Warning", "FailedDraining", text, same=("",))
            self._condition(claim, "Drained", "Unknown", "Draining")
            self.enqueue(key, DRAIN_SECONDS)
            return
        self._condition(claim, "Drained", "True", "Drained")
        attached = self._attachments(name, pods)
        if attached and (until is None or self.now < until):
            text = f"Awaiting deletion of {attached} VolumeAttachments bound to node"
            self.live.tell((node,), "Warning", "AwaitingVolumeDetachment", text, same=("",))
            self._condition(claim, "VolumesDetached", "Unknown", "AwaitingVolumeDetachment")
            self.enqueue(key, DRAIN_SECONDS)
            return
        self._condition(claim, "VolumesDetached", "False" if attached else "True", "VolumesDetached")
        self._terminate(claim, name)
        self.enqueue(key, INSTANCE_SECONDS)

    def _evict(self, pods: Sequence[Obj]) -> None:
        """Through the API, so that disruption budgets are kept; what is refused is tried again in the next pass."""
        for pod in pods:
            metadata = pod["metadata"]
            if not is_evictable(pod):
                continue
            try:
                self.cluster.evict(metadata["namespace"], metadata["name"])
            except ApiError as error:
                if error.code not in (404, TOO_MANY_REQUESTS):
                    raise
                continue
            self.engine.record(names.COMPONENT, "evict", f"{metadata['namespace']}/{metadata['name']}")
            self.live.tell((pod,), "Normal", "Evicted", "Evicted pod", same=("",))

    def _hurry(self, pods: Sequence[Obj], until: datetime) -> None:
        """End pods in time for the node's end, whatever budgets and annotations say."""
        for pod in pods:
            grace = int(pod["spec"].get("terminationGracePeriodSeconds") or 0)
            ends = pod["metadata"].get("deletionTimestamp")
            late = parse(ends) > until if ends else self.now >= until - timedelta(seconds=grace)
            if not late:
                continue
            left = max(0, int((until - self.now).total_seconds()))
            told = (
                f"Deleting the pod to accommodate the terminationTime {rfc3339(until)} of the node. The pod was granted "
                f"{left} seconds of grace-period of its {grace} terminationGracePeriodSeconds. This bypasses the PDB of "
                "the pod and the do-not-disrupt annotation."
            )
            self.live.tell((pod,), "Normal", "Disrupted", told, same=("",))
            address = (pod["metadata"]["namespace"], pod["metadata"]["name"])
            self.deleted("pods", address, grace_seconds=left)

    def _attachments(self, node_name: str, pods: Sequence[Obj]) -> int:
        """How many volumes of pods that were drained are still attached."""
        staying = [pod for pod in pods if not is_waited_for(pod, self.now) and not is_terminal(pod)]
        kept = {name for pod in staying for name in self._volumes_of(pod)}
        here = self.cluster.list(ATTACHMENTS, where=lambda a: a["spec"].get("nodeName") == node_name)
        return sum(1 for a in here if a["spec"]["source"].get("persistentVolumeName") not in kept)

    def _volumes_of(self, pod: Obj) -> Iterable[str]:
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = self.cluster.find("persistentvolumeclaims", pod["metadata"]["namespace"], name) if name else None
            if claim is not None and claim["spec"].get("volumeName"):
                yield claim["spec"]["volumeName"]

    def _terminate(self, claim: Obj, node_name: str) -> None:
        if self.live.fleet.instance_of(node_name) is not None:
            self.engine.record(names.COMPONENT, "terminate", node_name)
            self.live.fleet.stop(node_name)
        self._condition(claim, "InstanceTerminating", "True", "InstanceTerminating")

    def _release(self, node: Obj) -> None:
        """Nothing stands behind the node any more: let it go."""

        def released(live: Obj) -> Obj:
            left = [f for f in live["metadata"].get("finalizers") or () if f != names.FINALIZER]
            return {**live, "metadata": {**live["metadata"], "finalizers": left}}

        self.cluster.modify("nodes", "", node["metadata"]["name"], released)

    def _condition(self, claim: Obj, kind: str, status: Status, reason: str) -> None:
        live = self.cluster.find(names.NODE_CLAIMS, "", claim["metadata"]["name"])
        if live is not None:
            known = live.get("status") or {}
            conditions = with_state(known.get("conditions"), kind, status, self.now, reason)
            self.write_status(live, {**known, "conditions": conditions})


class ClaimTermination(Loop):
    """Lets a NodeClaim go when its node and its machine have gone."""

    name = names.COMPONENT

    def watch(self) -> None:
        self.on(names.NODE_CLAIMS, self.itself, relevant=_is_leaving)
        self.on("nodes", self._claims_of_node, relevant=_is_leaving)

    def all_keys(self) -> list[Key]:
        return [("", claim["metadata"]["name"]) for claim in self.cluster.list(names.NODE_CLAIMS)]

    def _claims_of_node(self, node: Obj) -> Sequence[Key]:
        owners = node["metadata"].get("ownerReferences") or ()
        return [("", owner["name"]) for owner in owners if owner.get("kind") == "NodeClaim"]

    def work(self, key: Key) -> None:
        claim = self.cluster.find(names.NODE_CLAIMS, *key)
        if claim is None or not _is_leaving(claim) or names.FINALIZER not in claim["metadata"].get("finalizers", ()):
            return
        claim = self._with_termination_time(claim)
        provider_id = (claim.get("status") or {}).get("providerID")
        nodes = self.cluster.list("nodes", where=lambda n: (n.get("spec") or {}).get("providerID") == provider_id)
        registered = [n for n in nodes if names.FINALIZER in (n["metadata"].get("finalizers") or ())]
        for node in registered:
            if not _is_leaving(node):
                self.deleted("nodes", ("", node["metadata"]["name"]))
        if registered:
            return
        if self._ended(provider_id):
            self._release(claim)
        else:
            self.enqueue(key, INSTANCE_SECONDS)

    def _with_termination_time(self, claim: Obj) -> Obj:
        grace, metadata = claim["spec"].get("terminationGracePeriod"), claim["metadata"]
        annotations = metadata.get("annotations") or {}
        if not grace or names.TERMINATION_TIME in annotations:
            return claim
        until = parse(metadata["deletionTimestamp"]) + timedelta(seconds=seconds_of(grace))
        changed = {**metadata, "annotations": {**annotations, names.TERMINATION_TIME: rfc3339(until)}}
        return self.cluster.update({**claim, "metadata": changed}, manager=names.COMPONENT)

    def _ended(self, provider_id: str | None) -> bool:
        """Whether there is no machine; one that never became a node is ended here."""
        machines = [m for m in self.live.fleet.instances if m.provider_id == provider_id]
        for machine in machines:
            self.engine.record(names.COMPONENT, "terminate", machine.name)
            self.live.fleet.stop(machine.name)
        return not machines

    def _release(self, claim: Obj) -> None:
        def released(live: Obj) -> Obj:
            left = [f for f in live["metadata"].get("finalizers") or () if f != names.FINALIZER]
            return {**live, "metadata": {**live["metadata"], "finalizers": left}}

        name, provider_id = claim["metadata"]["name"], (claim.get("status") or {}).get("providerID", "")
        self.live.marked.discard(provider_id)
        self.live.nominated.pop(provider_id, None)
        self.engine.record(names.COMPONENT, "remove", f"nodeclaim/{name}")
        self.cluster.modify(names.NODE_CLAIMS, "", name, released)


def first_group(pods: Sequence[Obj]) -> list[Obj]:
    """The pods to be evicted next: ordinary ones before critical ones, DaemonSets' after the others of their kind."""
    groups: dict[tuple[bool, bool], list[Obj]] = {}
    for pod in pods:
        groups.setdefault((is_critical(pod), is_owned_by(pod, "DaemonSet")), []).append(pod)
    return groups[min(groups)] if groups else []


def disrupted(node: Obj) -> Obj:
    """The node with the taint that keeps pods off a node that goes."""
    spec = node.get("spec") or {}
    taints = [t for t in spec.get("taints") or () if t["key"] != names.DISRUPTED["key"]]
    return {**node, "spec": {**spec, "taints": [*taints, names.DISRUPTED]}}


def undisrupted(node: Obj) -> Obj:
    spec = node.get("spec") or {}
    taints = [t for t in spec.get("taints") or () if t["key"] != names.DISRUPTED["key"]]
    kept = {key: value for key, value in spec.items() if key != "taints"}
    return {**node, "spec": kept | ({"taints": taints} if taints else {})}


def claim_of_node(live: Live, node: Obj) -> Obj | None:
    owners = node["metadata"].get("ownerReferences") or ()
    name = next((owner["name"] for owner in owners if owner.get("kind") == "NodeClaim"), "")
    return live.cluster.find(names.NODE_CLAIMS, "", name) if name else None


def _is_leaving(obj: Obj) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def _termination_time(claim: Obj) -> datetime | None:
    text = (claim["metadata"].get("annotations") or {}).get(names.TERMINATION_TIME)
    return parse(text) if text else None
