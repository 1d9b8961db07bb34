"""Deployments and what belongs to their pods: placement, autoscaling, disruption, rollout."""

from __future__ import annotations

from typing import Literal

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.plan.containers import further_container, main_container, writable_volumes
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import (
    Autoscaling,
    ConfigMap,
    Container,
    DisruptionBudget,
    ModelFacts,
    Repository,
    Runs,
    ServiceAccount,
    Workload,
    WorkloadKind,
)
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.placement import affinity, topology_spread
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Model
from wavetank.spec.workloads import Workload as WrittenWorkload

_DOCS = "kubernetes.io/docs"

USUAL_KIND = Default(
    "workloads.kind", "pods that are alike and keep nothing", f"{_DOCS}/concepts/workloads/controllers"
)
PLAIN_SERVICE = Default("workloads.runs", "nothing was said about what runs in it")
TWO_REPLICAS = Default("workloads.replicas", "one pod is an outage on every node update")
NO_TOKEN = Default(
    "workloads.automountServiceAccountToken",
    "a pod that does not call the Kubernetes API needs no token for it; IRSA has its own",
    f"{_DOCS}/tasks/configure-pod-container/configure-service-account",
)
OWN_ACCOUNT = Default("workloads.serviceAccount", "permissions are given to one workload, not to a namespace")
NON_ROOT = Default(
    "workloads.podSecurityContext",
    "what Pod Security `restricted` asks for",
    f"{_DOCS}/concepts/security/pod-security-standards",
)
GRACE = Default("workloads.terminationGracePeriodSeconds", "the preStop sleep, and then time to finish what was begun")
SURGE = Default(
    "workloads.strategy",
    "one pod more and none less: no capacity is lost",
    f"{_DOCS}/concepts/workloads/controllers/deployment",
)
KUBERNETES = Default(
    "workloads.rollout", "Kubernetes' own value, written out", f"{_DOCS}/concepts/workloads/controllers/deployment"
)
FEW_REVISIONS = Default("workloads.revisionHistoryLimit", "enough to go back, few enough to read")
ONE_AT_A_TIME = Default(
    "workloads.disruptionBudget",
    "a drain always finishes, one pod at a time",
    f"{_DOCS}/tasks/run-application/configure-pdb",
)
NO_BUDGET = Default("workloads.disruptionBudget", "a budget for a single pod would only block drains")
UNREADY_MAY_GO = Default(
    "workloads.disruptionBudget.unhealthyPodEvictionPolicy", "pods that are not ready anyway must not block a drain"
)
WINDOWS = Default(
    "workloads.autoscaling.behavior",
    "up at once, down after five minutes: Kubernetes' own windows",
    f"{_DOCS}/tasks/run-application/horizontal-pod-autoscale",
)
NOTHING = Default("workloads", "nothing was asked for")

_NON_ROOT_CONTEXT: Obj = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "fsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def workload(
    stated: WrittenWorkload,
    written: PlatformFile,
    role: str | None,
    repositories: tuple[Repository, ...],
    ledger: Ledger,
) -> Workload:
    """A Deployment; ``role`` is the PodRole of its service account."""
    path = workload_path(stated)
    ledger.stated(path, stated)
    kind: WorkloadKind = ledger.chosen(f"{path}.kind", stated.kind, "Deployment", USUAL_KIND)
    runs: Runs = ledger.chosen(f"{path}.runs", stated.runs, "service", PLAIN_SERVICE)
    containers = (
        main_container(stated, repositories, ledger),
        *(further_container(each, f"{path}.containers", repositories, ledger) for each in stated.containers or ()),
    )
    selector = {"app.kubernetes.io/name": stated.name}
    ledger.derived(f"{path}.selectorLabels", selector, (path,), "pods are found by their workload's name")
    replicas = ledger.chosen(f"{path}.replicas", stated.replicas, 2, TWO_REPLICAS)
    scaling = _autoscaling(stated, replicas, ledger)
    return Workload(
        name=stated.name,
        namespace=namespace_of(stated, written, ledger),
        kind=kind,
        runs=runs,
        replicas=replicas,
        labels=_labels(stated, written, selector, ledger),
        selector_labels=selector,
        pod_annotations=ledger.chosen(f"{path}.podAnnotations", stated.pod_annotations, {}, NOTHING),
        containers=containers,
        init_containers=tuple(
            further_container(each, f"{path}.initContainers", repositories, ledger)
            for each in stated.init_containers or ()
        ),
        volumes=_volumes(stated, containers[0], ledger),
        service_account=_service_account(stated, role, ledger),
        security_context=_pod_security_context(stated, ledger),
        affinity=affinity(stated, selector, ledger),
        topology_spread_constraints=topology_spread(stated, selector, ledger),
        tolerations=_tolerations(stated, ledger),
        node_selector=ledger.chosen(f"{path}.nodeSelector", stated.node_selector, {}, NOTHING),
        termination_grace_period_seconds=ledger.chosen(
            f"{path}.terminationGracePeriodSeconds", stated.termination_grace_period_seconds, 60, GRACE
        ),
        strategy=_strategy(stated, ledger),
        min_ready_seconds=ledger.chosen(f"{path}.minReadySeconds", stated.min_ready_seconds, 0, KUBERNETES),
        revision_history_limit=ledger.chosen(
            f"{path}.revisionHistoryLimit", stated.revision_history_limit, 5, FEW_REVISIONS
        ),
        progress_deadline_seconds=ledger.chosen(
            f"{path}.progressDeadlineSeconds", stated.progress_deadline_seconds, 600, KUBERNETES
        ),
        config=_config(stated, ledger),
        disruption_budget=_disruption_budget(stated, scaling.min_replicas if scaling else replicas, ledger),
        autoscaling=scaling,
        model=_model(stated, ledger),
    )


def workload_path(stated: WrittenWorkload) -> str:
    return f"workloads[{stated.name}]"


def namespace_of(stated: WrittenWorkload, written: PlatformFile, ledger: Ledger) -> str:
    """The namespace it names, or the only one there is."""
    path = f"{workload_path(stated)}.namespace"
    if stated.namespace is not None:
        return ledger.stated(path, stated.namespace)
    name = only_namespace(written)
    return ledger.derived(path, name, (f"namespaces[{name}]",), "the only namespace of the platform")


def service_account_name(stated: WrittenWorkload) -> str:
    return stated.service_account or stated.name


def _labels(stated: WrittenWorkload, written: PlatformFile, selector: dict[str, str], ledger: Ledger) -> dict[str, str]:
    path = f"{workload_path(stated)}.labels"
    labels = selector | {"app.kubernetes.io/part-of": written.name}
    ledger.derived(path, labels, (workload_path(stated), "name"), "the labels that Kubernetes recommends")
    for key, value in (stated.labels or {}).items():
        ledger.stated(f"{path}[{key}]", value)
    return {**(stated.labels or {}), **labels}


def _service_account(stated: WrittenWorkload, role: str | None, ledger: Ledger) -> ServiceAccount:
    path = workload_path(stated)
    name = ledger.chosen(
        f"{path}.serviceAccount.name", stated.service_account, stated.name, OWN_ACCOUNT, f"{path}.serviceAccount"
    )
    token_path, at = f"{path}.serviceAccount.automountToken", f"{path}.automountServiceAccountToken"
    token = ledger.chosen(token_path, stated.automount_service_account_token, False, NO_TOKEN, at)
    if role is not None:
        ledger.derived(f"{path}.serviceAccount.role", role, (f"podRoles[{role}]",), "the role of its permissions")
    else:
        ledger.because(f"{path}.serviceAccount.role", None, NOTHING)
    return ServiceAccount(name, token, role)


def _pod_security_context(stated: WrittenWorkload, ledger: Ledger) -> Obj:
    path = f"{workload_path(stated)}.securityContext"
    if stated.pod_security_context is None:
        return ledger.because(path, _NON_ROOT_CONTEXT, NON_ROOT)
    written = ledger.shape(path, shape(stated.pod_security_context), f"{workload_path(stated)}.podSecurityContext")
    for key in _NON_ROOT_CONTEXT.keys() - written.keys():
        ledger.because(f"{path}.{key}", None, NON_ROOT)
    return {**_NON_ROOT_CONTEXT, **written}


def _volumes(stated: WrittenWorkload, main: Container, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{workload_path(stated)}.volumes"
    own = writable_volumes(main)
    ledger.derived(
        path, own, (f"{workload_path(stated)}.containers[{stated.name}].writablePaths",), "a folder per writable path"
    )
    written = tuple(shape(volume) for volume in stated.volumes or ())
    for volume in written:
        ledger.shape(f"{path}[{volume['name']}]", volume)
    return (*own, *written)


def _tolerations(stated: WrittenWorkload, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{workload_path(stated)}.tolerations"
    if stated.tolerations is None:
        return ledger.because(path, (), NOTHING)
    return ledger.shape(path, tuple(shape(each) for each in stated.tolerations))


def _strategy(stated: WrittenWorkload, ledger: Ledger) -> Obj:
    path = f"{workload_path(stated)}.strategy"
    usual: Obj = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    ledger.because(path, usual, SURGE)
    if stated.strategy is None:
        return usual
    written = shape(stated.strategy)
    ledger.shape(path, written)
    for key, value in written.get("rollingUpdate", {}).items():
        if ledger.is_written(f"{path}.{key}"):
            ledger.stated(f"{path}.rollingUpdate.{key}", value, f"{path}.{key}")
    if written.get("type") == "Recreate":
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": usual["rollingUpdate"] | written.get("rollingUpdate", {})}


def _config(stated: WrittenWorkload, ledger: Ledger) -> ConfigMap | None:
    path = f"{workload_path(stated)}.config"
    if not stated.config:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, stated.config)
    for key, value in stated.config.items():
        ledger.stated(f"{path}.data[{key}]", value, f"{path}[{key}]")
    return ConfigMap(f"{stated.name}-config", stated.config)


def _disruption_budget(stated: WrittenWorkload, fewest: int, ledger: Ledger) -> DisruptionBudget | None:
    path = f"{workload_path(stated)}.disruptionBudget"
    written = stated.disruption_budget
    if written is None and fewest < 2:
        return ledger.because(path, None, NO_BUDGET)
    if written is None:
        ledger.because(path, None, ONE_AT_A_TIME)
        ledger.because(f"{path}.unhealthyPodEvictionPolicy", None, UNREADY_MAY_GO)
        return DisruptionBudget(stated.name, None, 1, "AlwaysAllow")
    ledger.shape(path, shape(written))
    policy: Literal["IfHealthyBudget", "AlwaysAllow"] = ledger.chosen(
        f"{path}.unhealthyPodEvictionPolicy", written.unhealthy_pod_eviction_policy, "AlwaysAllow", UNREADY_MAY_GO
    )
    return DisruptionBudget(stated.name, written.min_available, written.max_unavailable, policy)


def _autoscaling(stated: WrittenWorkload, replicas: int, ledger: Ledger) -> Autoscaling | None:
    path = f"{workload_path(stated)}.autoscaling"
    written = stated.autoscaling
    if written is None:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, written)
    if written.min_replicas is not None:
        fewest = ledger.stated(f"{path}.minReplicas", written.min_replicas)
    else:
        origins = (f"{workload_path(stated)}.replicas",)
        fewest = ledger.derived(f"{path}.minReplicas", replicas, origins, "as many as to begin with")
    usual: Obj = {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 300}}
    behavior = ledger.because(f"{path}.behavior", usual, WINDOWS)
    if written.behavior is not None:
        behavior = usual | ledger.shape(f"{path}.behavior", shape(written.behavior))
    most = ledger.stated(f"{path}.maxReplicas", written.max_replicas)
    return Autoscaling(stated.name, fewest, most, _metrics(stated, ledger), behavior)


def _metrics(stated: WrittenWorkload, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{workload_path(stated)}.autoscaling"
    assert stated.autoscaling is not None, "asked for metrics of a workload without autoscaling"
    short = (("cpu", stated.autoscaling.cpu), ("memory", stated.autoscaling.memory))
    metrics = [
        ledger.stated(f"{path}.metrics[{index}]", _resource_metric(name, percent), f"{path}.{name}")
        for index, (name, percent) in enumerate((name, percent) for name, percent in short if percent is not None)
    ]
    for index, metric in enumerate(stated.autoscaling.metrics or ()):
        metrics.append(ledger.shape(f"{path}.metrics[{len(metrics)}]", shape(metric), f"{path}.metrics[{index}]"))
    return tuple(metrics)


def _resource_metric(name: str, percent: int) -> Obj:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _model(stated: WrittenWorkload, ledger: Ledger) -> ModelFacts | None:
    path = f"{workload_path(stated)}.model"
    written = ledger.chosen(path, stated.model, None, NOTHING)
    if written is None:
        return None
    named = {"baselineMemoryMib": "baselineMemory", "sizeMib": "size", "downloadMibPerSecond": "downloadPerSecond"}
    for field, at in named.items() | {(each, each) for each in ("loadSeconds", "cpuMillisPerRequest")}:
        if ledger.is_written(f"{path}.{at}"):
            ledger.stated(f"{path}.{field}", None, f"{path}.{at}")
    return _model_facts(written)


def _model_facts(written: Model) -> ModelFacts:
    rate = written.download_per_second
    return ModelFacts(
        baseline_memory_mib=_mib(written.baseline_memory),
        load_seconds=written.load_seconds,
        size_mib=_mib(written.size),
        download_mib_per_second=quantity.parse(rate) / (1 << 20) if rate is not None else None,
        cpu_millis_per_request=written.cpu_millis_per_request,
    )


def _mib(written: str | None) -> int | None:
    """Whole MiB, rounded up."""
    return None if written is None else -(-quantity.value(written) // (1 << 20))
