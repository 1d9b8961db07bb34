"""Karpenter: its node pools, the names of its AWS side, and what its controller may do."""

from __future__ import annotations

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Disk, Karpenter, Network, NodePool
from wavetank.plan.model.components import Component
from wavetank.plan.reasons import Default
from wavetank.spec.machines import Disk as WrittenDisk
from wavetank.spec.machines import Karpenter as WrittenKarpenter
from wavetank.spec.machines import NodePool as WrittenNodePool
from wavetank.spec.machines import PoolLimits
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape

_DOCS = "karpenter.sh/docs"
CHART = "karpenter"

NO_KARPENTER = Default("karpenter", "node groups alone hold the pods")
HEARS = Default(
    "karpenter.interruptionQueue", "pods move in the two minutes that AWS gives", f"{_DOCS}/concepts/disruption/"
)
ON_DEMAND = Default("karpenter.capacityTypes", "AWS takes Spot machines back with two minutes' notice")
DISK = Default("karpenter.disk", "20 GiB as EKS has it, gp3 for its price, encrypted because it costs nothing")
CONSOLIDATE = Default(
    "karpenter.consolidation", "what a minute long is not needed is not paid for", f"{_DOCS}/concepts/disruption/"
)
EXPIRE = Default(
    "karpenter.expireAfter", "after a month a node has missed its patches", f"{_DOCS}/concepts/disruption/"
)
BUDGET = Default("karpenter.disruptionBudget", "Karpenter's own: a tenth of the pool", f"{_DOCS}/concepts/disruption/")
NEWEST_IMAGE = Default("karpenter.amiAlias", "Amazon Linux 2023 as EKS publishes it", f"{_DOCS}/concepts/nodeclasses/")
NOTHING = Default("karpenter.nodePools", "nothing was asked for")

_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def karpenter(stated: WrittenKarpenter | None, cluster_name: str, network: Network, ledger: Ledger) -> Karpenter | None:
    """The node pools, with the role of their nodes and the queue of interruptions."""
    ledger.chosen("karpenter", stated, None, NO_KARPENTER)
    if stated is None:
        return None
    origins = ("cluster.name", "karpenter")
    hears = ledger.chosen("karpenter.interruptionQueue", stated.interruption_queue, True, HEARS)
    queue = queue_name(stated, cluster_name)
    how = "named as the cluster is" if hears else "no queue was wanted"
    return Karpenter(
        node_pools=tuple(_node_pool(each, network, ledger) for each in stated.node_pools),
        node_role=ledger.derived(
            "karpenter.nodeRole", node_role_name(cluster_name), origins, "nodes of Karpenter have a role of their own"
        ),
        queue=ledger.derived("karpenter.queue", queue, ("cluster.name", "karpenter.interruptionQueue"), how),
    )


def node_role_name(cluster_name: str) -> str:
    return f"{cluster_name[:44]}-karpenter-node"


def queue_name(stated: WrittenKarpenter, cluster_name: str) -> str | None:
    return None if stated.interruption_queue is False else f"{cluster_name[:70]}-karpenter"


# --- node pools -------------------------------------------------------------------------------------------------------


def _node_pool(stated: WrittenNodePool, network: Network, ledger: Ledger) -> NodePool:
    path = f"karpenter.nodePools[{stated.name}]"
    ledger.stated(path, stated)
    capacity = ledger.chosen(f"{path}.capacityTypes", stated.capacity_types, ("on-demand",), ON_DEMAND)
    zones = stated.zones or network.zones
    if stated.zones is not None:
        ledger.stated(f"{path}.zones", zones)
    else:
        ledger.derived(f"{path}.zones", zones, ("network.zones",), "all zones of the network")
    architectures = _architectures(stated, ledger)
    return NodePool(
        name=stated.name,
        requirements=_requirements(stated, architectures, capacity, zones, ledger),
        instance_types=_candidates(stated, architectures, ledger),
        capacity_types=capacity,
        zones=zones,
        labels=ledger.chosen(f"{path}.labels", stated.labels, {}, NOTHING),
        taints=_taints(stated, ledger),
        limits=_limits(stated.limits, f"{path}.limits", ledger),
        weight=ledger.chosen(f"{path}.weight", stated.weight, None, NOTHING),
        consolidation_policy=ledger.chosen(
            f"{path}.consolidationPolicy", stated.consolidation_policy, "WhenEmptyOrUnderutilized", CONSOLIDATE
        ),
        consolidate_after=ledger.chosen(f"{path}.consolidateAfter", stated.consolidate_after, "1m", CONSOLIDATE),
        expire_after=ledger.chosen(f"{path}.expireAfter", stated.expire_after, "720h", EXPIRE),
        disruption_budget=ledger.chosen(f"{path}.disruptionBudget", stated.disruption_budget, "10%", BUDGET),
        disk=_disk(stated.disk or WrittenDisk(), f"{path}.disk", ledger),
        ami_alias=ledger.chosen(f"{path}.amiAlias", stated.ami_alias, "al2023@latest", NEWEST_IMAGE),
    )


def _named_types(stated: WrittenNodePool) -> tuple[str, ...]:
    """The types that are named, or all of the named families."""
    families = stated.instance_families or ()
    of_families = (name for name in catalog.instance_type_names() if name.partition(".")[0] in families)
    return stated.instance_types or tuple(of_families)


def _architectures(stated: WrittenNodePool, ledger: Ledger) -> tuple[str, ...]:
    """Those of the machines; of both, the one for which most images are built."""
    path = f"karpenter.nodePools[{stated.name}]"
    if stated.architectures is not None:
        return ledger.stated(f"{path}.architectures", stated.architectures)
    found = {_ARCHITECTURES[catalog.instance_type(name).arch] for name in _named_types(stated)}
    chosen = ("arm64",) if found == {"arm64"} else ("amd64",)
    origins = (f"{path}.instanceTypes" if stated.instance_types else f"{path}.instanceFamilies",)
    return ledger.derived(f"{path}.architectures", chosen, origins, "what the machines have, amd64 before arm64")


def _candidates(stated: WrittenNodePool, architectures: tuple[str, ...], ledger: Ledger) -> tuple[str, ...]:
    path = f"karpenter.nodePools[{stated.name}]"
    named = _named_types(stated)
    found = tuple(name for name in named if _ARCHITECTURES[catalog.instance_type(name).arch] in architectures)
    if stated.instance_types is not None:
        return ledger.stated(f"{path}.instanceTypes", found)
    ledger.stated(f"{path}.instanceFamilies", stated.instance_families)
    origins = (f"{path}.instanceFamilies", f"{path}.architectures")
    return ledger.derived(f"{path}.instanceTypes", found, origins, "every type of the families that the catalog knows")


def _requirements(
    stated: WrittenNodePool,
    architectures: tuple[str, ...],
    capacity: tuple[str, ...],
    zones: tuple[str, ...],
    ledger: Ledger,
) -> tuple[Obj, ...]:
    path = f"karpenter.nodePools[{stated.name}]"
    machines = ("node.kubernetes.io/instance-type", stated.instance_types, "instanceTypes")
    if stated.instance_families is not None:
        machines = ("karpenter.k8s.aws/instance-family", stated.instance_families, "instanceFamilies")
    wanted = (
        machines,
        ("karpenter.sh/capacity-type", capacity, "capacityTypes"),
        ("kubernetes.io/arch", architectures, "architectures"),
        ("kubernetes.io/os", ("linux",), "amiAlias"),
        ("topology.kubernetes.io/zone", zones, "zones"),
    )
    ledger.derived(f"{path}.requirements", None, (path,), "machines, zones and kinds of purchase of the pool")
    for index, (key, _, field) in enumerate(wanted):
        ledger.derived(f"{path}.requirements[{index}]", None, (f"{path}.{field}",), f"the requirement {key}")
    return tuple({"key": key, "operator": "In", "values": list(values or ())} for key, values, _ in wanted)


def _taints(stated: WrittenNodePool, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"karpenter.nodePools[{stated.name}].taints"
    if stated.taints is None:
        return ledger.because(path, (), NOTHING)
    return ledger.shape(path, tuple(shape(taint) for taint in stated.taints))


def _limits(stated: PoolLimits | None, path: str, ledger: Ledger) -> dict[str, str]:
    ledger.chosen(path, stated, None, NOTHING)
    named = (("cpu", "cpu"), ("memory", "memory"), ("gpus", "nvidia.com/gpu"))
    given = {resource: getattr(stated, field) for field, resource in named if getattr(stated, field, None) is not None}
    return {resource: str(value) for resource, value in given.items()}


def _disk(stated: WrittenDisk, path: str, ledger: Ledger) -> Disk:
    gib = ledger.chosen(f"{path}.gib", stated.gib, 20, DISK)
    kind = ledger.chosen(f"{path}.type", stated.type, "gp3", DISK)
    return Disk(gib, kind, ledger.chosen(f"{path}.encrypted", stated.encrypted, True, DISK))


# --- the controller ---------------------------------------------------------------------------------------------------


def karpenter_components(written: PlatformFile, cluster_name: str) -> tuple[Component, ...]:
    """The controller, with what its chart must know and what it may do."""
    if written.karpenter is None:
        return ()
    queue = queue_name(written.karpenter, cluster_name)
    settings: Obj = {"clusterName": cluster_name} | ({"interruptionQueue": queue} if queue else {})
    allowed = _controller_statements(_Here(written.region, written.account_id, cluster_name), queue)
    return (Component(CHART, ("karpenter",), "its controller acts on the node pools", {"settings": settings}, allowed),)


def _controller_statements(here: _Here, queue: str | None) -> tuple[Obj, ...]:
    """The controller's policy as its getting-started guide has it (v1): it touches only what carries the cluster's tags."""
    heard = (here.queue_statement(queue),) if queue else ()
    return (
        *_machine_statements(here),
        *_tag_statements(here),
        *_read_statements(here),
        *heard,
        *_role_statements(here),
    )


class _Here:
    """ARNs and conditions of one cluster."""

    def __init__(self, region: str, account: str, cluster: str) -> None:
        self.region, self.account, self.cluster = region, account, cluster

    def ec2(self, *kinds: str) -> list[str]:
        return [f"arn:aws:ec2:{self.region}:*:{kind}/*" for kind in kinds]

    def owned(self, whose: str, *, named: bool = False) -> Obj:
        """Condition: the request or the resource carries the cluster's tag and that of a node pool."""
        equal = {f"aws:{whose}Tag/kubernetes.io/cluster/{self.cluster}": "owned"}
        if named:
            equal[f"aws:{whose}Tag/eks:eks-cluster-name"] = self.cluster
        return {"StringEquals": equal, "StringLike": {f"aws:{whose}Tag/karpenter.sh/nodepool": "*"}}

    def queue_statement(self, queue: str) -> Obj:
        actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        return _allow("Interruptions", actions, [f"arn:aws:sqs:{self.region}:{self.account}:{queue}"])


def _allow(sid: str, actions: list[str], resources: list[str], condition: Obj | None = None) -> Obj:
    statement: Obj = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


_STARTED = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")


def _machine_statements(here: _Here) -> tuple[Obj, ...]:
    start = ["ec2:RunInstances", "ec2:CreateFleet"]
    used = ("security-group", "subnet", "capacity-reservation")
    images = [f"arn:aws:ec2:{here.region}::{kind}/*" for kind in ("image", "snapshot")]
    gone = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
    return (
        _allow("StartWith", start, [*images, *here.ec2(*used)]),
        _allow("StartFromOwnTemplates", start, here.ec2("launch-template"), here.owned("Resource")),
        _allow("Start", [*start, "ec2:CreateLaunchTemplate"], here.ec2(*_STARTED), here.owned("Request", named=True)),
        _allow("Stop", gone, here.ec2("instance", "launch-template"), here.owned("Resource")),
    )


def _tag_statements(here: _Here) -> tuple[Obj, ...]:
    created = here.owned("Request", named=True)
    created["StringEquals"] |= {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    later = here.owned("Resource") | {
        "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": here.cluster},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
    }
    return (
        _allow("TagWhatIsStarted", ["ec2:CreateTags"], here.ec2(*_STARTED), created),
        _allow("TagInstances", ["ec2:CreateTags"], here.ec2("instance"), later),
    )


def _read_statements(here: _Here) -> tuple[Obj, ...]:
    described = (
        "CapacityReservations", "Images", "Instances", "InstanceStatus", "InstanceTypeOfferings", "InstanceTypes",
        "LaunchTemplates", "PlacementGroups", "SecurityGroups", "SpotPriceHistory", "Subnets",
    )  # fmt: skip
    cluster = f"arn:aws:eks:{here.region}:{here.account}:cluster/{here.cluster}"
    regional = {"StringEquals": {"aws:RequestedRegion": here.region}}
    images = [f"arn:aws:ssm:{here.region}::parameter/aws/service/*"]
    return (
        _allow("Describe", [f"ec2:Describe{what}" for what in described], ["*"], regional),
        _allow("ImageParameters", ["ssm:GetParameter"], images),
        _allow("Prices", ["pricing:GetProducts"], ["*"]),
        _allow("ClusterEndpoint", ["eks:DescribeCluster"], [cluster]),
    )


def _role_statements(here: _Here) -> tuple[Obj, ...]:
    """It passes the role of the nodes to machines, through instance profiles of its own making."""
    role = f"arn:aws:iam::{here.account}:role/{node_role_name(here.cluster)}"
    profiles = [f"arn:aws:iam::{here.account}:instance-profile/*"]
    mark = f"kubernetes.io/cluster/{here.cluster}"
    where = "topology.kubernetes.io/region"
    anyone = "karpenter.k8s.aws/ec2nodeclass"
    asked: Obj = {
        "StringEquals": {
            f"aws:RequestTag/{mark}": "owned",
            "aws:RequestTag/eks:eks-cluster-name": here.cluster,
            f"aws:RequestTag/{where}": here.region,
        },
        "StringLike": {f"aws:RequestTag/{anyone}": "*"},
    }
    held: Obj = {
        "StringEquals": {f"aws:ResourceTag/{mark}": "owned", f"aws:ResourceTag/{where}": here.region},
        "StringLike": {f"aws:ResourceTag/{anyone}": "*"},
    }
    both: Obj = {kind: held[kind] | asked[kind] for kind in held}
    changes = ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"]
    return (
        _allow(
            "PassNodeRole", ["iam:PassRole"], [role], {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
        ),
        _allow("CreateProfiles", ["iam:CreateInstanceProfile"], profiles, asked),
        _allow("TagProfiles", ["iam:TagInstanceProfile"], profiles, both),
        _allow("ChangeOwnProfiles", changes, profiles, held),
        _allow("ReadProfiles", ["iam:GetInstanceProfile"], profiles),
        _allow("ListProfiles", ["iam:ListInstanceProfiles"], ["*"]),
    )
