"""project.yaml: where the platform's applications may take files from, and what they may create where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wavetank.kube.kinds import BUILT_IN
from wavetank.plan.model import Plan
from wavetank.render.gitops.parts import IN_CLUSTER, argo_object, gitops_of
from wavetank.render.trace import Traced, bare

#: cluster-wide kinds that charts of components bring: their permissions, custom resources, webhooks, classes
_OF_COMPONENTS = (
    ("", "Namespace"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("networking.k8s.io", "IngressClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "StorageClass"),
)


def app_project(plan: Plan, objects: Sequence[Traced]) -> Traced:
    """The AppProject: everything that is not listed is refused."""
    gitops = gitops_of(plan)
    spec = {
        "description": f"The platform {plan.name}, environment {plan.environment}",
        "sourceRepos": list(_sources(plan)),
        "destinations": [
            {"server": IN_CLUSTER, "namespace": Traced(name, path)} for name, path in _destinations(plan).items()
        ],
        "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in _cluster_wide(objects)],
        "namespaceResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    return argo_object(plan, "AppProject", gitops.project, "gitops.project", {}, spec=Traced(spec, "gitops.project"))


def _sources(plan: Plan) -> Iterator[Traced]:
    yield Traced(gitops_of(plan).repository, "gitops.repository")
    charts = {release.repository: f"helmReleases[{release.name}].repository" for release in plan.helm_releases}
    yield from (Traced(chart_repository(url), path) for url, path in charts.items())


def chart_repository(url: str) -> str:
    """A chart repository as Argo CD wants it: registries without their scheme."""
    return url.removeprefix("oci://")


def _destinations(plan: Plan) -> dict[str, str]:
    """Namespace → why it is one."""
    return {
        gitops_of(plan).namespace: "gitops.namespace",
        **{release.namespace: f"helmReleases[{release.name}].namespace" for release in plan.helm_releases},
        # Charts that look after the whole cluster put a role or a Service there.
        "kube-system": "helmReleases",
        **{namespace.name: f"namespaces[{namespace.name}].name" for namespace in plan.namespaces},
        **{workload.namespace: f"workloads[{workload.name}].namespace" for workload in plan.workloads},
    }


def _cluster_wide(objects: Sequence[Traced]) -> list[tuple[str, str]]:
    """Kinds without a namespace: those of components, and those of the platform's own objects."""
    own = {_group_kind(item) for item in objects if "namespace" not in bare(item.value["metadata"])}
    namespaced = {(resource.group, resource.kind) for resource in BUILT_IN if resource.namespaced}
    return sorted({*_OF_COMPONENTS, *(own - namespaced)})


def _group_kind(item: Traced) -> tuple[str, str]:
    return str(bare(item.value["apiVersion"])).rpartition("/")[0], str(bare(item.value["kind"]))
