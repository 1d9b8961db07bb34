"""What is installed into the cluster beside the workloads: EKS managed add-ons and charts, with the roles they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.backup import SNAPSHOT_CONTROLLER, takes_snapshots
from wavetank.plan.edges import needs_its_policy
from wavetank.plan.gitops import argo_cd_values
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import AddOn, HelmRelease, PodRole
from wavetank.plan.model.components import Component
from wavetank.plan.observability import INSIGHTS, wants_container_insights
from wavetank.plan.reasons import Default
from wavetank.plan.roles import Holder, pod_role
from wavetank.spec.aws import AddOn as WrittenAddOn
from wavetank.spec.aws import HelmRelease as WrittenHelmRelease
from wavetank.spec.platform import PlatformFile

_GUIDE = "docs.aws.amazon.com/eks/latest/userguide"

ESSENTIAL = Default("addOns", "no pod runs without network, names and service addresses", f"{_GUIDE}/eks-add-ons.html")
VOLUMES = Default(
    "addOns",
    "volumes are made by the CSI driver of their kind",
    "docs.aws.amazon.com/eks/latest/userguide/storage.html",
)
METRICS = Default(
    "addOns.metrics-server", "an HPA gets its CPU figures from metrics-server", f"{_GUIDE}/metrics-server.html"
)
EKS_DEFAULT = Default(
    "addOns.version", "EKS knows which version fits the cluster's", f"{_GUIDE}/updating-an-add-on.html"
)
NO_PREFIXES = Default(
    "addOns.prefixDelegation", "single addresses use the subnets best", f"{_GUIDE}/cni-increase-ip-addresses.html"
)
PINNED = Default("helmReleases.version", "a pinned chart gives the same cluster twice")
AGENT = Default(
    "addOns.eks-pod-identity-agent", "pod identity works through an agent on each node", f"{_GUIDE}/pod-identities.html"
)

#: by chart: what follows for its values from the rest of the platform (the author's own values win)
_DERIVED_VALUES: Mapping[str, Callable[[PlatformFile, str], Obj]] = {
    "argo-cd": argo_cd_values,
}


def add_ons(written: PlatformFile, cluster_name: str, ledger: Ledger) -> tuple[tuple[AddOn, ...], tuple[PodRole, ...]]:
    """The managed add-ons and the roles of their service accounts."""
    planned = [_add_on(each, written, cluster_name, ledger) for each in _wanted(written, ledger)]
    return tuple(add_on for add_on, _ in planned), tuple(role for _, role in planned if role is not None)


def prefix_delegation(add_ons: tuple[AddOn, ...]) -> bool:
    """Whether nodes get address prefixes, which multiplies the pods they admit."""
    environments = [each.configuration.get("env", {}) for each in add_ons if each.name == "vpc-cni"]
    return any(str(each.get("ENABLE_PREFIX_DELEGATION", "")).lower() == "true" for each in environments)


def _wanted(written: PlatformFile, ledger: Ledger) -> tuple[WrittenAddOn, ...]:
    if written.add_ons is not None:
        for each in written.add_ons:
            ledger.stated(f"addOns[{each.name}]", each)
        return (*written.add_ons, *_needed_elsewhere(written, ledger))
    wanted = [WrittenAddOn(name=name) for name in catalog.addon_names() if _is_essential(name)]
    for each in wanted:
        ledger.because(f"addOns[{each.name}]", each, ESSENTIAL)
    if written.pod_identity == "podIdentity":
        agent = WrittenAddOn(name="eks-pod-identity-agent")
        wanted.append(ledger.because("addOns[eks-pod-identity-agent]", agent, AGENT))
    if any(workload.autoscaling or workload.vertical_autoscaling for workload in written.workloads or ()):
        wanted.append(ledger.because("addOns[metrics-server]", WrittenAddOn(name="metrics-server"), METRICS))
    drivers = _volume_drivers(written)
    wanted += [ledger.because(f"addOns[{name}]", WrittenAddOn(name=name), VOLUMES) for name in drivers]
    return (*wanted, *_needed_elsewhere(written, ledger))


def _volume_drivers(written: PlatformFile) -> list[str]:
    """The CSI drivers of the platform's storage classes and claims."""
    shared = {each.name for each in written.storage_classes or () if each.type == "efs"}
    own = {each.name for each in written.storage_classes or ()} - shared
    stored = [each for workload in written.workloads or () for each in workload.storage or () if each.claim is None]
    blocks = bool(own) or any(each.storage_class not in shared for each in stored)
    return ["aws-ebs-csi-driver"] * blocks + ["aws-efs-csi-driver"] * bool(shared)


def _needed_elsewhere(written: PlatformFile, ledger: Ledger) -> Iterator[WrittenAddOn]:
    """Add-ons that sections of the platform need and that nobody has listed."""
    listed = {each.name for each in written.add_ons or ()} | {each.name for each in written.helm_releases or ()}
    needs = {
        INSIGHTS: (
            wants_container_insights(written),
            "observability",
            "it makes the metrics and logs of Container Insights",
        ),
        SNAPSHOT_CONTROLLER: (takes_snapshots(written), "backup", "volume snapshots are its kind"),
    }
    for name, (needed, origin, how) in needs.items():
        if needed and name not in listed:
            yield ledger.derived(f"addOns[{name}]", WrittenAddOn(name=name), (origin,), how)


def _is_essential(name: str) -> bool:
    facts = catalog.addon(name)
    return facts is not None and facts.installed_by_default


def _add_on(
    stated: WrittenAddOn, written: PlatformFile, cluster_name: str, ledger: Ledger
) -> tuple[AddOn, PodRole | None]:
    path = f"addOns[{stated.name}]"
    facts = catalog.addon(stated.name)
    assert facts is not None, "the spec admits only add-ons that the catalog knows"
    role = None
    if facts.service_account is not None:
        holder = Holder(facts.namespace, facts.service_account, path)
        role = pod_role(holder, stated.permissions, written, cluster_name, ledger, facts.managed_policies)
    add_on = AddOn(
        name=stated.name,
        version=ledger.chosen(f"{path}.version", stated.version, None, EKS_DEFAULT),
        configuration=_configuration(stated, written, ledger),
        namespace=facts.namespace,
        service_account=facts.service_account,
        role=role.name if role else None,
        before_nodes=facts.before_nodes,
    )
    return add_on, role


def _configuration(stated: WrittenAddOn, written: PlatformFile, ledger: Ledger) -> Obj:
    path = f"addOns[{stated.name}].configuration"
    own = _cni_configuration(stated, written, ledger) if stated.name == "vpc-cni" else {}
    if stated.configuration is not None:
        ledger.shape(path, stated.configuration)
    return overlaid(own, stated.configuration or {})


def _cni_configuration(stated: WrittenAddOn, written: PlatformFile, ledger: Ledger) -> Obj:
    """Network policies do nothing until the CNI is told to enforce them; values are strings, as its schema has them."""
    path = "addOns[vpc-cni]"
    has_policies = bool(written.network_policies) or any(each.default_deny != () for each in written.namespaces or ())
    if stated.network_policy is not None:
        enforce = ledger.stated(
            f"{path}.configuration.enableNetworkPolicy", stated.network_policy, f"{path}.networkPolicy"
        )
    else:
        how = "the platform has network policies" if has_policies else "the platform has no network policies"
        origins = ("networkPolicies", "namespaces")
        enforce = ledger.derived(f"{path}.configuration.enableNetworkPolicy", has_policies, origins, how)
    prefixes = ledger.chosen(
        f"{path}.configuration.env", stated.prefix_delegation, False, NO_PREFIXES, f"{path}.prefixDelegation"
    )
    configuration: Obj = {"enableNetworkPolicy": "true" if enforce else "false"}
    if prefixes:
        configuration["env"] = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    return configuration


def overlaid(base: Obj, over: Obj) -> Obj:
    """``over`` on top of ``base``, map by map."""
    both = {key: overlaid(base[key], over[key]) for key in base if _are_maps(base[key], over.get(key))}
    return {**base, **over, **both}


def _are_maps(left: Any, right: Any) -> bool:
    return isinstance(left, dict) and isinstance(right, dict)


def helm_releases(
    written: PlatformFile, cluster_name: str, wanted: Mapping[str, Component], ledger: Ledger
) -> tuple[tuple[HelmRelease, ...], tuple[PodRole, ...]]:
    """The charts and the roles of their service accounts; ``wanted`` (by chart) are those that sections of the platform need."""
    listed = written.helm_releases or ()
    charts = {_chart_name(each) for each in listed}
    missing = [
        WrittenHelmRelease(name=chart, namespace=component.namespace or None)
        for chart, component in wanted.items()
        if chart not in charts
    ]
    planned = [
        _helm_release(each, written, cluster_name, wanted.get(_chart_name(each)), ledger)
        for each in (*listed, *missing)
    ]
    return tuple(release for release, _ in planned), tuple(role for _, role in planned if role is not None)


def _chart_name(stated: WrittenHelmRelease) -> str:
    """The chart by the catalog's own name."""
    facts = catalog.chart(stated.chart or stated.name)
    return facts.name if facts else stated.chart or stated.name


def _helm_release(
    stated: WrittenHelmRelease, written: PlatformFile, cluster_name: str, wanted: Component | None, ledger: Ledger
) -> tuple[HelmRelease, PodRole | None]:
    path = f"helmReleases[{stated.name}]"
    if wanted is not None and not ledger.is_written(path):
        ledger.derived(path, stated, wanted.origins, wanted.how)
    else:
        ledger.stated(path, stated)
    chart = stated.chart or stated.name
    facts = catalog.chart(chart)
    chart = facts.name if facts else chart
    namespace = stated.namespace or (facts.namespace if facts else "kube-system")
    service_account = stated.service_account or (facts.service_account if facts else None)
    role = None
    if service_account is not None:
        holder = Holder(namespace, service_account, path)
        policy = (wanted.statements if wanted else ()) or _catalogued(chart, written)
        role = pod_role(holder, stated.permissions, written, cluster_name, ledger, statements=policy)
    release = HelmRelease(
        name=stated.name,
        chart=chart,
        repository=ledger.chosen(f"{path}.repository", stated.repository, facts.repository if facts else "", PINNED),
        version=ledger.chosen(f"{path}.version", stated.version, facts.version if facts else "", PINNED),
        namespace=namespace,
        values=_values(stated, facts, written, cluster_name, wanted, ledger),
        service_account=service_account,
        role=role.name if role else None,
    )
    return release, role


def _catalogued(chart: str, written: PlatformFile) -> tuple[Obj, ...]:
    """The policy that the catalog has for a chart, where this platform makes use of it."""
    return catalog.controller_policy(chart) if needs_its_policy(chart, written) else ()


def _values(
    stated: WrittenHelmRelease,
    facts: catalog.ChartFacts | None,
    written: PlatformFile,
    cluster_name: str,
    wanted: Component | None,
    ledger: Ledger,
) -> Obj:
    path = f"helmReleases[{stated.name}].values"
    own: Obj = _filled(facts.values, cluster_name, written.region) if facts else {}
    derived = _DERIVED_VALUES.get(facts.name if facts else "")
    own = overlaid(own, derived(written, cluster_name)) if derived else own
    own = overlaid(own, wanted.values) if wanted else own
    origins = ("cluster.name", "region", *(wanted.origins if wanted else ()))
    ledger.derived(path, None, origins, "what the chart must know about the platform")
    if stated.values is not None:
        ledger.shape(path, stated.values)
    return overlaid(own, stated.values or {})


def _filled(value: Any, cluster_name: str, region: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, cluster_name, region) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, cluster_name, region) for each in value]
    return value.format(cluster=cluster_name, region=region) if isinstance(value, str) else value
