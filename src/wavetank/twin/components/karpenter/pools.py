"""A NodePool as the controller reads it. Pure; the object itself stays untouched.

Upstream: ``pkg/apis/v1/nodepool.go``, ``pkg/utils/nodepool``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wavetank.kube.resources import Amounts, amounts
from wavetank.kube.types import Obj

from . import names
from .durations import optional_seconds
from .requirements import Requirements, of_expressions, of_labels

DEFAULT_EXPIRY = "720h"
EMPTY_OR_UNDERUTILIZED, WHEN_EMPTY = "WhenEmptyOrUnderutilized", "WhenEmpty"
DEFAULT_BUDGETS: tuple[Obj, ...] = ({"nodes": "10%"},)


@dataclass(frozen=True)
class Pool:
    """``obj`` is the NodePool; everything else is read from it."""

    obj: Obj

    @cached_property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @cached_property
    def template(self) -> Obj:
        """The specification of its nodes."""
        found: Obj = self.obj["spec"]["template"]["spec"]
        return found

    @cached_property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = (self.obj["spec"]["template"].get("metadata") or {}).get("labels") or {}
        return found

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        found: Mapping[str, str] = (self.obj["spec"]["template"].get("metadata") or {}).get("annotations") or {}
        return found

    @cached_property
    def requirements(self) -> Requirements:
        """What every node of the pool has."""
        own = {names.NODE_POOL: self.name, names.NODE_CLASS: self.node_class}
        stated = of_expressions(self.template.get("requirements") or ())
        return stated.plus(of_labels(dict(self.labels) | own).values())

    @cached_property
    def node_class(self) -> str:
        return str(self.template["nodeClassRef"]["name"])

    @cached_property
    def taints(self) -> tuple[Obj, ...]:
        return tuple(self.template.get("taints") or ())

    @cached_property
    def startup_taints(self) -> tuple[Obj, ...]:
        return tuple(self.template.get("startupTaints") or ())

    @cached_property
    def limits(self) -> Amounts | None:
        stated = self.obj["spec"].get("limits")
        return amounts(stated) if stated else None

    @cached_property
    def weight(self) -> int:
        return int(self.obj["spec"].get("weight") or 0)

    @cached_property
    def disruption(self) -> Obj:
        found: Obj = self.obj["spec"].get("disruption") or {}
        return found

    @property
    def policy(self) -> str:
        return str(self.disruption.get("consolidationPolicy") or EMPTY_OR_UNDERUTILIZED)

    @property
    def consolidate_after_seconds(self) -> float | None:
        """None: never."""
        return optional_seconds(self.disruption.get("consolidateAfter") or "0s")

    @property
    def budgets(self) -> tuple[Obj, ...]:
        stated = self.disruption.get("budgets")
        return DEFAULT_BUDGETS if stated is None else tuple(stated)

    @property
    def is_static(self) -> bool:
        """A pool of a stated number of nodes, which no pending pod makes grow."""
        return self.obj["spec"].get("replicas") is not None

    @property
    def is_leaving(self) -> bool:
        return bool(self.obj["metadata"].get("deletionTimestamp"))

    @cached_property
    def hash(self) -> str:
        """Changes when nodes made before would be made otherwise now; requirements are compared one by one instead."""
        left_out = ("requirements", "resources")
        template = {k: v for k, v in self.template.items() if k not in left_out}
        metadata = {"labels": self.labels, "annotations": self.annotations}
        return digest({"metadata": metadata, "spec": {"expireAfter": DEFAULT_EXPIRY, **template}})


def digest(value: Any) -> str:
    """A number of 64 bits, as decimal digits. Not upstream's hash function: only equality counts."""
    text = json.dumps(value, sort_keys=True, default=dict)
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def class_hash(node_class: Obj) -> str:
    """The same for a node class: selectors are left out, for what they find is compared."""
    found_by = (
        "subnetSelectorTerms",
        "securityGroupSelectorTerms",
        "amiSelectorTerms",
        "capacityReservationSelectorTerms",
    )
    return digest({k: v for k, v in (node_class.get("spec") or {}).items() if k not in found_by})


def by_weight(pools: Iterable[Pool]) -> list[Pool]:
    """In the order in which they are tried: of equal weight, the later name first."""
    by_name = sorted(pools, key=lambda pool: pool.name, reverse=True)
    return sorted(by_name, key=lambda pool: pool.weight, reverse=True)
