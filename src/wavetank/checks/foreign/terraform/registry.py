"""The two modules that nearly everyone uses, by their arguments: terraform-aws-modules' vpc and eks (and its IAM roles).

Defaults are those of the modules (vpc 5 and 6, eks 19 to 21; the names of arguments changed with 21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.checks.aws import AddOn, Aws, Cluster, IamRole, NatGateway, Network, NodeGroup, Subnet, decoded
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Where
from wavetank.kube.types import Obj

from .nodes import kubelet_of_user_data, taints_of
from .reading import boolean, either, is_unknown, number, renamed, text, text_list, text_map

_LOGS = ["audit", "api", "authenticator"]


@dataclass(frozen=True)
class Registry:
    """A call of a module that is not among the files."""

    name: str
    address: str
    source: str
    body: Mapping[str, Any]
    where: Where
    certain: bool


def facts_of_registry(calls: Sequence[Registry]) -> Aws:
    """What the known modules make."""
    clusters = [call for call in calls if _is(call, "eks") and either(call.body, *_NAMES) is not None]
    groups = [call for call in calls if "//modules/eks-managed-node-group" in call.source]
    return Aws(
        networks=tuple(_network(call) for call in calls if _is(call, "vpc")),
        clusters=tuple(_cluster(call) for call in clusters),
        node_groups=(
            *(group for call in clusters for group in _node_groups(call)),
            *(_node_group(call.where, call.name, dict(call.body), {}) for call in groups),
        ),
        add_ons=tuple(add_on for call in clusters for add_on in _add_ons(call)),
        roles=tuple(role for call in calls if "terraform-aws-modules/iam/aws" in call.source for role in _roles(call)),
    )


_NAMES = ("name", "cluster_name")


def _is(call: Registry, name: str) -> bool:
    found = f"terraform-aws-modules/{name}/aws" in call.source or f"terraform-aws-{name}.git" in call.source
    return found and "//modules" not in call.source


# --- vpc --------------------------------------------------------------------------------------------------------------


def _network(call: Registry) -> Network:
    body = call.body
    cidr = text(body.get("cidr", "10.0.0.0/16"))
    zones = text_list(body.get("azs", []))
    more = text_list(body.get("secondary_cidr_blocks", []))
    known = cidr is not None and more is not None
    return Network(
        name=call.address,
        where=renamed(call.where, (), {"cidrs": ("cidr",), "nat_gateways": ("single_nat_gateway",)}),
        cidrs=(cidr, *more) if known and cidr and more is not None else None,
        zones=zones,
        subnets=_subnets(call, zones),
        nat_gateways=_gateways(call, zones),
        endpoints=None,
        flow_logs=boolean(body.get("enable_flow_log", False)),
    )


def _subnets(call: Registry, zones: tuple[str, ...] | None) -> tuple[Subnet, ...] | None:
    found: list[Subnet] = []
    for argument, public in (("private_subnets", False), ("public_subnets", True)):
        cidrs = call.body.get(argument, [])
        if not isinstance(cidrs, list):
            return None
        tags = text_map(call.body.get(argument.removesuffix("s") + "_tags", {}))
        for at, cidr in enumerate(cidrs):
            zone = zones[at % len(zones)] if zones else None
            where = renamed(call.where, (argument,), {"cidr": (), "zone": ()})
            found.append(Subnet(f"{call.address}.{argument}[{at}]", where, text(cidr), zone, public, tags))
    return tuple(found)


def _gateways(call: Registry, zones: tuple[str, ...] | None) -> tuple[NatGateway, ...] | None:
    body = call.body
    enabled, single = boolean(body.get("enable_nat_gateway", False)), boolean(body.get("single_nat_gateway", False))
    per_zone, private = boolean(body.get("one_nat_gateway_per_az", False)), body.get("private_subnets", [])
    if enabled is None or single is None or per_zone is None:
        return None
    where = renamed(call.where, ("single_nat_gateway" if single else "enable_nat_gateway",), {})
    if not enabled:
        return ()
    if single:
        return (NatGateway(f"{call.address}.nat", where, None),)
    count = len(zones) if per_zone and zones else len(private) if isinstance(private, list) else None
    return None if count is None else tuple(NatGateway(f"{call.address}.nat[{at}]", where, None) for at in range(count))


# --- eks --------------------------------------------------------------------------------------------------------------

_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "name": _NAMES,
    "version": ("kubernetes_version", "cluster_version"),
    "public_endpoint": ("endpoint_public_access", "cluster_endpoint_public_access"),
    "private_endpoint": ("endpoint_private_access", "cluster_endpoint_private_access"),
    "public_access_cidrs": ("endpoint_public_access_cidrs", "cluster_endpoint_public_access_cidrs"),
    "log_types": ("enabled_log_types", "cluster_enabled_log_types"),
    "service_cidr": ("service_ipv4_cidr", "cluster_service_ipv4_cidr"),
    "add_ons": ("addons", "cluster_addons"),
    "encryption": ("encryption_config", "cluster_encryption_config"),
    "support_type": ("upgrade_policy", "cluster_upgrade_policy"),
}


def _given(call: Registry, field: str, otherwise: Any = None) -> Any:
    return either(call.body, *_ARGUMENTS[field], otherwise=otherwise)


def _cluster(call: Registry) -> Cluster:
    encryption = _given(call, "encryption", {"resources": ["secrets"]})
    fields = {field: (next((n for n in names if n in call.body), names[-1]),) for field, names in _ARGUMENTS.items()}
    return Cluster(
        name=text(_given(call, "name")) or "",
        where=renamed(call.where, (), fields),
        version=text(_given(call, "version")),
        service_cidr=text(_given(call, "service_cidr")),
        public_endpoint=boolean(_given(call, "public_endpoint", False)),
        private_endpoint=boolean(_given(call, "private_endpoint", True)),
        public_access_cidrs=text_list(_given(call, "public_access_cidrs", ["0.0.0.0/0"])),
        log_types=text_list(_given(call, "log_types", _LOGS)),
        secrets_encryption=None if is_unknown(encryption) else bool(encryption),
        support_type=text(mapping(_given(call, "support_type")).get("support_type")),
        oidc_provider=boolean(call.body.get("enable_irsa", True)),
        default_add_ons=call.body.get("bootstrap_self_managed_addons", True) is True,
        auto_mode=boolean(mapping(either(call.body, "compute_config", "cluster_compute_config")).get("enabled", False)),
        refused_settings=(),
        subnets=None,
        tags=text_map(call.body.get("tags", {})),
    )


def _add_ons(call: Registry) -> Iterator[AddOn]:
    argument = next((n for n in _ARGUMENTS["add_ons"] if n in call.body), "addons")
    for name, stated in mapping(call.body.get(argument)).items():
        body = mapping(stated)
        values = body.get("configuration_values")
        configuration = {} if values is None else decoded(values)
        role = "service_account_role_arn" in body or "pod_identity_association" in body
        yield AddOn(
            name=name,
            where=renamed(call.where, (argument, name), {"configuration": ("configuration_values",)}),
            version=text(body.get("addon_version") or body.get("version")),
            configuration=configuration if isinstance(configuration, dict) else None,
            has_role=role,
        )


def _node_groups(call: Registry) -> Iterator[NodeGroup]:
    for argument, managed in (("eks_managed_node_groups", True), ("self_managed_node_groups", False)):
        defaults = mapping(call.body.get(argument.removesuffix("s") + "_defaults"))
        for name, stated in mapping(call.body.get(argument)).items():
            where = renamed(call.where, (argument, name), {})
            yield _node_group(where, name, mapping(stated), defaults, managed)


def _node_group(where: Where, name: str, stated: Obj, defaults: Obj, managed: bool = True) -> NodeGroup:
    body = {**defaults, **{key: value for key, value in stated.items() if value is not None}}
    types = body.get("instance_types") or ([body["instance_type"]] if body.get("instance_type") else ["t3.medium"])
    fields = {
        "instance_types": ("instance_types" if "instance_types" in body else "instance_type",),
        "kubelet": ("cloudinit_pre_nodeadm",),
    }
    return NodeGroup(
        name=text(body.get("name")) or name,
        where=renamed(where, (), fields),
        managed=managed,
        instance_types=text_list(types),
        min_size=number(body.get("min_size", 1 if managed else 0)),
        desired_size=number(body.get("desired_size", 1)),
        max_size=number(body.get("max_size", 3)),
        labels=text_map(body.get("labels", {})),
        taints=taints_of(body.get("taints", [])),
        zones=None,
        subnets=None,
        capacity_type=text(body.get("capacity_type", "ON_DEMAND")),
        ami_type=text(body.get("ami_type")),
        disk_gib=number(body.get("disk_size")),
        disk_type=None,
        disk_encrypted=None,
        metadata_hop_limit=number(mapping(body.get("metadata_options")).get("http_put_response_hop_limit")),
        kubelet=_kubelet(body),
        autoscaling_tags=text_map(body.get("autoscaling_group_tags", {})),
        pods_per_node=None,
    )


def _kubelet(body: Obj) -> Obj | None:
    """Of the parts of user data that go before nodeadm, and of the older bootstrap script's arguments."""
    found: Obj = {}
    for part in body.get("cloudinit_pre_nodeadm") or []:
        config = kubelet_of_user_data(mapping(part).get("content"))
        if config is None:
            return None
        found |= config
    extra = body.get("bootstrap_extra_args", "")
    more = kubelet_of_user_data(extra)
    return None if more is None else found | more


# --- iam --------------------------------------------------------------------------------------------------------------


def _roles(call: Registry) -> Iterator[IamRole]:
    """iam-role-for-service-accounts(-eks)."""
    providers = mapping(call.body.get("oidc_providers"))
    if "role-for-service-accounts" not in call.source or not providers:
        return
    names = [name for p in providers.values() for name in mapping(p).get("namespace_service_accounts") or []]
    known = all(isinstance(name, str) for name in names)
    pairs = [(name.partition(":")[0], name.partition(":")[2]) for name in names if isinstance(name, str)]
    yield IamRole(
        name=text(either(call.body, "role_name", "name")) or call.name,
        where=call.where,
        trust=None,
        statements=None,
        managed_policy_arns=None,
        service_accounts=tuple(pairs) if known else None,
    )
