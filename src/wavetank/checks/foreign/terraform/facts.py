"""Terraform resources → AWS facts: which argument of which resource says what.

Used for HCL and for plan JSON. The arguments of registry modules are in ``registry``, IAM in ``iam``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wavetank.checks.aws import (
    AddOn,
    Aws,
    Backend,
    Cluster,
    HelmRelease,
    NatGateway,
    Network,
    NodeGroup,
    Reference,
    Repository,
    Resource,
    Subnet,
    decoded,
)

from .iam import roles_of
from .nodes import kubelet_of, taints_of
from .reading import boolean, first_block, number, reference, text, text_list, text_map, within
from .registry import Registry, facts_of_registry
from .values_of_charts import release_values

__all__ = ["Registry", "aws_of_resources"]


def aws_of_resources(
    resources: Sequence[Resource],
    registry: Sequence[Registry],
    region: str | None,
    main_file: str | None,
    backend: Backend | None = None,
) -> Aws:
    """The facts of one root module."""
    found = Aws(read_resources=lambda: tuple(resources))
    subnets = _subnets(found)
    modules = facts_of_registry(registry)
    has_oidc = bool(found.of_type("aws_iam_openid_connect_provider"))
    return Aws(
        region=region,
        networks=(*(_network(found, vpc, subnets) for vpc in found.of_type("aws_vpc")), *modules.networks),
        clusters=(*(_cluster(c, has_oidc, subnets) for c in found.of_type("aws_eks_cluster")), *modules.clusters),
        node_groups=(
            *(_node_group(found, g, subnets) for g in found.of_type("aws_eks_node_group")),
            *modules.node_groups,
        ),
        add_ons=(*(_add_on(found, a) for a in found.of_type("aws_eks_addon")), *modules.add_ons),
        helm_releases=tuple(_release(release) for release in found.of_type("helm_release")),
        roles=(*roles_of(found), *modules.roles),
        repositories=tuple(_repository(found, r) for r in found.of_type("aws_ecr_repository")),
        read_resources=lambda: tuple(resources),
        backend=backend,
        terraform_file=main_file,
    )


# --- network ----------------------------------------------------------------------------------------------------------


def _subnets(aws: Aws) -> Mapping[str, Subnet]:
    """By address."""
    return {s.name: _subnet(aws, s) for s in aws.of_type("aws_subnet")}


def _subnet(aws: Aws, subnet: Resource) -> Subnet:
    return Subnet(
        name=subnet.name,
        where=within(subnet, {"cidr": ("cidr_block",), "zone": ("availability_zone",)}),
        cidr=text(subnet.body.get("cidr_block")),
        zone=text(subnet.body.get("availability_zone")),
        public=_is_public(aws, subnet),
        tags=text_map(subnet.body.get("tags", {})),
    )


def _is_public(aws: Aws, subnet: Resource) -> bool | None:
    """Whether its route table leads to an internet gateway; by its own words where no route table is associated."""
    for association in aws.of_type("aws_route_table_association"):
        if reference(association.body.get("subnet_id")) == subnet.name:
            table = reference(association.body.get("route_table_id"))
            return _leads_to_gateway(aws, table) if table else None
    if subnet.body.get("map_public_ip_on_launch") is True:
        return True
    tags = text_map(subnet.body.get("tags", {})) or {}
    words = f"{subnet.name} {tags.get('Name', '')}".lower()
    if "kubernetes.io/role/elb" in tags or "public" in words:
        return True
    return False if "kubernetes.io/role/internal-elb" in tags or "private" in words else None


def _leads_to_gateway(aws: Aws, table: str) -> bool:
    tables = [r for r in aws.of_type("aws_route_table") if r.name == table]
    routes = [route for r in tables for route in r.blocks("route")]
    routes += [r.body for r in aws.of_type("aws_route") if reference(r.body.get("route_table_id")) == table]
    return any("aws_internet_gateway" in (reference(route.get("gateway_id")) or "") for route in routes)


def _network(aws: Aws, vpc: Resource, subnets: Mapping[str, Subnet]) -> Network:
    cidr = text(vpc.body.get("cidr_block"))
    more = [text(a.body.get("cidr_block")) for a in aws.of_type("aws_vpc_ipv4_cidr_block_association")]
    own_subnets = aws.of_type("aws_subnet")
    gateways = aws.of_type("aws_nat_gateway")
    cidrs = [cidr, *more]
    return Network(
        name=vpc.name,
        where=within(vpc, {"cidrs": ("cidr_block",)}),
        cidrs=tuple(each for each in cidrs if each) if all(cidrs) else None,
        zones=_zones(subnets.values()),
        subnets=tuple(subnets.values()) if all(s.certain for s in own_subnets) else None,
        nat_gateways=tuple(_gateway(g) for g in gateways) if all(g.certain for g in gateways) else None,
        endpoints=_endpoints(aws),
        flow_logs=bool(aws.of_type("aws_flow_log")),
    )


def _zones(subnets: Any) -> tuple[str, ...] | None:
    zones = [subnet.zone for subnet in subnets]
    return tuple(dict.fromkeys(zones)) if zones and all(zones) else None


def _gateway(gateway: Resource) -> NatGateway:
    return NatGateway(gateway.name, gateway.where, reference(gateway.body.get("subnet_id")))


def _endpoints(aws: Aws) -> tuple[str, ...] | None:
    """``com.amazonaws.<region>.ecr.api`` → ``ecr.api``."""
    found = []
    for endpoint in aws.of_type("aws_vpc_endpoint"):
        value = endpoint.body.get("service_name")
        name = value if isinstance(value, str) else getattr(value, "text", "")
        parts = str(name).split(".")
        if len(parts) < 4 or not endpoint.certain:
            return None
        found.append(".".join(parts[3:]))
    return tuple(found)


# --- cluster ----------------------------------------------------------------------------------------------------------


def _cluster(cluster: Resource, has_oidc: bool, subnets: Mapping[str, Subnet]) -> Cluster:
    body = cluster.body
    vpc = first_block(body, "vpc_config")
    network = first_block(body, "kubernetes_network_config")
    public = boolean(vpc.get("endpoint_public_access", True))
    return Cluster(
        name=text(body.get("name")) or "",
        where=within(cluster, _CLUSTER_FIELDS),
        version=text(body.get("version")),
        service_cidr=text(network.get("service_ipv4_cidr")),
        public_endpoint=public,
        private_endpoint=boolean(vpc.get("endpoint_private_access", False)),
        public_access_cidrs=text_list(vpc.get("public_access_cidrs", ["0.0.0.0/0"])),
        log_types=text_list(body.get("enabled_cluster_log_types", [])),
        secrets_encryption="encryption_config" in body,
        support_type=text(first_block(body, "upgrade_policy").get("support_type")),
        oidc_provider=has_oidc,
        default_add_ons=body.get("bootstrap_self_managed_addons", True) is True,
        auto_mode=boolean(first_block(body, "compute_config").get("enabled", False)),
        refused_settings=(),
        subnets=_names(vpc.get("subnet_ids"), subnets),
        tags=text_map(body.get("tags", {})),
    )


_CLUSTER_FIELDS = {
    "public_access_cidrs": ("vpc_config", "public_access_cidrs"),
    "public_endpoint": ("vpc_config", "endpoint_public_access"),
    "private_endpoint": ("vpc_config", "endpoint_private_access"),
    "service_cidr": ("kubernetes_network_config", "service_ipv4_cidr"),
    "log_types": ("enabled_cluster_log_types",),
    "support_type": ("upgrade_policy", "support_type"),
}


def _names(value: Any, subnets: Mapping[str, Subnet]) -> tuple[str, ...] | None:
    """Names of the subnets that a list of ids refers to."""
    if not isinstance(value, list):
        return None
    found = [each.address if isinstance(each, Reference) else None for each in value]
    return tuple(each for each in found if each) if all(each in subnets for each in found) else None


def _add_on(aws: Aws, add_on: Resource) -> AddOn:
    stated = add_on.body.get("configuration_values")
    values = {} if stated is None else decoded(stated)
    name = text(add_on.body.get("addon_name")) or ""
    role = add_on.body.get("service_account_role_arn") is not None or "pod_identity_association" in add_on.body
    return AddOn(
        name=name,
        where=within(add_on, {"configuration": ("configuration_values",), "version": ("addon_version",)}),
        version=text(add_on.body.get("addon_version")),
        configuration=values if isinstance(values, dict) else None,
        has_role=role,
    )


def _node_group(aws: Aws, group: Resource, subnets: Mapping[str, Subnet]) -> NodeGroup:
    body = group.body
    sizes = first_block(body, "scaling_config")
    template = _launch_template(aws, body)
    names = _names(body.get("subnet_ids"), subnets)
    zones = [subnets[name].zone for name in names or ()]
    return NodeGroup(
        name=text(body.get("node_group_name")) or group.name.rpartition(".")[2],
        where=within(group, _GROUP_FIELDS),
        managed=True,
        instance_types=_instance_types(body, template),
        min_size=number(sizes.get("min_size")),
        desired_size=number(sizes.get("desired_size")),
        max_size=number(sizes.get("max_size")),
        labels=text_map(body.get("labels", {})),
        taints=taints_of(body.get("taint", [])),
        zones=tuple(dict.fromkeys(z for z in zones if z)) if zones and all(zones) else None,
        subnets=names,
        capacity_type=text(body.get("capacity_type", "ON_DEMAND")),
        ami_type=text(body.get("ami_type")),
        disk_gib=number(body.get("disk_size")) or _disk_gib(template),
        disk_type=None,
        disk_encrypted=None,
        metadata_hop_limit=_hop_limit(template),
        kubelet=kubelet_of(body, template),
        autoscaling_tags=_autoscaling_tags(aws, group),
        pods_per_node=None,
    )


_GROUP_FIELDS = {
    "min_size": ("scaling_config", "min_size"),
    "max_size": ("scaling_config", "max_size"),
    "desired_size": ("scaling_config", "desired_size"),
    "taints": ("taint",),
    "kubelet": ("launch_template",),
}


def _disk_gib(template: Resource | None) -> int | None:
    """The largest volume of a launch template: Bottlerocket keeps its system on a small one of its own."""
    mappings = template.blocks("block_device_mappings") if template is not None else ()
    sizes = [number(first_block(each, "ebs").get("volume_size")) for each in mappings]
    return max((size for size in sizes if size is not None), default=None)


def _launch_template(aws: Aws, body: Mapping[str, Any]) -> Resource | None:
    stated = first_block(body, "launch_template")
    address = reference(stated.get("id")) or reference(stated.get("name"))
    return next((r for r in aws.of_type("aws_launch_template") if r.name == address), None)


def _instance_types(body: Mapping[str, Any], template: Resource | None) -> tuple[str, ...] | None:
    if "instance_types" in body:
        return text_list(body["instance_types"])
    if "launch_template" in body:
        own = text(template.body.get("instance_type")) if template else None
        return (own,) if own else None
    return ("t3.medium",)


def _hop_limit(template: Resource | None) -> int | None:
    options = first_block(template.body, "metadata_options") if template else {}
    return number(options.get("http_put_response_hop_limit"))


def _autoscaling_tags(aws: Aws, group: Resource) -> dict[str, str] | None:
    """Tags of the Auto Scaling group; those that the resource's own ``tags`` say do not reach it."""
    found: dict[str, str] = {}
    for tag in aws.of_type("aws_autoscaling_group_tag"):
        if reference(tag.body.get("autoscaling_group_name")) == group.name:
            for block in tag.blocks("tag"):
                key = text(block.get("key"))
                if key is None or not tag.certain:
                    return None
                found[key] = text(block.get("value")) or ""
        elif reference(tag.body.get("autoscaling_group_name")) is None:
            return None
    return found


# --- the rest ---------------------------------------------------------------------------------------------------------


def _release(release: Resource) -> HelmRelease:
    chart = text(release.body.get("chart")) or ""
    return HelmRelease(
        name=text(release.body.get("name")) or release.name,
        where=release.where,
        chart=chart.rpartition("/")[2],
        repository=text(release.body.get("repository")),
        version=text(release.body.get("version")),
        namespace=text(release.body.get("namespace", "default")),
        values=release_values(release),
        has_role=None,
    )


def _repository(aws: Aws, repository: Resource) -> Repository:
    scanning = first_block(repository.body, "image_scanning_configuration")
    policies = aws.of_type("aws_ecr_lifecycle_policy")
    return Repository(
        name=text(repository.body.get("name")) or repository.name,
        where=within(repository, {"immutable_tags": ("image_tag_mutability",)}),
        immutable_tags=_is_immutable(repository.body.get("image_tag_mutability", "MUTABLE")),
        scan_on_push=boolean(scanning.get("scan_on_push", False)),
        has_lifecycle=any(reference(p.body.get("repository")) == repository.name for p in policies)
        or any(p.body.get("repository") == repository.body.get("name") for p in policies),
    )


def _is_immutable(value: Any) -> bool | None:
    return value.startswith("IMMUTABLE") if isinstance(value, str) else None
