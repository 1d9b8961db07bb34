"""DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or unreachable, unless it says otherwise.

Upstream ``plugin/pkg/admission/defaulttolerationseconds/admission.go``.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

SECONDS = 300
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
#: All pods share them; there are tens of thousands of pods.
_ADDED: Mapping[str, Obj] = {
    key: {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
    for key in (NOT_READY, UNREACHABLE)
}


def _admit(attempt: Attempt) -> Obj:
    if attempt.key != "pods" or attempt.operation == "DELETE":
        return attempt.obj
    spec = attempt.obj["spec"]
    tolerations = list(spec.get("tolerations") or ())
    missing = [key for key in (NOT_READY, UNREACHABLE) if not any(_covers(t, key) for t in tolerations)]
    if not missing:
        return attempt.obj
    added = [_ADDED[key] for key in missing]
    return {**attempt.obj, "spec": {**spec, "tolerations": tolerations + added}}


def _covers(toleration: Obj, key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")


DEFAULT_TOLERATION_SECONDS = Plugin("DefaultTolerationSeconds", admit=_admit, kinds=("pods",))
