"""Names that Karpenter and the world around it know: resources, labels, annotations, taints. Constants only."""

from __future__ import annotations

from wavetank.kube.types import Obj

COMPONENT = "karpenter"
NODE_POOLS, NODE_CLAIMS = "nodepools.karpenter.sh", "nodeclaims.karpenter.sh"
NODE_CLASSES = "ec2nodeclasses.karpenter.k8s.aws"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"

NODE_POOL = "karpenter.sh/nodepool"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
REGISTERED, INITIALIZED = "karpenter.sh/registered", "karpenter.sh/initialized"
NODE_CLASS = "karpenter.k8s.aws/ec2nodeclass"
FINALIZER = "karpenter.sh/termination"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
POOL_HASH, POOL_HASH_VERSION = "karpenter.sh/nodepool-hash", "karpenter.sh/nodepool-hash-version"
CLASS_HASH = "karpenter.k8s.aws/ec2nodeclass-hash"
CLASS_HASH_VERSION = "karpenter.k8s.aws/ec2nodeclass-hash-version"
TERMINATION_TIME = "karpenter.sh/nodeclaim-termination-timestamp"
#: Of the hashes above, as upstream counts them.
POOL_VERSION, CLASS_VERSION = "v3", "v4"

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
ARCH, OS = "kubernetes.io/arch", "kubernetes.io/os"
HOSTNAME = "kubernetes.io/hostname"

UNREGISTERED: Obj = {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}
DISRUPTED: Obj = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
#: Taints that a node has only while it comes up.
EPHEMERAL: tuple[Obj, ...] = (
    {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
    {"key": "node.cloudprovider.kubernetes.io/uninitialized", "effect": "NoSchedule", "value": "true"},
    UNREGISTERED,
)
#: Labels of older releases and what they are now.
NORMALIZED = {
    "failure-domain.beta.kubernetes.io/zone": ZONE,
    "failure-domain.beta.kubernetes.io/region": REGION,
    "topology.ebs.csi.aws.com/zone": ZONE,
    "beta.kubernetes.io/arch": ARCH,
    "beta.kubernetes.io/os": OS,
    "beta.kubernetes.io/instance-type": INSTANCE_TYPE,
}
_OTHERS_KNOWN = ("node.kubernetes.io/windows-build", "topology.k8s.aws/zone-id")
_WELL_KNOWN = frozenset((NODE_POOL, CAPACITY_TYPE, ZONE, REGION, INSTANCE_TYPE, ARCH, OS, HOSTNAME, *_OTHERS_KNOWN))
_OF_INSTANCES = "karpenter.k8s.aws/"


def is_well_known(key: str) -> bool:
    """Whether Karpenter can give a node this label without being told a value."""
    return key in _WELL_KNOWN or key.startswith(_OF_INSTANCES)


def of_instances(key: str) -> bool:
    """Whether the label tells of the instance type: a type that lacks it does not have the trait."""
    return key.startswith(_OF_INSTANCES) and key != NODE_CLASS
