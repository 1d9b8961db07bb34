"""root.yaml and applications/: the app of apps, an application per chart of a component, and one for the platform's own chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wavetank import catalog
from wavetank.plan.gitops import LAST_WAVE, values_file
from wavetank.plan.model import HelmRelease, Plan
from wavetank.render.chart import folder_of
from wavetank.render.gitops.parts import FOLDER, IN_CLUSTER, argo_object, gitops_of, in_repository
from wavetank.render.gitops.project import chart_repository
from wavetank.render.helm import values_of
from wavetank.render.kubernetes.parts import present
from wavetank.render.trace import Traced, bare

WAVE = "argocd.argoproj.io/sync-wave"
#: whoever removes an application from Git means what it has installed as well
FINALIZER = "resources-finalizer.argocd.argoproj.io"
#: kinds that set the replicas of something else
_AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
#: a controller writes its own certificate into its webhooks
_WEBHOOKS = [
    {
        "group": "admissionregistration.k8s.io",
        "kind": kind,
        "jqPathExpressions": [".webhooks[]?.clientConfig.caBundle"],
    }
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
]


def root(plan: Plan) -> Traced:
    """The app of apps: all files of the environment's ``applications/``."""
    gitops = gitops_of(plan)
    spec = {
        "project": Traced(gitops.project, "gitops.project"),
        "source": _in_git(plan, f"{FOLDER}/{plan.environment}/applications"),
        "destination": {"server": IN_CLUSTER, "namespace": Traced(gitops.namespace, "gitops.namespace")},
        "syncPolicy": _sync_policy(plan, ()),
    }
    return argo_object(plan, "Application", f"{plan.name}-{plan.environment}", "gitops", {}, spec=spec)


def of_components(plan: Plan) -> dict[str, Traced]:
    """By release: its chart, pinned, with its values inline."""
    return {release.name: _component(plan, release) for release in plan.helm_releases}


def _component(plan: Plan, release: HelmRelease) -> Traced:
    path = f"helmReleases[{release.name}]"
    source = {
        "repoURL": Traced(chart_repository(release.repository), f"{path}.repository"),
        "chart": Traced(release.chart.rsplit("/", 1)[-1], f"{path}.chart"),
        "targetRevision": Traced(release.version, f"{path}.version"),
        "helm": {"releaseName": Traced(release.name, f"{path}.name"), "valuesObject": _values(plan, release)},
    }
    options = ("CreateNamespace=true", "ServerSideApply=true", "RespectIgnoreDifferences=true")
    return _application(
        plan, release.name, path, {"source": source}, release.namespace, f"{path}.namespace", options, _WEBHOOKS
    )


def _values(plan: Plan, release: HelmRelease) -> Traced:
    """The chart's values; what a script would ask Terraform for is found by its tag."""
    values = values_of(plan, release)
    facts = catalog.chart(release.chart)
    if facts is None or facts.vpc_id_key is None:
        return values
    return Traced({**values.value, "vpcTags": {"Name": Traced(plan.cluster.name, "cluster.name")}}, values.path)


def of_platform(plan: Plan, objects: Sequence[Traced]) -> Traced:
    """The platform's own chart with the values of the environment and, over them, the images that run."""
    chart = folder_of(plan)
    up = "../" * (chart.count("/") + 1)
    source = {
        **_in_git(plan, chart),
        "helm": {
            "releaseName": Traced(plan.name, "name"),
            "valueFiles": ["values.yaml", f"values-{plan.environment}.yaml", f"{up}{values_file(plan.environment)}"],
        },
    }
    # No option that creates namespaces: they are objects of the chart, with their labels and quotas.
    options = (
        "ServerSideApply=true",
        "RespectIgnoreDifferences=true",
        "SkipDryRunOnMissingResource=true",
        "ApplyOutOfSyncOnly=true",
    )
    ignored = [_autoscaled(item) for item in objects if bare(item.value["kind"]) in _AUTOSCALERS]
    return _application(
        plan, plan.name, "name", {"source": source}, gitops_of(plan).namespace, "gitops.namespace", options, ignored
    )


def _autoscaled(scaler: Traced) -> Traced:
    """The replicas of what an autoscaler scales are the autoscaler's."""
    value = bare(scaler.value)
    target = value["spec"]["scaleTargetRef"]
    group = str(target.get("apiVersion", "apps/v1")).rpartition("/")[0]
    ignored = {
        "group": group,
        "kind": target.get("kind", "Deployment"),
        "name": target["name"],
        "namespace": value["metadata"]["namespace"],
        "jsonPointers": ["/spec/replicas"],
    }
    return Traced(ignored, scaler.path)


def _application(
    plan: Plan,
    name: str,
    path: str,
    source: Mapping[str, Any],
    namespace: str,
    namespace_path: str,
    options: Sequence[str],
    ignored: Sequence[Any],
) -> Traced:
    gitops = gitops_of(plan)
    wave = Traced(str(gitops.waves.get(name, LAST_WAVE)), f"gitops.waves[{name}]")
    spec = present(
        {
            "project": Traced(gitops.project, "gitops.project"),
            **source,
            "destination": {"server": IN_CLUSTER, "namespace": Traced(namespace, namespace_path)},
            "ignoreDifferences": list(ignored),
            "syncPolicy": _sync_policy(plan, options),
        }
    )
    made = argo_object(plan, "Application", name, path, {WAVE: wave}, spec=spec)
    framed = made.value["metadata"]
    with_finalizer = Traced({**framed.value, "finalizers": [FINALIZER]}, framed.path)
    return Traced({**made.value, "metadata": with_finalizer}, made.path)


def _in_git(plan: Plan, folder: str) -> dict[str, Any]:
    gitops = gitops_of(plan)
    return {
        "repoURL": Traced(gitops.repository, "gitops.repository"),
        "targetRevision": Traced(gitops.revision, "gitops.revision"),
        "path": in_repository(plan, folder),
    }


def _sync_policy(plan: Plan, options: Sequence[str]) -> dict[str, Any]:
    """By itself, with retries that wait longer each time."""
    gitops = gitops_of(plan)
    automated = {"prune": Traced(gitops.prune, "gitops.prune"), "selfHeal": Traced(gitops.self_heal, "gitops.selfHeal")}
    backoff = {"duration": "10s", "factor": 2, "maxDuration": "5m"}
    return present(
        {
            "automated": automated,
            "retry": {"limit": Traced(gitops.retries, "gitops.retries"), "backoff": backoff},
            "syncOptions": list(options),
        }
    )
