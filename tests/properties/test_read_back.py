"""Rendered files, read back as anybody's, tell the plan's facts; the rules find nothing graver in them than in the spec."""

from __future__ import annotations

from datetime import date
from typing import Any

from drawn import Section
from drawn_platforms import plans_of, platforms
from hypothesis import HealthCheck, Phase, given, settings

from wavetank.checks import Case, Severity, SourceFile, case_of_files, case_of_plan, findings
from wavetank.cost import bill
from wavetank.kube.quantity import parse
from wavetank.plan import Plan
from wavetank.render import Bundle, Family, render

ON = date(2026, 11, 21)
FIXED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: charts are installed by Argo CD's applications: without them nothing in the files says what is installed
GITOPS = {"repository": "https://github.com/example/fleet.git"}


def read_back(bundle: Bundle, environment: str) -> Case:
    """The case of a bundle's own environment, as ``wavetank check terraform/ kubernetes/ gitops/<environment>/`` sees it."""
    folders = ("terraform/", "kubernetes/", f"gitops/{environment}/")
    files = [SourceFile(name, file.text) for name, file in bundle.files.items() if name.startswith(folders)]
    foreign = case_of_files(files, ON, environment)
    assert foreign.left_out == ()
    return foreign.case


def bundles(document: Section) -> list[tuple[Plan, Bundle]]:
    plans = plans_of({**document, "gitops": GITOPS})
    family = Family.of(*plans.values())
    return [(planned, render(planned, family)) for planned in plans.values()]


@settings(FIXED, max_examples=30)
@given(platforms())
def test_the_files_tell_the_facts_of_the_plan(document: Section) -> None:
    for planned, bundle in bundles(document):
        case = read_back(bundle, planned.environment)
        assert aws_facts(case) == planned_aws_facts(planned)
        assert kubernetes_facts(case) == planned_kubernetes_facts(planned)


def aws_facts(case: Case) -> dict[str, Any]:
    assert case.aws.cluster is not None
    assert case.aws.network is not None
    cluster, network = case.aws.cluster, case.aws.network
    return {
        "cluster": (cluster.name, cluster.version, cluster.public_endpoint, cluster.private_endpoint),
        "reach": tuple(cluster.public_access_cidrs or ()) if cluster.public_endpoint else (),
        "logs": sorted(cluster.log_types or ()),
        "region": case.aws.region,
        "vpc": network.cidrs,
        "subnets": sorted((s.cidr or "", s.zone or "") for s in network.subnets or ()),
        "gateways": len(network.nat_gateways or ()),
        "add-ons": sorted((a.name, a.version) for a in case.aws.add_ons),
        "groups": sorted(
            (g.instance_types, g.min_size, g.desired_size, g.max_size, g.capacity_type, g.ami_type, g.disk_gib)
            for g in case.aws.node_groups
        ),
        "labels": sorted(sorted((g.labels or {}).items()) for g in case.aws.node_groups),
        "taints": sorted(str(sorted(t.items())) for g in case.aws.node_groups for t in g.taints or ()),
        "repositories": sorted((r.name, r.immutable_tags, r.scan_on_push) for r in case.aws.repositories),
    }


def planned_aws_facts(plan: Plan) -> dict[str, Any]:
    cluster, network = plan.cluster, plan.network
    endpoint = cluster.endpoint
    return {
        "cluster": (cluster.name, cluster.version, endpoint.public, endpoint.private),
        "reach": tuple(endpoint.public_access_cidrs) if endpoint.public else (),
        "logs": sorted(cluster.logs.types),
        "region": plan.region,
        "vpc": (network.vpc_cidr,),
        "subnets": sorted((s.cidr, s.zone) for s in network.subnets),
        "gateways": len(network.nat_gateways),
        "add-ons": sorted((a.name, a.version) for a in plan.add_ons),
        "groups": sorted(
            (g.instance_types, g.min_size, g.desired_size, g.max_size, g.capacity_type, g.ami_type, g.disk.gib)
            for g in plan.node_groups
        ),
        "labels": sorted(sorted(g.labels.items()) for g in plan.node_groups),
        "taints": sorted(str(sorted(t.items())) for g in plan.node_groups for t in g.taints),
        "repositories": sorted((r.name, r.immutable_tags, r.scan_on_push) for r in plan.repositories),
    }


def kubernetes_facts(case: Case) -> dict[str, Any]:
    workloads = [w for w in case.workloads if w.manifest.kind != "AnalysisTemplate"]
    fixed = [w for w in workloads if w.kind in _SCALED and not w.autoscaler]
    containers = [(w, c) for w in workloads for c in w.containers]
    return {
        "images": sorted((w.namespace, w.name, w.kind, tuple(c.image for c in w.containers)) for w in workloads),
        "requests": sorted((w.name, c.name, _amounts(c.requests), _amounts(c.limits)) for w, c in containers),
        "replicas": sorted((w.name, w.manifest.spec.get("replicas")) for w in fixed),
        "autoscalers": sorted((a.target_name, a.min_replicas, a.max_replicas, a.is_keda) for a in case.autoscalers),
        "quotas": sorted(
            (q.namespace, q.name, _amounts(q.spec["hard"])) for q in case.manifests.of_kind("ResourceQuota")
        ),
        "services": sorted(
            (s.namespace, s.name, tuple(port["port"] for port in s.spec.get("ports", ())))
            for s in case.manifests.of_kind("Service", group="")
        ),
    }


_SCALED = ("Deployment", "StatefulSet", "Rollout")


def planned_kubernetes_facts(plan: Plan) -> dict[str, Any]:
    everything = [(w, c) for w in plan.workloads for c in w.containers]
    return {
        "images": sorted((w.namespace, w.name, w.kind, tuple(c.image for c in w.containers)) for w in plan.workloads),
        "requests": sorted(
            (w.name, c.name, _amounts(c.resources.get("requests", {})), _amounts(c.resources.get("limits", {})))
            for w, c in everything
        ),
        "replicas": sorted((w.name, w.replicas) for w in plan.workloads if w.kind in _SCALED and not w.autoscaling),
        "autoscalers": sorted(
            (w.name, w.autoscaling.min_replicas, w.autoscaling.max_replicas, w.autoscaling.events is not None)
            for w in plan.workloads
            if w.autoscaling
        ),
        "quotas": sorted(
            (n.name, q.name, _amounts(q.hard)) for n in plan.namespaces for q in (n.quota, *n.quotas) if q is not None
        ),
        "services": sorted((s.namespace, s.name, tuple(port["port"] for port in s.ports)) for s in plan.services),
    }


def _amounts(quantities: Any) -> tuple[Any, ...]:
    return tuple(sorted((key, parse(str(value))) for key, value in quantities.items()))


@settings(FIXED, max_examples=20)
@given(platforms())
def test_rules_find_nothing_graver_in_the_files_than_in_the_spec(document: Section) -> None:
    for planned, bundle in bundles(document):
        in_spec = {finding.id for finding in findings(case_of_plan(planned, bill(planned, ON), ON))}
        errors = [f for f in findings(read_back(bundle, planned.environment)) if f.severity is Severity.ERROR]
        assert [str(error) for error in errors if error.id not in in_spec] == []
