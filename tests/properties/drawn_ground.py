"""Strategies of what a cluster stands on: network, cluster, machines, add-ons, charts, stores of images, secrets and files."""

from __future__ import annotations

from typing import Any

from drawn import SWITCH, Draw, Section, Strategy, mapping, one, seldom, some
from hypothesis import strategies as st

from wavetank import catalog

REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1", "us-west-2")
RETENTION = one(1, 7, 30, 90, 365)

NETWORK = mapping(
    {},
    vpcCidr=one("10.0.0.0/16", "10.20.0.0/18", "192.168.0.0/16"),
    nat=one("single", "perZone"),
    flowLogs=mapping(
        {}, enabled=SWITCH, trafficType=one("ALL", "REJECT"), retentionDays=RETENTION, aggregationSeconds=60
    ),
    gatewayEndpoints=some("s3", "dynamodb"),
    interfaceEndpoints=some("ecr.api", "ecr.dkr", "sts", "logs", "ec2", "secretsmanager"),
)
_POLICY = one(
    "AmazonEKSClusterAdminPolicy",
    {"policy": "AmazonEKSViewPolicy", "namespaces": ["harbor"]},
)
CLUSTER = mapping(
    {"version": one("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")},
    name=one("harbor", "Quay_1"),
    supportType=one("STANDARD", "EXTENDED"),
    serviceCidr="172.20.0.0/16",
    endpoint=one(
        {"public": False, "private": True},
        {"publicAccessCidrs": ["203.0.113.0/24"]},
        {"public": True, "private": False, "publicAccessCidrs": ["203.0.113.0/24", "198.51.100.7/32"]},
    ),
    logs=mapping(
        {}, types=some("api", "audit", "authenticator", "controllerManager", "scheduler"), retentionDays=RETENTION
    ),
    secretsEncryption=SWITCH,
    authenticationMode=one("API", "API_AND_CONFIG_MAP"),
    bootstrapCreatorAdmin=SWITCH,
    accessEntries=some(
        {"name": "crew", "role": "crew", "policies": ["AmazonEKSClusterAdminPolicy"]},
        {
            "name": "pilots",
            "principalArn": "arn:aws:iam::111122223333:user/pilot",
            "kubernetesGroups": ["pilots"],
            "policies": [{"policy": "AmazonEKSViewPolicy", "namespaces": ["harbor"]}],
        },
    ),
    deletionProtection=SWITCH,
)

_SIZES: dict[str, Any] = {"minSize": one(0, 1, 2), "maxSize": one(3, 4, 10)}
_DISK = st.one_of(st.just(30), mapping({}, gib=one(20, 100), type=one("gp3", "gp2"), encrypted=SWITCH))
_KUBELET = mapping(
    {},
    maxPods=one(17, 58, 110),
    cpuManagerPolicy=one("none", "static"),
    topologyManagerPolicy=one("best-effort", "single-numa-node"),
    systemReserved={"cpu": "100m", "memory": "200Mi"},
    kubeReserved={"cpu": "100m"},
    evictionHard={"memory.available": "5%", "nodefs.available": "1Gi"},
    imageGCHighThresholdPercent=80,
    imageGCLowThresholdPercent=60,
    containerLogMaxSize="20Mi",
    containerLogMaxFiles=3,
    podPidsLimit=4096,
)
_GENERAL = mapping(
    {
        "name": "general",
        "instanceTypes": one("m7i.large", ["t3.large", "t3a.large"], "m7g.xlarge", "c5.2xlarge"),
        **_SIZES,
    },
    capacityType=one("ON_DEMAND", "SPOT"),
    desiredSize=one(2, 3),
    labels={"role": "general"},
    disk=_DISK,
    kubelet=_KUBELET,
    perZone=SWITCH,
    maxUnavailable=one(1, "33%"),
    metadataHopLimit=one(1, 2),
    podsPerNode=one(20, 110),
)
_GPU = mapping(
    {
        "name": "gpu",
        "instanceTypes": one("g5.xlarge", ["g5.xlarge", "g5.2xlarge"], "g6.xlarge"),
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
        **_SIZES,
    },
    capacityType=one("ON_DEMAND", "SPOT"),
    labels={"role": "gpu"},
    disk=_DISK,
)
_DATA = mapping(
    {"name": "data", "instanceTypes": "r6i.large", "taints": ["workload=data:NoSchedule"], **_SIZES},
    labels={"role": "data"},
    perZone=SWITCH,
    kubelet=_KUBELET,
    disk=_DISK,
)
_BOTTLEROCKET = mapping(
    {"name": "sealed", "instanceTypes": "m7i.large", "amiType": "BOTTLEROCKET_x86_64", **_SIZES},
    kubelet={"maxPods": 29, "systemReserved": {"cpu": "100m"}},
    disk=_DISK,
)
_MORE_GROUPS = st.lists(st.one_of(_GPU, _DATA, _BOTTLEROCKET), max_size=2, unique_by=lambda group: group["name"])

_POOL_SETTINGS: dict[str, Any] = {
    "capacityTypes": some("spot", "on-demand"),
    "labels": {"pool": "flexible"},
    "limits": mapping({}, cpu=one(100, "64"), memory="400Gi"),
    "weight": one(1, 50, 100),
    "consolidateAfter": one("0s", "5m", "Never"),
    "consolidationPolicy": one("WhenEmpty", "WhenEmptyOrUnderutilized"),
    "expireAfter": one("720h", "Never"),
    "disruptionBudget": one("10%", "1"),
    "disk": _DISK,
    "amiAlias": one("al2023@latest", "bottlerocket@v1.45.0"),
}
_KARPENTER = mapping(
    {
        "nodePools": st.tuples(
            mapping({"name": "flexible", "instanceFamilies": some("m7i", "c7i", "m7g")}, **_POOL_SETTINGS),
            mapping({"name": "named", "instanceTypes": ["m7g.large", "m7g.xlarge"]}, **_POOL_SETTINGS),
        ).map(list)
    },
    interruptionQueue=SWITCH,
)

_ADD_ONS = some(
    "kube-proxy",
    "coredns",
    {"name": "aws-ebs-csi-driver"},
    "aws-efs-csi-driver",
    {"name": "metrics-server", "configuration": {"replicas": 2}},
    "snapshot-controller",
    "amazon-cloudwatch-observability",
    "cert-manager",
    "external-dns",
    "fluent-bit",
    least=0,
)
_VPC_CNI = one("vpc-cni", {"name": "vpc-cni", "networkPolicy": True}, {"name": "vpc-cni", "prefixDelegation": True})
_CHARTS = some(
    "cluster-autoscaler",
    "aws-load-balancer-controller",
    "nvidia-device-plugin",
    "kube-prometheus-stack",
    {
        "name": "reports",
        "chart": "reports",
        "repository": "https://charts.example.com",
        "version": "1.2.3",
        "namespace": "reports",
        "values": {"replicas": 2, "nested": {"list": [1, "two", {"three": True}], "text": "a: b\nc"}},
        "serviceAccount": "reports",
        "permissions": {"statements": [{"Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}]},
    },
    least=0,
)
_SECRETS = mapping(
    {"name": "harbor/database", "keys": ["username", "password"]},
    description="Credentials of the database",
    recoveryDays=one(0, 7, 30),
    rotation={"functionArn": "arn:aws:lambda:us-east-1:111122223333:function:rotate", "days": 30},
)
_FILE_SYSTEM = mapping(
    {"name": "shared"},
    throughputMode="elastic",
    encrypted=SWITCH,
    sizeGb=one(10, 250.5),
    infrequentAfterDays=one(7, 30),
    archiveAfterDays=90,
    backup=SWITCH,
)
_CLASSES = some(
    {"name": "fast", "type": "io2", "iops": 6000, "reclaimPolicy": "Retain"},
    {"name": "gp3", "iops": 4000, "throughput": 250, "fsType": "xfs", "default": True},
    {
        "name": "cold",
        "type": "sc1",
        "encrypted": False,
        "allowVolumeExpansion": False,
        "volumeBindingMode": "Immediate",
    },
)
_BACKEND = mapping(
    {"bucket": "harbor-state"}, key="harbor.tfstate", region="us-east-1", lockTable="locks", kmsKey="alias/state"
)


def ground(draw: Draw) -> Section:
    """Everything below the workloads; node group ``general`` is always there."""
    region = draw(one(*REGIONS))
    found: Section = {
        "name": draw(one("harbor", "quay-7")),
        "region": region,
        "accountId": "111122223333",
        "cluster": draw(CLUSTER),
        "nodeGroups": [draw(_GENERAL), *draw(_MORE_GROUPS)],
        "helmReleases": draw(_CHARTS),
    }
    if draw(SWITCH):
        found["network"] = _network(draw, region)
    if draw(SWITCH):
        found["addOns"] = [draw(_VPC_CNI), *draw(_ADD_ONS)]
    if draw(SWITCH):
        found["fileSystems"] = [draw(_FILE_SYSTEM)]
    found |= {key: draw(strategy) for key, strategy in _RARE.items() if seldom(draw)}
    if "fileSystems" in found and draw(SWITCH):
        files = {"name": "files", "type": "efs", "fileSystem": "shared"}
        found["storageClasses"] = [*found.get("storageClasses", []), files]
    if "karpenter" in found:
        found["helmReleases"].append("karpenter")
    return found


_RARE: dict[str, Strategy] = {
    "tags": one({"team": "harbor"}, {"cost-center": "17", "owner": "crew"}),
    "karpenter": _KARPENTER,
    "repositories": some(
        "tug",
        {"name": "team/sail", "immutableTags": True, "scanOnPush": True, "keepImages": 20, "expireUntaggedDays": 7},
    ),
    "secrets": _SECRETS.map(lambda secret: [secret, "harbor/token"]),
    "dns": mapping(
        {"zone": "example.com", "certificates": [{"name": "main", "domains": ["example.com", "*.example.com"]}]},
        createZone=SWITCH,
    ),
    "podIdentity": one("irsa"),
    "stateBackend": _BACKEND,
    "storageClasses": _CLASSES,
    "terraformFiles": st.just(["ground/own/artifacts.tf"]),
    "manifests": st.just(["ground/own/banner.yaml"]),
}


def _network(draw: Draw, region: str) -> Section:
    network: Section = draw(NETWORK)
    if draw(SWITCH):
        network["zones"] = list(catalog.zones(region)[: draw(one(2, 3))])
        if "vpcCidr" not in network and draw(SWITCH):
            count = len(network["zones"])
            network["publicSubnets"] = [f"10.0.{at}.0/24" for at in range(count)]
            network["privateSubnets"] = [f"10.0.{32 * (at + 1)}.0/19" for at in range(count)]
    return network
