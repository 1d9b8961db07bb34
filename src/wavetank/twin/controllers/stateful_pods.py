"""The pods and claims of a StatefulSet: their names, what they are made of, and whether one is what it should be.

Pure functions. Upstream: ``pkg/controller/statefulset/stateful_set_utils.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminating, phase
from wavetank.kube.types import Obj

from .pods import pod_of_template
from .revisions import HASH_LABEL

NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"


def start_of(stateful_set: Obj) -> int:
    return int((stateful_set["spec"].get("ordinals") or {}).get("start") or 0)


def replicas_of(stateful_set: Obj) -> int:
    value = stateful_set["spec"].get("replicas")
    return 1 if value is None else int(value)


def pod_name(stateful_set: Obj, ordinal: int) -> str:
    return f"{stateful_set['metadata']['name']}-{ordinal}"


def ordinal_of(pod: Obj) -> int:
    """The number at the end of its name; -1 when there is none."""
    number = str(pod["metadata"]["name"]).rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def claim_names(stateful_set: Obj, ordinal: int) -> dict[str, str]:
    """Claim template -> the claim of this pod."""
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    return {t["metadata"]["name"]: f"{t['metadata']['name']}-{pod_name(stateful_set, ordinal)}" for t in templates}


def claims_for(stateful_set: Obj, ordinal: int) -> list[Obj]:
    """The claims that a pod needs, as they are made when they are missing."""
    names, labels = claim_names(stateful_set, ordinal), stateful_set["spec"]["selector"].get("matchLabels") or {}
    claims: list[Obj] = []
    for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
        own = template["metadata"]
        metadata = {**own, "name": names[own["name"]], "namespace": stateful_set["metadata"]["namespace"]}
        metadata["labels"] = {**(own.get("labels") or {}), **labels}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"]}
        claims.append(claim)
    return claims


def stateful_pod(stateful_set: Obj, template: Obj, ordinal: int, revision: str) -> Obj:
    """The pod of an ordinal, made of the template of ``revision``."""
    name = pod_name(stateful_set, ordinal)
    pod = pod_of_template(template, stateful_set, name=name)
    labels = {
        **(pod["metadata"].get("labels") or {}),
        NAME_LABEL: name,
        INDEX_LABEL: str(ordinal),
        HASH_LABEL: revision,
    }
    spec = {**pod["spec"], "hostname": name}
    if stateful_set["spec"].get("serviceName"):
        spec["subdomain"] = stateful_set["spec"]["serviceName"]
    volumes = _volumes(spec.get("volumes") or (), claim_names(stateful_set, ordinal))
    if volumes:
        spec["volumes"] = volumes
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}, "spec": spec}


def _volumes(stated: Sequence[Obj], claims: dict[str, str]) -> list[Obj]:
    own = [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in claims.items()]
    return own + [volume for volume in stated if volume["name"] not in claims]


def is_healthy(pod: Obj) -> bool:
    """Running, ready and not on its way out."""
    return phase(pod) == "Running" and conditions.is_pod_ready(pod) and not is_terminating(pod)


def is_available(pod: Obj, min_ready_seconds: int, now: datetime) -> bool:
    return phase(pod) == "Running" and conditions.is_pod_available(pod, min_ready_seconds, now)
