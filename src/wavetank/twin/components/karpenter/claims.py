"""NodeClaims: the object that a plan becomes, and what is written on it when its machine is started. Pure.

Upstream: ``nodeclaimtemplate.go`` (``ToNodeClaim``), the AWS provider's ``cloudprovider.go`` (``instanceToNodeClaim``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wavetank.kube.resources import formatted
from wavetank.kube.types import Obj
from wavetank.twin.nodes.machine import Machine, MachineTemplate, Taint
from wavetank.twin.nodes.offers import InstanceOffer, Offering, Subnet

from . import names
from .instances import Purchase, truncated
from .packing import Planned
from .pools import Pool, class_hash
from .requirements import Requirements, of_expressions, requirement

VERSION = "karpenter.sh/v1"
#: How EC2NodeClass aliases name image families, and kubelets their user.
SPEC_KEYS = ("nodeClassRef", "taints", "startupTaints", "expireAfter", "terminationGracePeriod")


def launch_requirements(planned: Planned, offers: Sequence[InstanceOffer] | None = None) -> Requirements:
    """What a launch may choose from: the plan's labels, and by name the cheapest of its types."""
    chosen = truncated(planned.offers if offers is None else offers, planned.requirements)
    named = requirement(names.INSTANCE_TYPE, "In", [offer.name for offer in chosen])
    return planned.requirements.without(names.HOSTNAME).plus((named,))


def claim_of(planned: Planned, wanted: Requirements) -> Obj:
    """The NodeClaim to create for a plan; ``wanted`` are its ``launch_requirements``."""
    pool = planned.pool
    metadata = {
        "generateName": f"{pool.name}-",
        "labels": {**pool.labels, names.NODE_POOL: pool.name, names.NODE_CLASS: pool.node_class},
        "annotations": {
            **pool.annotations,
            names.POOL_HASH: pool.hash,
            names.POOL_HASH_VERSION: names.POOL_VERSION,
        },
        "ownerReferences": [_owner(pool)],
        "finalizers": [names.FINALIZER],
    }
    requests = {name: formatted(name, units) for name, units in sorted(planned.requests.items())}
    spec = {key: pool.template[key] for key in SPEC_KEYS if key in pool.template}
    spec |= {"requirements": wanted.as_objects(), "resources": {"requests": requests}}
    return {"apiVersion": VERSION, "kind": "NodeClaim", "metadata": metadata, "spec": spec}


def _owner(pool: Pool) -> Obj:
    identity = {"name": pool.name, "uid": pool.obj["metadata"]["uid"]}
    return {"apiVersion": VERSION, "kind": "NodePool", **identity, "blockOwnerDeletion": True}


def requirements_of(claim: Obj) -> Requirements:
    return of_expressions(claim["spec"].get("requirements") or ())


def labels_of_purchase(offer: InstanceOffer, offering: Offering, region: str) -> dict[str, str]:
    """What is known of a node once its machine is bought."""
    return {
        **offer.labels,
        names.INSTANCE_TYPE: offer.name,
        names.ZONE: offering.zone,
        names.REGION: region,
        names.CAPACITY_TYPE: offering.capacity_type,
    }


def launched(claim: Obj, bought: Purchase, machine: Machine, node_class: Obj) -> tuple[Obj, Obj]:
    """Metadata and status (without conditions) of a claim whose machine has been started."""
    wanted, labels = requirements_of(claim), claim["metadata"].get("labels") or {}
    stated = {key: only for key, each in wanted.items() if (only := each.only) is not None}
    of_type = labels_of_purchase(bought.offer, bought.offering, machine.template.region)
    metadata = {
        **claim["metadata"],
        "labels": {**labels, **stated, **of_type},
        "annotations": {
            **(claim["metadata"].get("annotations") or {}),
            names.CLASS_HASH: class_hash(node_class),
            names.CLASS_HASH_VERSION: names.CLASS_VERSION,
        },
    }
    status = {
        **(claim.get("status") or {}),
        "providerID": machine.provider_id,
        "imageID": machine.template.image_id,
        "capacity": _known(bought.offer.capacity.as_list()),
        "allocatable": _known(bought.offer.allocatable.as_list()),
    }
    return metadata, status


def _known(resources: Mapping[str, str]) -> dict[str, str]:
    return {name: amount for name, amount in resources.items() if amount != "0"}


def machine_template(
    claim: Obj, bought: Purchase, subnet: Subnet, region: str, image: str, version: str
) -> MachineTemplate:
    """The machine that the claim's kubelet settings and taints make of what was bought."""
    wanted, own = requirements_of(claim), claim["metadata"].get("labels") or {}
    stated = {key: only for key, each in wanted.items() if (only := each.only) is not None}
    spec = claim["spec"]
    taints = [names.UNREGISTERED, *(spec.get("taints") or ()), *(spec.get("startupTaints") or ())]
    return MachineTemplate(
        instance_type=bought.offer.name,
        zone=bought.offering.zone,
        region=region,
        node_group="",
        subnet_cidr=subnet.cidr,
        capacity=bought.offer.capacity,
        allocatable=bought.offer.allocatable,
        labels={**own, **stated, **labels_of_purchase(bought.offer, bought.offering, region)},
        taints=tuple(Taint(t["key"], t["effect"], t.get("value", "")) for t in taints),
        capacity_type="SPOT" if bought.offering.capacity_type == "spot" else "ON_DEMAND",
        architecture=bought.offer.architecture,
        version=version,
        boot_seconds=bought.offer.boot_seconds,
        image_id=image,
    )
