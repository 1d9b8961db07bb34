"""The platform with every gap filled: asks each part for its values and collects the reasons."""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.plan.access import role, role_binding
from wavetank.plan.analysis import analysis_templates, smoke_test_policies
from wavetank.plan.assumptions import (
    cost_assumptions,
    faces_internet,
    local_commands,
    objectives,
    suppressions,
    traffic,
)
from wavetank.plan.backup import backup, backup_components, standby
from wavetank.plan.cluster import cluster
from wavetank.plan.components import add_ons, helm_releases, prefix_delegation
from wavetank.plan.delivery import with_delivery_services
from wavetank.plan.derived_policies import Surroundings, derived_policies
from wavetank.plan.edges import edge_components
from wavetank.plan.event_sources import keda_components
from wavetank.plan.external_secrets import Secrets, secrets_in_cluster
from wavetank.plan.gitops import gitops
from wavetank.plan.ground import dns, file_system, pod_identity, state_backend, user_files
from wavetank.plan.image_policy import image_policy, policy_components
from wavetank.plan.ingresses import ingresses, with_health_checks
from wavetank.plan.issuers import certificate_issuer
from wavetank.plan.karpenter import karpenter, karpenter_components
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh import mesh, with_proxies
from wavetank.plan.model import Plan, PodRole, Repository, Workload
from wavetank.plan.model.components import Component, by_chart
from wavetank.plan.model.spending import CostMonitoring
from wavetank.plan.monitors import service_monitor
from wavetank.plan.namespaces import namespace
from wavetank.plan.network import network
from wavetank.plan.node_groups import node_groups
from wavetank.plan.observability import has_operator, observability, observability_components
from wavetank.plan.pipelines import pipelines, push_role
from wavetank.plan.policies import network_policy
from wavetank.plan.reasons import Default
from wavetank.plan.roles import Holder, pod_role
from wavetank.plan.runtime_security import security_components
from wavetank.plan.serverless import serverless
from wavetank.plan.services import services as all_services
from wavetank.plan.spending import budget, cost_components, cost_monitoring
from wavetank.plan.storage import priority_class, storage_class
from wavetank.plan.stores import repository, secret
from wavetank.plan.workloads import namespace_of, service_account_name, workload, workload_path
from wavetank.spec import Platform
from wavetank.spec.platform import PlatformFile

_CHOSEN = Default("environment", "the environment that was asked for")
_NONE = Default("platform", "the platform lists none")


def plan(platform: Platform) -> Plan:
    """The plan of a platform in its environment. Pure: the same platform gives the same plan.

    First what other parts are made from, in the order in which they need each other; then every part by its name.
    """
    written, ledger = platform.written, Ledger(platform)
    _note_lists(ledger)
    ledger.because("environment", platform.environment, _CHOSEN)
    net = network(written, ledger)
    eks = cluster(written, platform.environment, ledger)
    installed, add_on_roles = add_ons(written, eks.name, ledger)
    kept_secret = secrets_in_cluster(written, eks.name, ledger)
    seen = observability(written, eks.name, ledger)
    shared_bill = cost_monitoring(written, seen.prometheus if seen else "", ledger)
    wanted = by_chart(_components(written, eks.name, kept_secret, shared_bill, ledger))
    charts, chart_roles = helm_releases(written, eks.name, wanted, ledger)
    workload_roles = _workload_roles(written, eks.name, ledger)
    repositories = tuple(repository(each, written, ledger) for each in written.repositories or ())
    workloads = _workloads(written, eks.name, workload_roles, repositories, ledger)
    services = with_delivery_services(all_services(written, workloads, net, ledger), written, ledger)
    policy = image_policy(written, workloads, ledger)
    ways_in = ingresses(written, services, workloads, ledger)
    services = with_health_checks(services, ways_in, ledger)
    expected = traffic(written.traffic, ledger)
    prefixes = prefix_delegation(installed)
    groups = node_groups(written, eks.name, net, prefixes, ledger)
    built = pipelines(written, workloads, repositories, groups, policy, platform.environment, ledger)
    spaces = tuple(
        with_proxies(namespace(each, eks.version, ledger), written, ledger) for each in written.namespaces or ()
    )
    monitors = tuple(service_monitor(each, services, ledger) for each in written.service_monitors or ())
    meshed = mesh(written, services, workloads, ledger)
    policies = tuple(network_policy(each, workloads, net, ledger) for each in written.network_policies or ())
    is_public = faces_internet(services, ways_in, charts, bool(written.serverless and written.serverless.apis))
    identity = pod_identity(platform, ledger)
    around = Surroundings(net, spaces, workloads, services, ways_in, monitors, charts, meshed, policies, identity)
    return Plan(
        name=ledger.stated("name", written.name),
        environment=platform.environment,
        region=ledger.stated("region", written.region),
        account_id=ledger.stated("accountId", written.account_id),
        tags=_tags(platform, ledger),
        network=net,
        cluster=eks,
        node_groups=groups,
        karpenter=karpenter(written.karpenter, eks.name, net, ledger),
        add_ons=installed,
        helm_releases=charts,
        pod_roles=_distinct((*add_on_roles, *chart_roles, *workload_roles.values(), *kept_secret.roles)),
        repositories=repositories,
        secrets=tuple(
            secret(each, written, _readers(written, workload_roles), ledger) for each in written.secrets or ()
        ),
        file_systems=tuple(file_system(each, net, ledger) for each in written.file_systems or ()),
        dns=dns(written.dns, ledger),
        serverless=serverless(platform, net, services, workloads, repositories, eks.name, ledger),
        pod_identity=identity,
        state_backend=state_backend(platform, ledger),
        terraform_files=user_files("terraformFiles", platform, ledger),
        manifests=user_files("manifests", platform, ledger),
        secret_readers=kept_secret.readers,
        external_secrets=kept_secret.external,
        sealed_secrets=kept_secret.sealed,
        namespaces=spaces,
        storage_classes=tuple(storage_class(each, ledger) for each in written.storage_classes or ()),
        priority_classes=tuple(priority_class(each, ledger) for each in written.priority_classes or ()),
        workloads=workloads,
        services=services,
        ingresses=ways_in,
        certificate_issuers=tuple(
            certificate_issuer(each, written, ledger) for each in written.certificate_issuers or ()
        ),
        mesh=meshed,
        analysis_templates=analysis_templates(written, services, ledger),
        network_policies=(
            *policies,
            *derived_policies(around, ledger),
            *smoke_test_policies(written, workloads, spaces, ledger),
        ),
        roles=tuple(role(each, written, ledger) for each in written.roles or ()),
        role_bindings=tuple(role_binding(each, written, workloads, ledger) for each in written.roles or ()),
        service_monitors=monitors,
        observability=seen,
        image_policy=policy,
        backup=backup(written, eks.name, ledger),
        standby=standby(written, ledger),
        budgets=tuple(budget(each, ledger) for each in written.budgets or ()),
        cost_monitoring=shared_bill,
        pipelines=built,
        push_role=push_role(built, policy, eks.name, ledger),
        gitops=gitops(written, charts, ledger),
        traffic=expected,
        cost=cost_assumptions(
            written.cost, expected, net, eks, installed, repositories, services, charts, is_public, ledger
        ),
        objectives=objectives(written.objectives, ledger),
        suppressions=suppressions(written, ledger),
        local=local_commands(written, workloads, ledger),
        spec_file=platform.file,
        reasons=ledger.reasons,
    )


def _components(
    written: PlatformFile, cluster_name: str, kept: Secrets, shared_bill: CostMonitoring | None, ledger: Ledger
) -> tuple[Component, ...]:
    """The charts that parts of the platform need, whether the author names them or not."""
    return (
        *karpenter_components(written, cluster_name),
        *edge_components(written),
        *keda_components(written, cluster_name),
        *observability_components(written),
        *kept.components,
        *policy_components(written),
        *security_components(written, has_operator(written), ledger),
        *backup_components(written, cluster_name, has_operator(written)),
        *cost_components(shared_bill, cluster_name),
    )


def _workloads(
    written: PlatformFile,
    cluster_name: str,
    roles: Mapping[str, PodRole],
    repositories: tuple[Repository, ...],
    ledger: Ledger,
) -> tuple[Workload, ...]:
    return tuple(
        workload(
            each, written, cluster_name, roles[each.name].name if each.name in roles else None, repositories, ledger
        )
        for each in written.workloads or ()
    )


#: lists of the plan that are as long as the author made them
_LISTS = (
    "addOns",
    "helmReleases",
    "repositories",
    "secrets",
    "fileSystems",
    "terraformFiles",
    "manifests",
    "namespaces",
    "storageClasses",
    "priorityClasses",
    "workloads",
    "services",
    "networkPolicies",
    "roles",
    "roleBindings",
    "serviceMonitors",
    "ingresses",
    "certificateIssuers",
    "analysisTemplates",
    "mesh",
    "nodeGroups",
    "podRoles",
    "externalSecrets",
    "sealedSecrets",
    "budgets",
    "pipelines",
    "suppressions",
    "local",
)


def _note_lists(ledger: Ledger) -> None:
    for name in _LISTS:
        if ledger.is_written(name):
            ledger.stated(name, None)
        else:
            ledger.because(name, None, _NONE)
    ledger.derived(
        "podRoles", None, ("addOns", "helmReleases", "workloads"), "a role for each service account that needs one"
    )
    ledger.derived("roleBindings", None, ("roles",), "a binding for each role")


def _tags(platform: Platform, ledger: Ledger) -> dict[str, str]:
    own = {"platform": platform.written.name, "environment": platform.environment}
    ledger.derived("tags", own, ("name", "environment"), "what the bill can be sorted by")
    for key, value in (platform.written.tags or {}).items():
        ledger.stated(f"tags[{key}]", value)
    return own | (platform.written.tags or {})


def _workload_roles(written: PlatformFile, cluster_name: str, ledger: Ledger) -> dict[str, PodRole]:
    """By workload: the role of its service account, for those that may do anything in AWS."""
    roles = {}
    for each in written.workloads or ():
        holder = Holder(namespace_of(each, written, ledger), service_account_name(each), workload_path(each))
        found = pod_role(holder, each.permissions, written, cluster_name, ledger)
        if found is not None:
            roles[each.name] = found
    return roles


def _readers(written: PlatformFile, roles: dict[str, PodRole]) -> dict[str, tuple[str, ...]]:
    """By secret: the roles of the workloads that may read it."""
    readers: dict[str, tuple[str, ...]] = {}
    for each in written.workloads or ():
        for name in (each.permissions.secrets or ()) if each.permissions else ():
            readers[name] = (*readers.get(name, ()), roles[each.name].name)
    return readers


def _distinct(roles: tuple[PodRole, ...]) -> tuple[PodRole, ...]:
    return tuple({role.name: role for role in roles}.values())
