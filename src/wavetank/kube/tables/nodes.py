"""Nodes, leases and what runs pods on them."""

from __future__ import annotations

from datetime import datetime

from ..conditions import condition
from ..types import Obj
from .cells import AGE, NAME, NONE, UNKNOWN, Cell, Column, Printer, age, joined, name_of, spec_of, status_of, wide

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"


def _node(obj: Obj, now: datetime) -> list[Cell]:
    info = status_of(obj).get("nodeInfo") or {}
    kernel, architecture = info.get("kernelVersion") or UNKNOWN, info.get("architecture")
    # Since 1.36 the kernel's column says for which architecture it is.
    kernel = f"{kernel} ({architecture})" if architecture else kernel
    software = [info.get("osImage") or UNKNOWN, kernel, info.get("containerRuntimeVersion") or UNKNOWN]
    return [
        name_of(obj),
        _status(obj),
        joined(_roles(obj)) or NONE,
        age(obj, now),
        info.get("kubeletVersion", ""),
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        *software,
    ]


def _status(obj: Obj) -> str:
    ready = condition(obj, "Ready")
    shown = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    return f"{shown},SchedulingDisabled" if spec_of(obj).get("unschedulable") else shown


def _roles(obj: Obj) -> list[str]:
    labels = (obj.get("metadata") or {}).get("labels") or {}
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    return sorted((roles | {labels.get(_ROLE_LABEL, "")}) - {""})


def _address(obj: Obj, kind: str) -> str:
    addresses = status_of(obj).get("addresses") or ()
    return next((str(a["address"]) for a in addresses if a.get("type") == kind), NONE)


def _lease(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), spec_of(obj).get("holderIdentity") or "", age(obj, now)]


def _lease_candidate(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    versions = [spec.get(k, "") for k in ("leaseName", "binaryVersion", "emulationVersion")]
    return [name_of(obj), *versions, age(obj, now)]


def _runtime_class(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), obj.get("handler", ""), age(obj, now)]


NODES = Printer(
    (
        NAME,
        Column("Status", description="The status of the node"),
        Column("Roles", description="The roles of the node"),
        AGE,
        Column("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ),
    _node,
)
LEASES = Printer((NAME, Column("Holder"), AGE), _lease)
LEASE_CANDIDATES = Printer(
    (NAME, Column("LeaseName"), Column("BinaryVersion"), Column("EmulationVersion"), AGE), _lease_candidate
)
RUNTIME_CLASSES = Printer((NAME, Column("Handler"), AGE), _runtime_class)
