"""Contradictions between values that are each right on their own: references to nothing, ranges that overlap, min above max.

Every rule looks through the located tree, not the validated models, so that all of them speak even when a file has other
mistakes. A value of the wrong type is somebody else's finding: rules pass over it. A rule is one function in ``RULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network

from wavetank import catalog
from wavetank.base.errors import Problem
from wavetank.kube import quantity
from wavetank.spec import (
    cost_references,
    delivery_references,
    gitops_references,
    ground_references,
    ingress_references,
    mesh_references,
    operation_references,
    serverless_references,
    workload_references,
)
from wavetank.spec.lookup import at, elements, names, number, repeated, unknown, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, children, name_of

#: lists whose elements are addressed by name
_NAMED_LISTS = (
    "nodeGroups",
    "addOns",
    "helmReleases",
    "repositories",
    "secrets",
    "fileSystems",
    "namespaces",
    "storageClasses",
    "priorityClasses",
    "workloads",
    "services",
    "networkPolicies",
    "roles",
    "serviceMonitors",
    "ingresses",
    "certificateIssuers",
    "analysisTemplates",
)


def names_are_unique(root: Node) -> Iterator[Problem]:
    """Within a list, a name names one thing."""
    for key in _NAMED_LISTS:
        yield from repeated(root, key)


def node_group_sizes_are_ordered(root: Node) -> Iterator[Problem]:
    """minSize <= desiredSize <= maxSize."""
    for group in elements(root, "nodeGroups"):
        for low, high in (("minSize", "maxSize"), ("minSize", "desiredSize"), ("desiredSize", "maxSize")):
            yield from _ordered(group, low, high)


def replicas_are_ordered(root: Node) -> Iterator[Problem]:
    """The HPA's minimum is not above its maximum."""
    for workload in elements(root, "workloads"):
        scaling = at(workload, "autoscaling")
        if isinstance(scaling, Mapped):
            yield from _ordered(scaling, "minReplicas", "maxReplicas")


def _ordered(holder: Mapped, low: str, high: str) -> Iterator[Problem]:
    least, most = number(holder.get(low)), number(holder.get(high))
    later = max((entry for key in (low, high) if (entry := holder.get(key))), key=lambda node: node.place, default=None)
    if least is not None and most is not None and least > most and later is not None:
        yield later.place.problem(f"{low} {least} is above {high} {most}", f"Raise {high} or lower {low}.")


def workloads_exist(root: Node) -> Iterator[Problem]:
    """Services, network policies and roles name workloads of the platform."""
    known = names(root, "workloads")
    for key in ("services", "networkPolicies"):
        for element in elements(root, key):
            yield from unknown(element.get("workload"), "workload", known)
    for role in elements(root, "roles"):
        for workload in children(role.get("workloads")):
            yield from unknown(workload, "workload", known)


def namespaces_exist(root: Node) -> Iterator[Problem]:
    """Workloads and roles live in namespaces of the platform; with several, each says in which."""
    known = names(root, "namespaces")
    for key in ("workloads", "roles"):
        for element in elements(root, key):
            if element.get("namespace") is not None:
                yield from unknown(element.get("namespace"), "namespace", known)
            elif len(known) != 1:
                there = f"the platform has {len(known)} namespaces" if known else "the platform lists no namespaces"
                yield element.place.problem(
                    f'"{name_of(element)}" names no namespace, and {there}', "Add `namespace: ...`."
                )


def services_exist(root: Node) -> Iterator[Problem]:
    """A ServiceMonitor scrapes a Service of the platform."""
    for monitor in elements(root, "serviceMonitors"):
        yield from unknown(monitor.get("service"), "service", names(root, "services"))


def secrets_exist(root: Node) -> Iterator[Problem]:
    """Permissions name secrets of the platform."""
    known = names(root, "secrets")
    for key in ("workloads", "addOns", "helmReleases"):
        for element in elements(root, key):
            for secret in children(at(element, "permissions", "secrets")):
                yield from unknown(secret, "secret", known)


def services_have_a_port_to_reach(root: Node) -> Iterator[Problem]:
    """A Service with a port and without targetPort needs a workload with a port."""
    workloads = {name_of(workload): workload for workload in elements(root, "workloads")}
    for service in elements(root, "services"):
        workload = workloads.get(word(service.get("workload")))
        asks = service.get("port") is not None and service.get("targetPort") is None
        if workload is not None and asks and workload.get("port") is None:
            message = f'the service has no targetPort and workload "{name_of(workload)}" no port'
            yield service.place.problem(message, "Add `port` to the workload or `targetPort` to the service.")


def selected_node_groups_exist(root: Node) -> Iterator[Problem]:
    """A node selector on EKS's own label names a node group of the platform."""
    known = node_group_names(root)
    for workload in elements(root, "workloads"):
        selected = at(workload, "nodeSelector", "eks.amazonaws.com/nodegroup")
        yield from unknown(selected, "node group", known)


def node_group_names(root: Node) -> list[str]:
    """The groups as EKS knows them: a group per zone carries the zone in its name."""
    region = word(at(root, "region")) or ""
    own = [name for node in children(at(root, "network", "zones")) if (name := word(node))]
    found = []
    for group in elements(root, "nodeGroups"):
        zones = [name for node in children(group.get("zones")) if (name := word(node))]
        split = at(group, "perZone")
        name = name_of(group) or ""
        if isinstance(split, Scalar) and split.value is True:
            found += [f"{name}-{zone}" for zone in zones or own or catalog.zones(region)[:2]]
        else:
            found.append(name)
    return found


def local_images_are_used(root: Node) -> Iterator[Problem]:
    """A local command stands for an image that some container has."""
    local = at(root, "local")
    images = sorted(set(_images(root)))
    for image, entry in local.entries.items() if isinstance(local, Mapped) else ():
        if image not in images:
            yield entry.key_place.problem(f'no container has the image "{image}"', suggestion(image, images))


def _images(root: Node) -> Iterator[str]:
    for workload in elements(root, "workloads"):
        for container in (workload, *children(workload.get("containers")), *children(workload.get("initContainers"))):
            image = word(at(container, "image"))
            if image is not None:
                yield image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image


def zones_are_of_the_region(root: Node) -> Iterator[Problem]:
    """At least two zones, all of the region; node groups stay within them."""
    region, zones = word(at(root, "region")), at(root, "network", "zones")
    known = list(catalog.zones(region or ""))
    for zone in children(zones):
        if known:
            yield from unknown(zone, f"zone in {region} named", known)
    if zones is not None and len(children(zones)) == 1:
        yield zones.place.problem("an EKS cluster needs subnets in at least two zones", "Name a second zone.")
    used = [name for node in children(zones) if (name := word(node))] or known[:2]
    for group in elements(root, "nodeGroups"):
        for zone in children(group.get("zones")):
            yield from unknown(zone, "zone of the network named", used)


def _range(node: Node | None) -> IPv4Network | None:
    try:
        return IPv4Network(word(node) or "")
    except ValueError:
        return None


#: public subnets are 1/256 of the VPC then, and AWS has none smaller than a /28
_SMALLEST_SHARED = 20
_SUBNET_KEYS = ("publicSubnets", "privateSubnets")


def subnets_fit_the_vpc(root: Node) -> Iterator[Problem]:
    """Each subnet lies in the VPC and overlaps no other; each zone has one of either kind."""
    network = at(root, "network")
    vpc_node = at(network, "vpcCidr")
    vpc = _range(vpc_node) if vpc_node is not None else IPv4Network("10.0.0.0/16")
    placed: list[IPv4Network] = []
    for key in _SUBNET_KEYS:
        for subnet in children(at(network, key)):
            cidr = _range(subnet)
            if cidr is None:
                continue
            if vpc is not None and not cidr.subnet_of(vpc):
                yield subnet.place.problem(f"{cidr} is outside the VPC {vpc}", f"Choose a range inside {vpc}.")
            other = next((each for each in placed if each.overlaps(cidr)), None)
            if other is not None:
                yield subnet.place.problem(f"{cidr} overlaps the subnet {other}", "Subnets of a VPC may not overlap.")
            placed.append(cidr)


def every_zone_has_its_subnets(root: Node) -> Iterator[Problem]:
    """As many public and private subnets as zones, and both kinds or neither."""
    network = at(root, "network")
    zones = len(children(at(network, "zones"))) or 2
    for key in _SUBNET_KEYS:
        subnets = at(network, key)
        if subnets is not None and len(children(subnets)) not in (0, zones):
            message = f"{key} lists {len(children(subnets))} subnets for {zones} zones"
            yield subnets.place.problem(message, "List one per zone, in the order of the zones.")
        if subnets is not None and any(at(network, each) is None for each in _SUBNET_KEYS):
            yield subnets.place.problem(f"{key} stands alone", "List public and private subnets, or leave both out.")


def the_vpc_can_be_shared_out(root: Node) -> Iterator[Problem]:
    """A small VPC needs its subnets written out."""
    network = at(root, "network")
    vpc_node = at(network, "vpcCidr")
    vpc = _range(vpc_node)
    stated = any(at(network, key) is not None for key in _SUBNET_KEYS)
    if vpc_node is not None and vpc is not None and vpc.prefixlen > _SMALLEST_SHARED and not stated:
        remedy = f"List publicSubnets and privateSubnets, or choose at least a /{_SMALLEST_SHARED}."
        yield vpc_node.place.problem(f"{vpc} is too small to be shared out by itself", remedy)


def service_addresses_are_outside_the_vpc(root: Node) -> Iterator[Problem]:
    """Service addresses and the VPC may not overlap."""
    service_node, vpc = at(root, "cluster", "serviceCidr"), _range(at(root, "network", "vpcCidr"))
    service = _range(service_node)
    if service_node is not None and service is not None and vpc is not None and service.overlaps(vpc):
        yield service_node.place.problem(f"serviceCidr {service} overlaps the VPC {vpc}", "For example 172.20.0.0/16.")


def public_endpoints_name_who_may(root: Node) -> Iterator[Problem]:
    """A public endpoint of the cluster's API says for whom."""
    endpoint = at(root, "cluster", "endpoint")
    public = at(endpoint, "public")
    if isinstance(public, Scalar) and public.value is True and not children(at(endpoint, "publicAccessCidrs")):
        remedy = "List publicAccessCidrs; write 0.0.0.0/0 if you do mean everyone."
        yield public.place.problem("the API endpoint is public, but nothing says who may reach it", remedy)


def requests_stay_below_limits(root: Node) -> Iterator[Problem]:
    """No container asks for more than it may use."""
    for workload in elements(root, "workloads"):
        for container in (workload, *children(workload.get("containers")), *children(workload.get("initContainers"))):
            resources = at(container, "resources")
            if isinstance(resources, Mapped):
                yield from _requests_above_limits(resources)


def _requests_above_limits(resources: Mapped) -> Iterator[Problem]:
    requests, limits = resources.get("requests"), resources.get("limits")
    for name, entry in requests.entries.items() if isinstance(requests, Mapped) else ():
        if _is_above(entry.value, at(limits, name)):
            yield entry.value.place.problem(
                f"the request of {name} is above its limit", "Raise the limit or ask for less."
            )
    if requests is None and limits is None:
        for name, entry in resources.entries.items():
            request, slash, limit = (word(entry.value) or "").partition("/")
            if slash and _is_more(request, limit):
                message = f"the request of {name} is above its limit"
                yield entry.value.place.problem(message, "Write request/limit, the smaller first.")


def _is_above(request: Node | None, limit: Node | None) -> bool:
    both = isinstance(request, Scalar) and isinstance(limit, Scalar)
    return both and _is_more(str(getattr(request, "value", "")), str(getattr(limit, "value", "")))


def _is_more(request: str, limit: str) -> bool:
    try:
        return quantity.parse(request) > quantity.parse(limit)
    except ValueError:
        return False


def charts_are_pinned(root: Node) -> Iterator[Problem]:
    """A chart that the catalog does not know says where it lives and which version."""
    for release in children(at(root, "helmReleases")):
        chart = word(at(release, "chart")) or name_of(release)
        if chart is None or catalog.chart(chart) is not None:
            continue
        missing = [key for key in ("repository", "version") if at(release, key) is None]
        if missing:
            remedy = f"Charts that need neither: {', '.join(catalog.chart_names())}."
            yield release.place.problem(f'the chart "{chart}" needs its {" and ".join(missing)}', remedy)


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    names_are_unique,
    node_group_sizes_are_ordered,
    replicas_are_ordered,
    workloads_exist,
    namespaces_exist,
    services_exist,
    secrets_exist,
    services_have_a_port_to_reach,
    selected_node_groups_exist,
    local_images_are_used,
    zones_are_of_the_region,
    subnets_fit_the_vpc,
    every_zone_has_its_subnets,
    the_vpc_can_be_shared_out,
    service_addresses_are_outside_the_vpc,
    public_endpoints_name_who_may,
    requests_stay_below_limits,
    charts_are_pinned,
    *cost_references.RULES,
    *gitops_references.RULES,
    *ground_references.RULES,
    *ingress_references.RULES,
    *mesh_references.RULES,
    *delivery_references.RULES,
    *operation_references.RULES,
    *serverless_references.RULES,
    *workload_references.RULES,
)


def contradictions(root: Node) -> list[Problem]:
    """What every rule finds in a merged platform."""
    return [problem for rule in RULES for problem in rule(root)]
