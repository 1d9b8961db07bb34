"""Attaching volumes to nodes: which volumes need it, and what the object is called that stands for it. Pure.

Upstream: ``pkg/volume/csi/csi_attacher.go``. Called by the attach-detach controller and by kubelets.
"""

from __future__ import annotations

import hashlib

from .types import Obj

ATTACHMENTS = "volumeattachments.storage.k8s.io"
CSI_DRIVERS = "csidrivers.storage.k8s.io"


def attachment_name(volume: Obj, node: str) -> str:
    """One object per volume and node, named by a hash of both (``getAttachmentName``)."""
    source = volume["spec"].get("csi") or {}
    text = f"{source.get('volumeHandle', '')}{source.get('driver', '')}{node}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"csi-{digest}"


def is_attachable(volume: Obj, driver: Obj | None) -> bool:
    """Whether it is a CSI volume whose driver does not say that attaching is needless (``CSIDriver.attachRequired``)."""
    if not volume["spec"].get("csi"):
        return False
    return driver is None or (driver.get("spec") or {}).get("attachRequired") is not False


def is_attached(attachment: Obj | None) -> bool:
    """Whether the driver has said so; never of one that is being taken away."""
    if attachment is None or attachment["metadata"].get("deletionTimestamp"):
        return False
    return bool((attachment.get("status") or {}).get("attached"))


def volume_of(attachment: Obj) -> str:
    """The persistent volume; "" for an attachment of something else."""
    return str((_spec(attachment).get("source") or {}).get("persistentVolumeName") or "")


def node_of(attachment: Obj) -> str:
    return str(_spec(attachment).get("nodeName") or "")


def attacher_of(attachment: Obj) -> str:
    """The driver that is to attach it."""
    return str(_spec(attachment).get("attacher") or "")


def _spec(attachment: Obj) -> Obj:
    found: Obj = attachment.get("spec") or {}
    return found
