"""TaintNodesByCondition: a new node takes no pods until it is known to be ready.

Upstream ``plugin/pkg/admission/nodetaint/admission.go``; the node life-cycle controller removes the taint.
"""

from __future__ import annotations

from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("nodes"):
        return attempt.obj
    spec = attempt.obj.get("spec") or {}
    taints = list(spec.get("taints") or ())
    if any((t.get("key"), t.get("effect")) == (NOT_READY["key"], NOT_READY["effect"]) for t in taints):
        return attempt.obj
    return {**attempt.obj, "spec": {**spec, "taints": [*taints, NOT_READY]}}


TAINT_NODES_BY_CONDITION = Plugin("TaintNodesByCondition", admit=_admit, kinds=("nodes",))
