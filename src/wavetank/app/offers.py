"""What machines Karpenter can have: instance types and prices of the catalogue, in the subnets of the embedded AWS.

Prices are those of the catalogue (its facts carry source and date); spot is assumed to cost the catalogue's part of them,
everywhere the same. A type without a known price in the region is not offered: no price is not a price of zero.
"""

from __future__ import annotations

import hashlib
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.app.aws import client
from wavetank.base.units import MIB
from wavetank.catalog import (
    InstanceType,
    boot_seconds,
    ec2_price_usd_hour,
    instance_type,
    instance_type_names,
    spot_saving,
)
from wavetank.kube.types import Obj
from wavetank.twin.nodes import Resources
from wavetank.twin.nodes.offers import (
    ON_DEMAND,
    SPOT,
    Ground,
    Image,
    InstanceOffer,
    Offering,
    Shapes,
    Subnet,
    no_capacity,
)

LABELS = "karpenter.k8s.aws"
#: ``m7i-flex.large``: category m, generation 7; ``u-6tb1.metal``: category u, generation 1.
_FAMILY = re.compile(r"^([a-z]+)(?:-[0-9]+tb)?([0-9]+).*\.")
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
#: Subnets, groups and images are looked for again no sooner than this (``SUBNET_REFRESH_INTERVAL``).
REFRESH_SECONDS = 60.0
EBS_EVICTION_BYTES = 100 * MIB

#: Runs something on the twin's thread, soon; nothing when the twin has ended.
Post = Callable[[Callable[[], None]], None]


# --- instance types ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def offers_of_region(region: str, zones: tuple[str, ...]) -> tuple[InstanceOffer, ...]:
    """Every type with a price in the region, in these zones."""
    found = (offer_of(instance_type(name), region, zones) for name in instance_type_names())
    return tuple(offer for offer in found if offer is not None)


def offer_of(kind: InstanceType, region: str, zones: Sequence[str]) -> InstanceOffer | None:
    """A type of the catalogue as Karpenter sees it; None when its price is not known there."""
    price = ec2_price_usd_hour(region, kind.name)
    if price is None:
        return None
    offerings = [Offering(zone, ON_DEMAND, price.usd) for zone in zones]
    if kind.spot:
        of_spot = (price.usd * (1 - spot_saving().fraction)).normalize()
        offerings += [Offering(zone, SPOT, of_spot) for zone in zones]
    reserved = {"cpu": kind.kube_reserved_cpu_milli, "memory": kind.kube_reserved_memory_mib * MIB}
    accelerator = kind.accelerator
    return InstanceOffer(
        name=kind.name,
        capacity=Resources(
            cpu_milli=kind.vcpu * 1000,
            # What the hypervisor leaves, as Karpenter estimates it: all that pods, kubelet and eviction share.
            memory_bytes=kind.allocatable_memory_mib * MIB + reserved["memory"] + EBS_EVICTION_BYTES,
            pods=kind.max_pods,
            extended={accelerator.resource: accelerator.count} if accelerator is not None else {},
        ),
        offerings=tuple(offerings),
        labels=dict(labels_of(kind)),
        kube_reserved=reserved,
        architecture=_ARCHITECTURES[kind.arch],
        boot_seconds=boot_seconds(kind),
    )


def labels_of(kind: InstanceType) -> Iterable[tuple[str, str]]:
    """The labels that tell of an instance type, as far as the catalogue knows them."""
    family, _, size = kind.name.partition(".")
    yield "kubernetes.io/arch", _ARCHITECTURES[kind.arch]
    yield "kubernetes.io/os", "linux"
    yield f"{LABELS}/instance-family", family
    yield f"{LABELS}/instance-size", size
    matched = _FAMILY.match(kind.name)
    if matched:
        yield f"{LABELS}/instance-category", matched[1]
        yield f"{LABELS}/instance-generation", matched[2]
    yield f"{LABELS}/instance-cpu", str(kind.vcpu)
    yield f"{LABELS}/instance-memory", str(kind.memory_mib)
    yield f"{LABELS}/instance-capability-flex", str(family.endswith("-flex")).lower()
    if kind.hypervisor:
        yield f"{LABELS}/instance-hypervisor", kind.hypervisor
    if kind.arch == "arm64":
        yield f"{LABELS}/instance-cpu-manufacturer", "aws"
    if kind.network_baseline_gbps:
        yield f"{LABELS}/instance-network-bandwidth", str(int(Decimal(str(kind.network_baseline_gbps)) * 1000))
    if kind.local_nvme_gb:
        yield f"{LABELS}/instance-local-nvme", str(kind.local_nvme_gb)
    yield from _accelerator_labels(kind)


def _accelerator_labels(kind: InstanceType) -> Iterable[tuple[str, str]]:
    found = kind.accelerator
    if found is None:
        return
    name = found.name.lower().replace(" ", "-")
    is_gpu = found.resource == "nvidia.com/gpu"
    what = "gpu" if is_gpu else "accelerator"
    yield f"{LABELS}/instance-{what}-name", name
    yield f"{LABELS}/instance-{what}-manufacturer", "nvidia" if is_gpu else "aws"
    yield f"{LABELS}/instance-{what}-count", str(found.count)
    if is_gpu:
        yield f"{LABELS}/instance-gpu-memory", str(found.memory_mib_each)


# --- the ground --------------------------------------------------------------------------------------------------------


class AwsOffers:
    """The offers of one cluster. ``close`` ends its thread: the twin's own never waits for AWS, whose threads wait for it.

    ``exhausted`` holds (type, zone, capacity type) of which there is none to be had.
    """

    def __init__(self, region: str, environment: Mapping[str, str], post: Post, version: str = "1.36") -> None:
        self.region = region
        self.exhausted: set[tuple[str, str, str]] = set()
        self._environment, self._post, self._version = environment, post, version
        self._known: dict[str, tuple[Ground, float]] = {}
        self._asked: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        self._shapes = Shapes()
        self._work: queue.SimpleQueue[tuple[str, Obj] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        # A daemon: a call that hangs must not keep the program from ending.
        threading.Thread(target=self._run, name="wavetank-offers", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._work.put(None)

    # --- on the twin's thread ----------------------------------------------------------------------------------------

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ground(self, node_class: Obj) -> Ground | None:
        """What was found last; looked for anew when that is some time ago."""
        selectors = {k: v for k, v in (node_class.get("spec") or {}).items() if k.endswith("SelectorTerms")}
        key = json.dumps(selectors, sort_keys=True)
        ground, until = self._known.get(key, (None, 0.0))
        if time.monotonic() >= until and key not in self._asked:
            self._asked.add(key)
            self._work.put((key, selectors))
        return ground

    def instance_types(self, node_class: Obj) -> Sequence[InstanceOffer]:
        ground = self.ground(node_class)
        if ground is None:
            return ()
        zones = tuple(sorted({subnet.zone for subnet in ground.subnets}))
        architectures = {image.architecture for image in ground.images}
        base = " ".join([*zones, *sorted(architectures)])
        every = offers_of_region(self.region, zones)
        return self._shapes.of(node_class, base, lambda: (o for o in every if o.architecture in architectures))

    def refusal(self, instance_type: str, offering: Offering) -> str:
        return no_capacity(instance_type, offering, self.exhausted)

    def _take(self, key: str, ground: Ground | None) -> None:
        self._asked.discard(key)
        if ground is None:
            # What was known stays known until the next look.
            return
        before = self._known.get(key)
        self._known[key] = (ground, time.monotonic() + REFRESH_SECONDS)
        if before is None or before[0] != ground:
            for listener in tuple(self._listeners):
                listener()

    # --- on the thread of the calls ----------------------------------------------------------------------------------

    def _run(self) -> None:
        ec2 = client("ec2", self._environment)
        while (work := self._work.get()) is not None and not self._closed.is_set():
            key, selectors = work
            try:
                ground = _found(ec2, selectors, self._version)
            except (BotoCoreError, ClientError):
                ground = None
            if not self._closed.is_set():
                self._post(partial(self._take, key, ground))


def _found(ec2: Any, selectors: Mapping[str, Any], version: str) -> Ground:
    subnets = _described(ec2, "describe_subnets", "Subnets", "SubnetId", selectors.get("subnetSelectorTerms") or ())
    groups = _described(
        ec2, "describe_security_groups", "SecurityGroups", "GroupId", selectors.get("securityGroupSelectorTerms") or ()
    )
    return Ground(
        tuple(Subnet(s["SubnetId"], s["AvailabilityZone"], s["CidrBlock"]) for s in subnets),
        tuple(group["GroupId"] for group in groups),
        tuple(_images(ec2, selectors.get("amiSelectorTerms") or (), version)),
    )


def _described(ec2: Any, call: str, what: str, id_key: str, terms: Iterable[Obj]) -> list[Obj]:
    """What any of the terms selects, by id."""
    found: dict[str, Obj] = {}
    for term in terms:
        for each in getattr(ec2, call)(Filters=_filters(term, id_key))[what]:
            found[each[id_key]] = each
    return [found[key] for key in sorted(found)]


def _filters(term: Obj, id_key: str) -> list[Obj]:
    """All parts of a term must hold; the value ``*`` of a tag asks only that it be there."""
    ids = {"SubnetId": "subnet-id", "GroupId": "group-id", "ImageId": "image-id"}
    names = {"GroupId": "group-name", "ImageId": "name"}
    found = [
        {"Name": "tag-key", "Values": [key]} if value == "*" else {"Name": f"tag:{key}", "Values": [value]}
        for key, value in (term.get("tags") or {}).items()
    ]
    if term.get("id"):
        found.append({"Name": ids[id_key], "Values": [term["id"]]})
    if term.get("name") and id_key in names:
        found.append({"Name": names[id_key], "Values": [term["name"]]})
    return found


def _images(ec2: Any, terms: Iterable[Obj], version: str) -> Iterable[Image]:
    """An alias stands for an image of each architecture; whose bytes nobody looks at has an id made of its name."""
    for term in terms:
        alias = term.get("alias")
        if alias:
            for machine, architecture in _ARCHITECTURES.items():
                family, _, release = alias.partition("@")
                name = f"amazon-eks-node-{family}-{machine}-standard-{version}-{release}"
                yield Image(f"ami-{hashlib.sha256(name.encode()).hexdigest()[:17]}", name, architecture)
        else:
            for image in _described(ec2, "describe_images", "Images", "ImageId", (term,)):
                architecture = _ARCHITECTURES.get(image.get("Architecture", ""), "amd64")
                yield Image(image["ImageId"], image.get("Name", ""), architecture)
