"""What machines can be had, where, and for how much: the port through which a node autoscaler sees a cloud.

``app`` fills it from the catalogue and the embedded AWS; a bare twin is given ``GivenOffers``. Values and one protocol;
nothing here starts a machine or knows a price.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from wavetank.kube.resources import in_units
from wavetank.kube.types import Obj

from .machine import Resources

ON_DEMAND, SPOT = "on-demand", "spot"
GIB, MIB = 1024**3, 1024**2
#: What the kubelet of EKS images evicts at, and what it keeps of the disk for itself.
EVICTION_MEMORY_BYTES = 100 * MIB
EVICTION_DISK_PERCENT = 10
KUBELET_DISK_BYTES = GIB
DEFAULT_DISK_BYTES = 20 * GIB


@dataclass(frozen=True)
class Offering:
    """An instance type in a zone, on demand or as spot. Of spot capacity pools, ``spot_depth`` ranks the deeper higher."""

    zone: str
    capacity_type: str
    price_usd_hour: Decimal
    available: bool = True
    spot_depth: int = 0


@dataclass(frozen=True)
class InstanceOffer:
    """One instance type. ``labels`` are the well-known ones of nodes of this type, zone and capacity type left out.

    ``reserved`` is what kube-reserved, system-reserved and the eviction threshold keep from pods: milli-cores of cpu, bytes
    of the rest. ``boot_seconds`` is from the start of the machine to its node's registration.
    """

    name: str
    capacity: Resources
    offerings: tuple[Offering, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    kube_reserved: Mapping[str, int] = field(default_factory=dict)
    system_reserved: Mapping[str, int] = field(default_factory=dict)
    evicted_below: Mapping[str, int] = field(default_factory=lambda: {"memory": EVICTION_MEMORY_BYTES})
    architecture: str = "amd64"
    boot_seconds: float = 45.0

    @cached_property
    def allocatable(self) -> Resources:
        """What pods may ask for."""
        kept = {name: self._kept(name) for name in ("cpu", "memory", "ephemeral-storage")}
        return replace(
            self.capacity,
            cpu_milli=self.capacity.cpu_milli - kept["cpu"],
            memory_bytes=self.capacity.memory_bytes - kept["memory"],
            ephemeral_storage_bytes=self.capacity.ephemeral_storage_bytes - kept["ephemeral-storage"],
        )

    def _kept(self, resource: str) -> int:
        return sum(part.get(resource, 0) for part in (self.kube_reserved, self.system_reserved, self.evicted_below))

    @cached_property
    def is_exotic(self) -> bool:
        """Bare metal or with accelerators: taken only when nothing else will do."""
        accelerators = any(count for name, count in self.capacity.extended.items() if "." in name)
        return accelerators or "metal" in self.name


@dataclass(frozen=True)
class Subnet:
    id: str
    zone: str
    cidr: str


@dataclass(frozen=True)
class Image:
    id: str
    name: str
    architecture: str


@dataclass(frozen=True)
class Ground:
    """What the selectors of a node class find."""

    subnets: tuple[Subnet, ...]
    security_groups: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()


class Offers(Protocol):
    """A cloud. Answers may change from call to call; who asks keeps no copy, and nothing here waits."""

    region: str

    def ground(self, node_class: Obj) -> Ground | None:
        """Subnets, security groups and images that a node class selects, empty where it selects none; None: not known yet."""
        ...

    def instance_types(self, node_class: Obj) -> Sequence[InstanceOffer]:
        """Every type that is sold in the zones of the class and that its images run on, shaped by its kubelet settings and its
        disk. The same list, as long as nothing of this has changed.
        """
        ...

    def refusal(self, instance_type: str, offering: Offering) -> str:
        """Asked when a machine is to start: why the cloud has none of these just now, or ""."""
        ...

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told when answers may be others than before; returns what ends that."""
        ...


@dataclass
class GivenOffers:
    """Offers that are stated, for bare twins and tests; a node class changes nothing but kubelet settings and disk."""

    types: Sequence[InstanceOffer]
    given: Ground
    region: str = "us-west-2"
    #: (instance type, zone, capacity type) of which nothing is to be had; what prices say stays as it is.
    exhausted: set[tuple[str, str, str]] = field(default_factory=set)
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _shapes: Shapes = field(default_factory=lambda: Shapes())

    def give(self, ground: Ground) -> None:
        """From now on the cloud has these subnets, groups and images."""
        self.given = ground
        for listener in tuple(self._listeners):
            listener()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ground(self, node_class: Obj) -> Ground | None:
        return self.given

    def instance_types(self, node_class: Obj) -> Sequence[InstanceOffer]:
        zones = {subnet.zone for subnet in self.given.subnets}
        bootable = {image.architecture for image in self.given.images}
        base = " ".join([*sorted(zones), *sorted(bootable), str(id(self.types))])
        types = (within(offer, zones) for offer in self.types if offer.architecture in bootable)
        return self._shapes.of(node_class, base, lambda: types)

    def refusal(self, instance_type: str, offering: Offering) -> str:
        return no_capacity(instance_type, offering, self.exhausted)


def no_capacity(instance_type: str, offering: Offering, exhausted: set[tuple[str, str, str]]) -> str:
    """What EC2 says of a pool that is exhausted; "" of others."""
    if (instance_type, offering.zone, offering.capacity_type) not in exhausted:
        return ""
    return (
        f"InsufficientInstanceCapacity: We currently do not have sufficient {instance_type} capacity in the "
        f"Availability Zone you requested ({offering.zone})."
    )


@dataclass
class Shapes:
    """Types shaped for node classes, remembered: the same few classes ask again and again."""

    _known: dict[str, list[InstanceOffer]] = field(default_factory=dict)

    def of(self, node_class: Obj, base: str, types: Callable[[], Iterable[InstanceOffer]]) -> list[InstanceOffer]:
        """``base`` names the unshaped types, which ``types`` gives."""
        spec = node_class.get("spec") or {}
        asked = json.dumps([base, spec.get("kubelet"), spec.get("blockDeviceMappings")], sort_keys=True)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = [shaped(offer, node_class) for offer in types()]
        return found


def within(offer: InstanceOffer, zones: set[str]) -> InstanceOffer:
    """The offer without the zones for which there is no subnet."""
    return replace(offer, offerings=tuple(o for o in offer.offerings if o.zone in zones))


def shaped(offer: InstanceOffer, node_class: Obj) -> InstanceOffer:
    """The type with the kubelet settings and the root volume that a node class asks for (``instancetype/types.go``)."""
    spec = node_class.get("spec") or {}
    kubelet, disk = spec.get("kubelet") or {}, disk_bytes(spec)
    capacity = replace(offer.capacity, pods=_pods(offer, kubelet), ephemeral_storage_bytes=disk)
    reserved = {**offer.kube_reserved, "ephemeral-storage": KUBELET_DISK_BYTES, **_amounts(kubelet.get("kubeReserved"))}
    evicted = {
        "memory": EVICTION_MEMORY_BYTES,
        "ephemeral-storage": disk * EVICTION_DISK_PERCENT // 100,
        **_thresholds(kubelet.get("evictionHard") or {}, capacity),
    }
    return replace(
        offer,
        capacity=capacity,
        kube_reserved=reserved,
        system_reserved={**offer.system_reserved, **_amounts(kubelet.get("systemReserved"))},
        evicted_below=evicted,
    )


def disk_bytes(spec: Obj) -> int:
    """The size of the root volume of a node class."""
    mappings = spec.get("blockDeviceMappings") or ()
    root = next((m for m in mappings if m.get("rootVolume")), mappings[-1] if mappings else {})
    size = (root.get("ebs") or {}).get("volumeSize")
    return in_units("ephemeral-storage", size) if size else DEFAULT_DISK_BYTES


def _pods(offer: InstanceOffer, kubelet: Obj) -> int:
    pods = int(kubelet.get("maxPods") or offer.capacity.pods)
    per_core = kubelet.get("podsPerCore")
    return min(pods, int(per_core) * (offer.capacity.cpu_milli // 1000)) if per_core else pods


def _amounts(stated: Mapping[str, str] | None) -> dict[str, int]:
    return {name: in_units(name, amount) for name, amount in (stated or {}).items()}


def _thresholds(stated: Mapping[str, str], capacity: Resources) -> dict[str, int]:
    signals = {"memory.available": "memory", "nodefs.available": "ephemeral-storage"}
    return {
        resource: _threshold(stated[signal], resource, capacity.amount(resource))
        for signal, resource in signals.items()
        if signal in stated
    }


def _threshold(text: str, resource: str, whole: int) -> int:
    if text.endswith("%"):
        return int(Decimal(text[:-1]) * whole / 100)
    return in_units(resource, text)
