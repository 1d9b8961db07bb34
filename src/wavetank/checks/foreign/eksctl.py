"""eksctl's ClusterConfig (eksctl.io/v1alpha5) → AWS facts, with eksctl's own defaults.

Upstream: ``pkg/apis/eksctl.io/v1alpha5`` of eksctl (``defaults.go``, ``types.go``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wavetank.checks.aws import AddOn, Aws, Cluster, IamRole, NatGateway, Network, NodeGroup, Subnet
from wavetank.checks.manifests import items, mapping, texts, whole
from wavetank.checks.model import Step, Where
from wavetank.checks.sources import SourceFile
from wavetank.kube.types import Obj

from .documents import Document, UnreadableError, documents

DEFAULT_CIDR = "192.168.0.0/16"
#: metrics-server came to the defaults with eksctl 0.200
#: sections that other tools have for the control plane, and eksctl has not
CONTROL_PLANE_KEYS = ("apiServer", "kubeAPIServer", "controllerManager", "kubeControllerManager", "scheduler", "etcd")
DEFAULT_ADD_ONS = ("vpc-cni", "coredns", "kube-proxy", "metrics-server")


def is_cluster_config(document: Document) -> bool:
    value = mapping(document.value)
    return str(value.get("apiVersion", "")).startswith("eksctl.io/") and value.get("kind") == "ClusterConfig"


def aws_of_eksctl(document: Document) -> Aws:
    """The facts of one ClusterConfig."""
    return _Config(document).aws()


class _Config:
    """One document being read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._root = mapping(document.value)
        self._metadata = mapping(self._root.get("metadata"))
        self._vpc = mapping(self._root.get("vpc"))

    def aws(self) -> Aws:
        region = self._metadata.get("region")
        return Aws(
            region=str(region) if region else None,
            networks=(self._network(),),
            clusters=(self._cluster(),),
            node_groups=tuple(self._node_groups()),
            add_ons=tuple(self._add_ons()),
            roles=tuple(self._roles()),
        )

    def _where(self, title: str, *prefix: Step, fields: dict[str, tuple[Step, ...]] | None = None) -> Where:
        """Places of a thing at ``prefix``; ``fields`` says where our field names are written there."""
        known = fields or {}
        base = self._document.where(lambda: title)

        def steps_of(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            if steps and steps[0] in known:
                return (*prefix, *known[str(steps[0])], *steps[1:])
            return (*prefix, *steps)

        return Where(lambda steps: base.at(*steps_of(steps)))

    def _cluster(self) -> Cluster:
        endpoints = mapping(self._vpc.get("clusterEndpoints"))
        logging = mapping(mapping(self._root.get("cloudWatch")).get("clusterLogging"))
        types = logging.get("enableTypes")
        cidrs = self._vpc.get("publicAccessCIDRs")
        name = str(self._metadata.get("name") or "")
        version = self._metadata.get("version")
        network = mapping(self._root.get("kubernetesNetworkConfig"))
        return Cluster(
            name=name,
            where=self._where(
                f"ClusterConfig {name}",
                fields={
                    "version": ("metadata", "version"),
                    "public_access_cidrs": ("vpc", "publicAccessCIDRs"),
                    "public_endpoint": ("vpc", "clusterEndpoints"),
                    "service_cidr": ("kubernetesNetworkConfig", "serviceIPv4CIDR"),
                    "log_types": ("cloudWatch", "clusterLogging"),
                },
            ),
            version=None if version is None else str(version),
            service_cidr=_text(network.get("serviceIPv4CIDR")),
            public_endpoint=bool(endpoints.get("publicAccess", True)),
            private_endpoint=bool(endpoints.get("privateAccess", False)),
            public_access_cidrs=tuple(map(str, cidrs)) if isinstance(cidrs, list) else ("0.0.0.0/0",),
            log_types=tuple(map(str, types)) if isinstance(types, list) else (),
            secrets_encryption=bool(mapping(self._root.get("secretsEncryption")).get("keyARN")),
            support_type=_text(mapping(self._root.get("upgradePolicy")).get("supportType")),
            oidc_provider=mapping(self._root.get("iam")).get("withOIDC") is True,
            default_add_ons=True,
            auto_mode=mapping(self._root.get("autoModeConfig")).get("enabled") is True,
            refused_settings=tuple(key for key in CONTROL_PLANE_KEYS if key in self._root),
            subnets=None,
            tags=texts(self._metadata.get("tags")),
        )

    def _network(self) -> Network:
        stated = mapping(self._vpc.get("subnets"))
        own_vpc = self._vpc.get("id") is None
        zones = self._root.get("availabilityZones")
        return Network(
            name=str(self._metadata.get("name") or ""),
            where=self._where("ClusterConfig vpc", "vpc"),
            cidrs=(str(self._vpc.get("cidr", DEFAULT_CIDR)),) if own_vpc else None,
            zones=tuple(map(str, zones)) if isinstance(zones, list) else None,
            subnets=tuple(self._subnets(stated)) if stated else None,
            nat_gateways=self._gateways(zones) if own_vpc else None,
            endpoints=None,
            flow_logs=None,
        )

    def _subnets(self, stated: Obj) -> Iterator[Subnet]:
        for kind in ("private", "public"):
            for name, subnet in mapping(stated.get(kind)).items():
                body = mapping(subnet)
                where = self._where(f"subnet {name}", "vpc", "subnets", kind, name)
                zone = _text(body.get("az")) or (name if "-" in name else None)
                yield Subnet(name, where, _text(body.get("cidr")), zone, kind == "public", None)

    def _gateways(self, zones: Any) -> tuple[NatGateway, ...] | None:
        mode = mapping(self._vpc.get("nat")).get("gateway", "Single")
        where = self._where("ClusterConfig vpc.nat", "vpc", "nat")
        if mode == "Disable":
            return ()
        if mode == "Single":
            return (NatGateway("nat", where, None),)
        return tuple(NatGateway(str(zone), where, None) for zone in zones) if isinstance(zones, list) else None

    def _node_groups(self) -> Iterator[NodeGroup]:
        for key in ("managedNodeGroups", "nodeGroups"):
            for at, group in enumerate(items(self._root.get(key))):
                yield self._node_group(group, key, at)

    def _node_group(self, group: Obj, key: str, at: int) -> NodeGroup:
        name = str(group.get("name") or at)
        # eksctl: a size that is not given is that of another, and two nodes when none is.
        sizes = {field: whole(group.get(field)) for field in ("desiredCapacity", "minSize", "maxSize")}
        desired = next((sizes[f] for f in ("desiredCapacity", "minSize") if sizes[f] is not None), 2)
        kubelet = mapping(group.get("kubeletExtraConfig"))
        max_pods = whole(group.get("maxPodsPerNode"))
        zones = group.get("availabilityZones") or self._root.get("availabilityZones")
        return NodeGroup(
            name=name,
            where=self._where(f"node group {name}", key, at, fields=_FIELDS),
            managed=key == "managedNodeGroups",
            instance_types=_instance_types(group),
            min_size=_first(sizes["minSize"], desired),
            desired_size=desired,
            max_size=_first(sizes["maxSize"], desired),
            labels=texts(group.get("labels")),
            taints=tuple(_taints(group.get("taints"))),
            zones=tuple(map(str, zones)) if isinstance(zones, list) else None,
            subnets=tuple(map(str, group["subnets"])) if isinstance(group.get("subnets"), list) else None,
            capacity_type="SPOT" if group.get("spot") is True else "ON_DEMAND",
            ami_type=_ami_type(group),
            disk_gib=_first(whole(group.get("volumeSize")), 80),
            disk_type=str(group.get("volumeType") or "gp3"),
            disk_encrypted=bool(group.get("volumeEncrypted", False)),
            metadata_hop_limit=1 if group.get("disablePodIMDS") is True else None,
            kubelet={**kubelet, **({} if max_pods is None else {"maxPods": max_pods})},
            autoscaling_tags=texts(group.get("tags")) if group.get("propagateASGTags") is not True else None,
            pods_per_node=None,
        )

    def _add_ons(self) -> Iterator[AddOn]:
        stated = items(self._root.get("addons"))
        for at, add_on in enumerate(stated):
            name = str(add_on.get("name") or "")
            keys = ("attachPolicyARNs", "attachPolicy", "serviceAccountRoleARN", "wellKnownPolicies")
            yield AddOn(
                name=name,
                where=self._where(f"add-on {name}", "addons", at, fields={"configuration": ("configurationValues",)}),
                version=_text(add_on.get("version")),
                configuration=_configuration(add_on.get("configurationValues")),
                has_role=any(add_on.get(key) for key in (*keys, "podIdentityAssociations")),
            )
        if mapping(self._root.get("addonsConfig")).get("disableDefaultAddons") is not True:
            for name in DEFAULT_ADD_ONS:
                if all(add_on.get("name") != name for add_on in stated):
                    yield AddOn(name, self._where("ClusterConfig", "metadata"), None, {}, None)

    def _roles(self) -> Iterator[IamRole]:
        iam = mapping(self._root.get("iam"))
        for at, account in enumerate(items(iam.get("serviceAccounts"))):
            metadata = mapping(account.get("metadata"))
            key = (str(metadata.get("namespace") or "default"), str(metadata.get("name") or ""))
            yield self._role(account, key, "serviceAccounts", at, "attachPolicyARNs")
        for at, account in enumerate(items(iam.get("podIdentityAssociations"))):
            key = (str(account.get("namespace") or "default"), str(account.get("serviceAccountName") or ""))
            yield self._role(account, key, "podIdentityAssociations", at, "permissionPolicyARNs")

    def _role(self, account: Obj, key: tuple[str, str], field: str, at: int, policies: str) -> IamRole:
        arns = account.get(policies)
        stated = mapping(account.get("attachPolicy") or account.get("permissionPolicy")).get("Statement")
        statements = [*items(stated)]
        if mapping(account.get("wellKnownPolicies")).get("autoScaler") is True:
            statements.append(
                {"Effect": "Allow", "Action": ["autoscaling:*", "eks:DescribeNodegroup"], "Resource": "*"}
            )
        return IamRole(
            name=f"{key[0]}/{key[1]}",
            where=self._where(f"service account {key[0]}/{key[1]}", "iam", field, at),
            trust=None,
            statements=tuple(statements),
            managed_policy_arns=tuple(map(str, arns)) if isinstance(arns, list) else (),
            service_accounts=(key,),
        )


_FIELDS: dict[str, tuple[Step, ...]] = {
    "instance_types": ("instanceType",),
    "min_size": ("minSize",),
    "max_size": ("maxSize",),
    "desired_size": ("desiredCapacity",),
    "kubelet": ("kubeletExtraConfig",),
    "ami_type": ("amiFamily",),
    "autoscaling_tags": ("tags",),
}


def _first(value: int | None, otherwise: int | None) -> int | None:
    return otherwise if value is None else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _instance_types(group: Obj) -> tuple[str, ...] | None:
    several = group.get("instanceTypes") or mapping(group.get("instancesDistribution")).get("instanceTypes")
    if isinstance(several, list):
        return tuple(map(str, several))
    if group.get("instanceType"):
        return (str(group["instanceType"]),)
    return None if group.get("instanceSelector") else ("m5.large",)


def _taints(stated: Any) -> Iterator[Obj]:
    """eksctl takes a list of taints, or a map of key to "value:Effect"."""
    if isinstance(stated, dict):
        for key, text in stated.items():
            value, _, effect = str(text).rpartition(":")
            yield {"key": key, "value": value, "effect": effect}
    for taint in items(stated):
        yield {"key": str(taint.get("key")), "value": str(taint.get("value") or ""), "effect": str(taint.get("effect"))}


def _ami_type(group: Obj) -> str | None:
    family = group.get("amiFamily")
    return str(family) if family else None


def _configuration(stated: Any) -> Obj | None:
    """configurationValues is JSON or YAML text."""
    if stated is None:
        return {}
    try:
        value = json.loads(str(stated))
    except ValueError:
        try:
            found = list(documents(SourceFile("configurationValues", str(stated))))
        except UnreadableError:
            return None
        value = found[0].value if found else {}
    return value if isinstance(value, dict) else None
