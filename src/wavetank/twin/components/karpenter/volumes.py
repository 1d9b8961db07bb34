"""Where a pod's volumes let it run: zones of bound volumes, and topologies that a storage class allows. Reads, never writes.

Upstream: ``pkg/controllers/provisioning/scheduling/volumetopology.go``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .requirements import Requirements, of_expressions, requirement

CLASSES = "storageclasses.storage.k8s.io"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


class MissingClaimError(Exception):
    """A claim that the pod uses does not exist, or its class does not."""


def volume_requirements(cluster: Cluster, pod: Obj) -> Requirements:
    """Raises MissingClaimError: no node can help such a pod."""
    found = Requirements()
    for volume in pod["spec"].get("volumes") or ():
        name = _claim_name(pod, volume)
        if name:
            found = found.plus(_of_claim(cluster, pod["metadata"]["namespace"], name).values())
    return found


def _claim_name(pod: Obj, volume: Obj) -> str:
    if "ephemeral" in volume:
        return f"{pod['metadata']['name']}-{volume['name']}"
    return str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")


def _of_claim(cluster: Cluster, namespace: str, name: str) -> Requirements:
    claim = cluster.find("persistentvolumeclaims", namespace, name)
    if claim is None:
        raise MissingClaimError(f"persistentvolumeclaim {namespace}/{name} not found")
    volume_name = claim["spec"].get("volumeName")
    if volume_name:
        return _of_volume(cluster.find("persistentvolumes", "", volume_name))
    class_name = claim["spec"].get("storageClassName")
    if not class_name:
        raise MissingClaimError(f"unbound pvc {namespace}/{name} must define a storage class")
    storage_class = cluster.find(CLASSES, "", class_name)
    if storage_class is None:
        raise MissingClaimError(f"storageclass {class_name} not found")
    return _of_class(storage_class)


def _of_volume(volume: Obj | None) -> Requirements:
    required = (((volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    terms = required.get("nodeSelectorTerms") or ()
    return of_expressions(terms[0].get("matchExpressions") or ()) if terms else Requirements()


def _of_class(storage_class: Obj) -> Requirements:
    topologies = storage_class.get("allowedTopologies") or ()
    if not topologies:
        return Requirements()
    wanted = topologies[0].get("matchLabelExpressions") or ()
    return Requirements().plus(requirement(each["key"], "In", each["values"]) for each in wanted)
