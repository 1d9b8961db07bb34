"""Who owns the claims of a StatefulSet's pods, by its retention policy. Pure.

A claim goes with its owner: the set when ``whenDeleted`` is Delete, a pod beyond the wanted size when ``whenScaled`` is.
Upstream: ``updateClaimOwnerRefForSetAndPod`` in ``pkg/controller/statefulset/stateful_set_utils.go``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj

from .ownership import owner_reference


def claim_owner(stateful_set: Obj, pod: Obj, *, condemned: bool) -> Obj | None:
    """The set or the pod; None for a claim that stays whatever happens."""
    policy = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if condemned and policy.get("whenScaled") == "Delete":
        return pod
    return stateful_set if policy.get("whenDeleted") == "Delete" else None


def owned(claim: Obj, stateful_set: Obj, pod: Obj, *, condemned: bool) -> Obj:
    """The claim with the owner that the policy gives it, itself where that is so; other owners are left alone."""
    stated = claim["metadata"].get("ownerReferences") or []
    ours = {stateful_set["metadata"]["uid"], pod["metadata"]["uid"]}
    owner = claim_owner(stateful_set, pod, condemned=condemned)
    if owner is not None and any(r["uid"] == owner["metadata"]["uid"] for r in stated):
        ours.discard(owner["metadata"]["uid"])
        owner = None
    references = [r for r in stated if r["uid"] not in ours] + ([owner_reference(owner)] if owner else [])
    if references == stated:
        return claim
    metadata = {k: v for k, v in claim["metadata"].items() if k != "ownerReferences"}
    return {**claim, "metadata": {**metadata, "ownerReferences": references} if references else metadata}
