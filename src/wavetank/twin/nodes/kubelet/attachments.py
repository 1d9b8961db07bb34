"""Which of a pod's volumes are not attached to its node yet. Reads only; ``setup`` waits for them."""

from __future__ import annotations

from collections.abc import Callable

from wavetank.kube.types import Obj
from wavetank.kube.volume_attachments import ATTACHMENTS, CSI_DRIVERS, attachment_name, is_attachable, is_attached

#: (resource key, namespace, name) -> object or None
Find = Callable[[str, str, str], Obj | None]


def claim_of(pod: Obj, volume: Obj) -> str:
    """The claim behind a volume of a pod; "" for any other kind of volume."""
    if volume.get("persistentVolumeClaim"):
        return str(volume["persistentVolumeClaim"]["claimName"])
    return f"{pod['metadata']['name']}-{volume['name']}" if volume.get("ephemeral") else ""


def unattached_volumes(find: Find, pod: Obj) -> list[str]:
    """Names of the volumes that the pod has to wait for."""
    node, namespace = pod["spec"].get("nodeName", ""), pod["metadata"]["namespace"]
    missing: list[str] = []
    for volume in pod["spec"].get("volumes") or ():
        claim = find("persistentvolumeclaims", namespace, name) if (name := claim_of(pod, volume)) else None
        disk = find("persistentvolumes", "", (claim or {}).get("spec", {}).get("volumeName", "")) if claim else None
        if disk is None or not is_attachable(
            disk, find(CSI_DRIVERS, "", (disk["spec"].get("csi") or {}).get("driver", ""))
        ):
            continue
        if not is_attached(find(ATTACHMENTS, "", attachment_name(disk, node))):
            missing.append(volume["name"])
    return missing
