"""Workloads: the object that makes the pods, and everything that belongs to them."""

from __future__ import annotations

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.plan.containers import further_container, main_container, writable_volumes
from wavetank.plan.declared import connections
from wavetank.plan.delivery import rollout_strategy
from wavetank.plan.external_secrets import secret_volumes
from wavetank.plan.kinds import cron, job, restart_policy, stateful, strategy
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import (
    ConfigMap,
    Container,
    ModelFacts,
    PodSettings,
    Repository,
    Runs,
    ServiceAccount,
    Storage,
    Workload,
    WorkloadKind,
)
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.placement import affinity, node_selector, tolerations, topology_spread
from wavetank.plan.reasons import Default
from wavetank.plan.scaling import autoscaling, disruption_budget, vertical_autoscaling
from wavetank.plan.storage import claimed_volumes, storage
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
ONE_DATABASE = Default("workloads.replicas", "several pods of a database are several databases until they replicate")
NO_TEAM = Default("workloads.team", "nothing was said about who pays")
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
KUBERNETES = Default(
    "workloads.rollout", "Kubernetes' own value, written out", f"{_DOCS}/concepts/workloads/controllers/deployment"
)
FEW_REVISIONS = Default("workloads.revisionHistoryLimit", "enough to go back, few enough to read")
NOTHING = Default("workloads", "nothing was asked for")

#: label by which EKS split cost allocation, OpenCost and our own bill tell teams apart
TEAM_LABEL = "team"

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
    cluster_name: str,
    role: str | None,
    repositories: tuple[Repository, ...],
    ledger: Ledger,
) -> Workload:
    """A workload of any kind; ``role`` is the PodRole of its service account."""
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
    replicas = _replicas(stated, kind, runs, ledger)
    scaling = autoscaling(stated, replicas, written, cluster_name, ledger)
    stored = storage(stated, kind, written, ledger)
    return Workload(
        name=stated.name,
        namespace=namespace_of(stated, written, ledger),
        kind=kind,
        runs=runs,
        team=ledger.chosen(f"{path}.team", stated.team, None, NO_TEAM),
        replicas=replicas,
        labels=_labels(stated, written, selector, ledger),
        selector_labels=selector,
        pod_annotations=ledger.chosen(f"{path}.podAnnotations", stated.pod_annotations, {}, NOTHING),
        containers=containers,
        init_containers=tuple(
            further_container(each, f"{path}.initContainers", repositories, ledger)
            for each in stated.init_containers or ()
        ),
        volumes=_volumes(stated, containers[0], stored, ledger),
        storage=stored,
        service_account=_service_account(stated, role, ledger),
        security_context=_pod_security_context(stated, ledger),
        affinity=affinity(stated, kind, selector, ledger),
        topology_spread_constraints=topology_spread(stated, kind, selector, ledger),
        tolerations=tolerations(stated, written, ledger),
        node_selector=node_selector(stated, written, ledger),
        pod=_pod_settings(stated, ledger),
        restart_policy=restart_policy(stated, kind, ledger),
        termination_grace_period_seconds=ledger.chosen(
            f"{path}.terminationGracePeriodSeconds", stated.termination_grace_period_seconds, 60, GRACE
        ),
        strategy=(rollout_strategy(stated, written, ledger) if kind == "Rollout" else strategy(stated, kind, ledger)),
        min_ready_seconds=ledger.chosen(f"{path}.minReadySeconds", stated.min_ready_seconds, 0, KUBERNETES),
        revision_history_limit=ledger.chosen(
            f"{path}.revisionHistoryLimit", stated.revision_history_limit, 5, FEW_REVISIONS
        ),
        progress_deadline_seconds=ledger.chosen(
            f"{path}.progressDeadlineSeconds", stated.progress_deadline_seconds, 600, KUBERNETES
        ),
        config=_config(stated, ledger),
        disruption_budget=disruption_budget(stated, kind, scaling.min_replicas if scaling else replicas, ledger),
        autoscaling=scaling,
        vertical_autoscaling=vertical_autoscaling(stated, scaling, ledger),
        stateful=stateful(stated, kind, written, ledger),
        job=job(stated, kind, ledger),
        cron=cron(stated, kind, ledger),
        connections=connections(stated, written, ledger),
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


def _replicas(stated: WrittenWorkload, kind: WorkloadKind, runs: Runs, ledger: Ledger) -> int:
    """Pods at the same time."""
    path = f"{workload_path(stated)}.replicas"
    if kind == "DaemonSet":
        return ledger.derived(path, 1, (f"{workload_path(stated)}.kind",), "one pod on each node that takes it")
    if kind in ("Job", "CronJob"):
        pods = 1 if stated.parallelism is None else stated.parallelism
        return ledger.derived(path, pods, (f"{workload_path(stated)}.job.parallelism",), "pods at the same time")
    if kind == "StatefulSet" and runs in ("database", "cache"):
        return ledger.chosen(path, stated.replicas, 1, ONE_DATABASE)
    return ledger.chosen(path, stated.replicas, 2, TWO_REPLICAS)


def _pod_settings(stated: WrittenWorkload, ledger: Ledger) -> PodSettings:
    holder = workload_path(stated)
    path = f"{holder}.pod"
    ledger.because(path, None, NOTHING)
    on_node = ledger.chosen(f"{path}.hostNetwork", stated.host_network, False, NOTHING, f"{holder}.hostNetwork")
    dns: str | None = ledger.chosen(f"{path}.dnsPolicy", stated.dns_policy, None, NOTHING, f"{holder}.dnsPolicy")
    if on_node and dns is None:
        how = "names of the cluster are found on the node's network, too"
        dns = ledger.derived(f"{path}.dnsPolicy", "ClusterFirstWithHostNet", (f"{path}.hostNetwork",), how)
    return PodSettings(
        priority_class=ledger.chosen(
            f"{path}.priorityClass", stated.priority_class, None, NOTHING, f"{holder}.priorityClass"
        ),
        host_network=on_node,
        host_pid=ledger.chosen(f"{path}.hostPid", stated.host_pid, False, NOTHING, f"{holder}.hostPID"),
        dns_policy=dns,
        runtime_class=ledger.chosen(
            f"{path}.runtimeClass", stated.runtime_class, None, NOTHING, f"{holder}.runtimeClass"
        ),
        image_pull_secrets=ledger.chosen(
            f"{path}.imagePullSecrets", stated.image_pull_secrets, (), NOTHING, f"{holder}.imagePullSecrets"
        ),
        gpus=ledger.chosen(f"{path}.gpus", stated.gpus, 0, NOTHING, f"{holder}.gpus"),
        node_group=ledger.chosen(f"{path}.nodeGroup", stated.node_group, None, NOTHING, f"{holder}.nodeGroup"),
    )


def _labels(stated: WrittenWorkload, written: PlatformFile, selector: dict[str, str], ledger: Ledger) -> dict[str, str]:
    path = f"{workload_path(stated)}.labels"
    labels = selector | {"app.kubernetes.io/part-of": written.name}
    ledger.derived(path, labels, (workload_path(stated), "name"), "the labels that Kubernetes recommends")
    for key, value in (stated.labels or {}).items():
        ledger.stated(f"{path}[{key}]", value)
    if stated.team is not None:
        labels[TEAM_LABEL] = stated.team
        ledger.derived(
            f"{path}[{TEAM_LABEL}]", stated.team, (f"{workload_path(stated)}.team",), "bills are split by it"
        )
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


def _volumes(stated: WrittenWorkload, main: Container, stored: tuple[Storage, ...], ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{workload_path(stated)}.volumes"
    written = tuple(shape(volume) for volume in stated.volumes or ())
    others = {volume["name"] for volume in written} | {each.name for each in stored}
    own = tuple(volume for volume in writable_volumes(main) if volume["name"] not in others)
    ledger.derived(
        path, own, (f"{workload_path(stated)}.containers[{stated.name}].writablePaths",), "a folder per writable path"
    )
    for volume in written:
        ledger.shape(f"{path}[{volume['name']}]", volume)
    return (*own, *claimed_volumes(stored, stated, ledger), *secret_volumes(stated, path, ledger), *written)


def _config(stated: WrittenWorkload, ledger: Ledger) -> ConfigMap | None:
    path = f"{workload_path(stated)}.config"
    if not stated.config:
        return ledger.because(path, None, NOTHING)
    ledger.stated(path, stated.config)
    for key, value in stated.config.items():
        ledger.stated(f"{path}.data[{key}]", value, f"{path}[{key}]")
    return ConfigMap(f"{stated.name}-config", stated.config)


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
