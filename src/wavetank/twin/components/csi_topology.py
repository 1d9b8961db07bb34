"""In which zone a volume is made: that of the node chosen for its pod, or one that the claim's name picks. Pure.

Upstream: ``pkg/controller/topology.go`` of external-provisioner.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.types import Obj

from .csi_driver import ZONE_LABEL

_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
#: Keys under which a class may name zones; drivers took the first one over from their own.
_ZONE_KEYS = (ZONE_LABEL, "topology.ebs.csi.aws.com/zone")


def picked_zone(claim_name: str, zones: Sequence[str]) -> str:
    """One of ``zones``; claims of a StatefulSet's pods go round them (``getPVCNameHashAndIndexOffset``)."""
    assert zones, "a zone can be picked of some only"
    hashed, offset = claim_name, 0
    head, dash, tail = claim_name.rpartition("-")
    if dash and tail.isdigit():
        hashed, offset = head.rpartition("-")[2], int(tail)
    ordered = sorted(zones)
    return ordered[(_fnv1(hashed.encode()) + offset) % len(ordered)]


def _fnv1(data: bytes) -> int:
    digest = _OFFSET
    for byte in data:
        digest = ((digest * _PRIME) & _MASK) ^ byte
    return digest


def allowed_zones(storage_class: Obj, zones: Sequence[str]) -> list[str]:
    """Those of ``zones`` that the class allows."""
    terms = storage_class.get("allowedTopologies") or ()
    if not terms:
        return list(zones)
    named = {
        value
        for term in terms
        for expression in term.get("matchLabelExpressions") or ()
        if expression.get("key") in _ZONE_KEYS
        for value in expression.get("values") or ()
    }
    return [zone for zone in zones if zone in named]


def zone_affinity(zone: str) -> Obj:
    """``spec.nodeAffinity`` of a volume that is in one zone."""
    expression = {"key": ZONE_LABEL, "operator": "In", "values": [zone]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
