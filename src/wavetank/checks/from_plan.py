"""The case of a spec: the objects that it becomes, with the spec's own lines as their places.

Called by ``app``. Objects come from the Kubernetes renderer before they are text, so that every value still knows its plan path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from wavetank.cost import Bill
from wavetank.plan.model import NodeGroup as PlannedGroup
from wavetank.plan.model import Plan, PodRole
from wavetank.plan.reasons import ancestors, camel_case, field_path, key_path
from wavetank.render import RenderedFile, kubernetes, terraform
from wavetank.render.kubernetes import own
from wavetank.render.trace import Traced, bare, untraced

from . import aws
from .case import Case, Given
from .foreign.documents import documents
from .foreign.kubernetes import manifests as objects_of_document
from .foreign.terraform import aws_of_terraform
from .manifests import Manifest, Manifests
from .model import Place, Step, Where
from .sources import SourceFile
from .workloads import Declared


def case_of_plan(
    plan: Plan,
    bill: Bill,
    on: date,
    programs: tuple[SourceFile, ...] = (),
    terraform_files: Callable[[], Mapping[str, RenderedFile]] | None = None,
) -> Case:
    """What the rules see of a plan and its bill; ``programs`` are the sources of its workloads where they are at hand.

    ``terraform_files`` hands out the plan's Terraform where somebody else needs it, too; without it, it is made when a rule asks.
    """
    return Case(
        manifests=Manifests(tuple(_manifests(plan))),
        aws=_aws(plan, terraform_files or partial(terraform.files, plan)),
        given=Given(kubernetes=True, cluster=True, nodes=True, network=True, iam=True, terraform=True, whole=True),
        on=on,
        file=plan.spec_file,
        environment=plan.environment,
        plan=plan,
        bill=bill,
        declared={(w.namespace, w.name): Declared(w.runs, w.model) for w in plan.workloads},
        programs=programs,
    )


def place(plan: Plan, path: str) -> Place:
    """The line of the spec behind a plan value, or behind the closest value around it that somebody wrote."""
    stated = next((found for around in ancestors(path) if (found := plan.place(around))), None)
    return Place(stated.file, stated.line, path) if stated else Place(plan.spec_file, 0, path)


# --- Kubernetes -------------------------------------------------------------------------------------------------------


def _manifests(plan: Plan) -> Iterator[Manifest]:
    for group in kubernetes.GROUPS:
        if group.objects is own.objects:
            continue
        for traced in group.objects(plan):
            yield Manifest(bare(traced), Where(partial(_locate, plan, traced)))
    # The author's own manifests have lines of their own.
    for file in plan.manifests:
        for document in documents(SourceFile(file.source, "\n".join(file.lines))):
            yield from objects_of_document(document)


def _locate(plan: Plan, traced: Traced, steps: tuple[Step, ...]) -> Place:
    return place(plan, path_of(traced, steps))


def path_of(traced: Traced, steps: Sequence[Step]) -> str:
    """The plan path of a value inside a rendered object: the innermost one on the way to it."""
    value, path, _ = untraced(traced)
    for step in steps:
        inner = _child(value, step)
        if inner is None:
            break
        value, nearer, _ = untraced(inner)
        path = nearer or path
    return path


def _child(value: Any, step: Step) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(step))
    if isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


# --- AWS --------------------------------------------------------------------------------------------------------------


def _where(plan: Plan, path: str, deeper: Mapping[str, str] | None = None) -> Where:
    """Of a thing of the plan: steps are field names, keys of maps and names or positions in lists.

    ``deeper`` tells where a field stands in the plan when that is not directly below ``path``.
    """
    return Where(lambda steps: place(plan, _deeper(path, steps, deeper or {})))


#: of a cluster: those fields of the neutral shape that the plan has inside a part of its own
_CLUSTER_FIELDS = {
    "public_endpoint": "endpoint.public",
    "private_endpoint": "endpoint.private",
    "public_access_cidrs": "endpoint.publicAccessCidrs",
    "log_types": "logs.types",
}


def _deeper(path: str, steps: Iterable[Step], deeper: Mapping[str, str]) -> str:
    for at, step in enumerate(steps):
        is_field = at == 0 and isinstance(step, str)
        if is_field and step in deeper:
            path = f"{path}.{deeper[str(step)]}"
        else:
            path = field_path(path, camel_case(str(step))) if is_field else key_path(path, step)
    return path


def _aws(plan: Plan, terraform_files: Callable[[], Mapping[str, RenderedFile]]) -> aws.Aws:
    return aws.Aws(
        read_resources=lambda: _terraform_resources(plan, terraform_files()),
        terraform_file=plan.spec_file,
        backend=_backend(plan),
        region=plan.region,
        networks=(_network(plan),),
        clusters=(_cluster(plan),),
        node_groups=tuple(_node_group(plan, group) for group in plan.node_groups),
        add_ons=tuple(_add_ons(plan)),
        helm_releases=tuple(_helm_releases(plan)),
        roles=tuple(_role(plan, role) for role in plan.pod_roles),
        repositories=tuple(_repositories(plan)),
    )


def _terraform_resources(plan: Plan, rendered: Mapping[str, RenderedFile]) -> tuple[aws.Resource, ...]:
    """Of the Terraform that the plan becomes, with the spec's lines as places."""
    sources = [SourceFile(name, file.text) for name, file in rendered.items()]
    read, unread = aws_of_terraform(sources, plan.environment)
    assert not unread, f"our own Terraform cannot be read: {unread}"
    paths = {name: [line.path for line in file.lines] for name, file in rendered.items()}
    return tuple(_in_spec(plan, resource, paths) for part in read for resource in part.resources)


def _in_spec(plan: Plan, resource: aws.Resource, paths: Mapping[str, Sequence[str]]) -> aws.Resource:
    def located(steps: tuple[Step, ...]) -> Place:
        rendered = resource.where.at(*steps)
        lines = paths.get(rendered.file, ())
        path = lines[rendered.line - 1] if 0 < rendered.line <= len(lines) else ""
        found = place(plan, path) if path else Place(plan.spec_file, 0, rendered.path)
        return Place(found.file, found.line, found.path or rendered.path)

    return replace(resource, where=Where(located))


def _network(plan: Plan) -> aws.Network:
    network = plan.network
    return aws.Network(
        name=plan.name,
        where=_where(plan, "network"),
        cidrs=(network.vpc_cidr,),
        zones=network.zones,
        subnets=tuple(
            aws.Subnet(s.name, _where(plan, f"network.subnets[{s.name}]"), s.cidr, s.zone, s.public, None)
            for s in network.subnets
        ),
        nat_gateways=tuple(
            aws.NatGateway(g.name, _where(plan, f"network.natGateways[{g.name}]"), g.subnet)
            for g in network.nat_gateways
        ),
        endpoints=tuple(network.gateway_endpoints),
        flow_logs=network.flow_logs is not None,
    )


def _backend(plan: Plan) -> aws.Backend | None:
    backend = plan.state_backend
    if backend is None:
        return None
    locked = backend.lock_file or backend.lock_table is not None
    return aws.Backend("s3", _where(plan, "stateBackend"), locked=locked, encrypted=True)


def _cluster(plan: Plan) -> aws.Cluster:
    cluster = plan.cluster
    return aws.Cluster(
        name=cluster.name,
        where=_where(plan, "cluster", _CLUSTER_FIELDS),
        version=cluster.version,
        service_cidr=cluster.service_cidr,
        public_endpoint=cluster.endpoint.public,
        private_endpoint=cluster.endpoint.private,
        public_access_cidrs=cluster.endpoint.public_access_cidrs,
        log_types=cluster.logs.types,
        secrets_encryption=cluster.secrets_encryption,
        support_type=cluster.support_type,
        oidc_provider=bool(plan.pod_roles),
        default_add_ons=False,
        auto_mode=False,
        refused_settings=(),
        subnets=tuple(subnet.name for subnet in plan.network.private_subnets),
        tags=plan.tags,
    )


def _node_group(plan: Plan, group: PlannedGroup) -> aws.NodeGroup:
    zone_of = {subnet.name: subnet.zone for subnet in plan.network.subnets}
    return aws.NodeGroup(
        name=group.name,
        where=_where(plan, f"nodeGroups[{group.name}]"),
        managed=True,
        instance_types=group.instance_types,
        min_size=group.min_size,
        desired_size=group.desired_size,
        max_size=group.max_size,
        labels=group.labels,
        taints=group.taints,
        zones=tuple(dict.fromkeys(zone_of[name] for name in group.subnets)),
        subnets=group.subnets,
        capacity_type=group.capacity_type,
        ami_type=group.ami_type,
        disk_gib=group.disk.gib,
        disk_type=group.disk.type,
        disk_encrypted=group.disk.encrypted,
        metadata_hop_limit=group.metadata_hop_limit,
        kubelet=group.kubelet,
        autoscaling_tags=group.autoscaler_tags,
        pods_per_node=group.pods_per_node,
    )


def _add_ons(plan: Plan) -> Iterator[aws.AddOn]:
    for add_on in plan.add_ons:
        where = _where(plan, f"addOns[{add_on.name}]")
        yield aws.AddOn(add_on.name, where, add_on.version, add_on.configuration, add_on.role is not None)


def _helm_releases(plan: Plan) -> Iterator[aws.HelmRelease]:
    for release in plan.helm_releases:
        yield aws.HelmRelease(
            name=release.name,
            where=_where(plan, f"helmReleases[{release.name}]"),
            chart=release.chart.rpartition("/")[2],
            repository=release.repository,
            version=release.version,
            namespace=release.namespace,
            values=release.values,
            has_role=release.role is not None,
        )


def _role(plan: Plan, role: PodRole) -> aws.IamRole:
    return aws.IamRole(
        name=role.name,
        where=_where(plan, f"podRoles[{role.name}]"),
        trust=None,
        statements=role.statements,
        managed_policy_arns=role.managed_policy_arns,
        service_accounts=((role.namespace, role.service_account),),
    )


def _repositories(plan: Plan) -> Iterator[aws.Repository]:
    for repository in plan.repositories:
        where = _where(plan, f"repositories[{repository.name}]")
        yield aws.Repository(repository.name, where, repository.immutable_tags, repository.scan_on_push, True)
