"""Whatever makes pods, in one shape: Deployment, StatefulSet, DaemonSet, Job, CronJob, Rollout, Pod…, and what scales it.

Read by nearly every rule through ``Case.workloads``. Pure reading of objects; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wavetank.kube import quantity, resources
from wavetank.kube.counts import scaled_value
from wavetank.kube.types import Obj
from wavetank.plan.model import ModelFacts

from .manifests import Manifest, Manifests, items, mapping, texts, whole
from .model import Place, Step

#: kind -> steps from the object to its pod template ("" : the object is the pod)
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
#: kinds whose number of pods an autoscaler may set
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout")
_GROUPS = ("", "apps", "batch", "argoproj.io", "extensions")


@dataclass(frozen=True, eq=False)
class Autoscaler:
    """A HorizontalPodAutoscaler, or KEDA's ScaledObject, which makes one."""

    manifest: Manifest
    #: pods at rest; a ScaledObject may go to 0
    min_replicas: int
    #: None where it is not a number that can be read
    max_replicas: int | None
    #: HorizontalPodAutoscaler spec.metrics (autoscaling/v2); empty for a ScaledObject, which has ``triggers``
    metrics: tuple[Obj, ...]
    triggers: tuple[Obj, ...]
    behavior: Obj
    target_kind: str
    target_name: str

    @property
    def is_keda(self) -> bool:
        return self.manifest.kind == "ScaledObject"

    @property
    def resource_metrics(self) -> frozenset[str]:
        """Names of the resources whose utilization, a share of the request, it follows."""
        found = (mapping(metric.get("resource") or metric.get("containerResource")) for metric in self.metrics)
        own = {str(each["name"]) for each in found if "averageUtilization" in mapping(each.get("target"))}
        return frozenset(own | {str(trigger.get("type")) for trigger in self.triggers} & {"cpu", "memory"})


@dataclass(frozen=True, eq=False)
class Container:
    """A container of a workload with its place. ``obj`` is Kubernetes' own shape."""

    workload: Workload
    obj: Obj
    #: "containers", "initContainers" or "ephemeralContainers", and the position there
    field: str
    index: int

    @property
    def name(self) -> str:
        return str(self.obj.get("name", ""))

    @property
    def image(self) -> str:
        return str(self.obj.get("image") or "")

    @property
    def requests(self) -> Obj:
        return mapping(mapping(self.obj.get("resources")).get("requests"))

    @property
    def limits(self) -> Obj:
        return mapping(mapping(self.obj.get("resources")).get("limits"))

    def at(self, *steps: Step) -> Place:
        return self.workload.at_pod(self.field, self.index, *steps)


@dataclass(frozen=True, eq=False)
class Workload:
    """A set of equal pods and the object that makes them."""

    manifest: Manifest
    #: labels and annotations of the pods, not of the owner
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    #: PodSpec
    spec: Obj
    autoscaler: Autoscaler | None
    #: "service", "model-server", "worker", "database", "cache" or "batch", where it is declared; None: nobody said
    runs: str | None
    #: what the author of a spec declares about a model server
    model: ModelFacts | None

    @property
    def kind(self) -> str:
        return self.manifest.kind

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def namespace(self) -> str:
        return self.manifest.namespace

    @property
    def title(self) -> str:
        return self.manifest.title

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Without init containers."""
        return tuple(Container(self, c, "containers", at) for at, c in enumerate(items(self.spec.get("containers"))))

    @cached_property
    def init_containers(self) -> tuple[Container, ...]:
        inits = items(self.spec.get("initContainers"))
        return tuple(Container(self, c, "initContainers", at) for at, c in enumerate(inits))

    @property
    def service_account(self) -> str:
        return str(self.spec.get("serviceAccountName") or self.spec.get("serviceAccount") or "default")

    @property
    def tolerations(self) -> list[Obj]:
        return items(self.spec.get("tolerations"))

    @property
    def node_selector(self) -> dict[str, str]:
        return texts(self.spec.get("nodeSelector"))

    @cached_property
    def requests(self) -> resources.Amounts:
        """What the scheduler reserves for one pod: ``cpu`` in milli-cores, all else in bytes or devices."""
        return resources.pod_requests({"spec": with_implied_requests(self.spec)})

    @cached_property
    def limits(self) -> resources.Amounts:
        return resources.pod_limits({"spec": with_implied_requests(self.spec)})

    @property
    def is_per_node(self) -> bool:
        return self.kind == "DaemonSet"

    @property
    def is_batch(self) -> bool:
        """Its pods end by themselves."""
        return self.kind in ("Job", "CronJob")

    @cached_property
    def stated_replicas(self) -> int | None:
        """``spec.replicas`` (of a Job: ``parallelism``) as written; None when it is not."""
        if self.is_batch:
            return whole(self._job_spec.get("parallelism"))
        return whole(self.manifest.spec.get("replicas"))

    @property
    def _job_spec(self) -> Obj:
        spec = self.manifest.spec
        return mapping(mapping(spec.get("jobTemplate")).get("spec")) if self.kind == "CronJob" else spec

    @cached_property
    def min_replicas(self) -> int:
        """Pods when there is nothing to do: the autoscaler's least, or the stated number. A DaemonSet: 1 (per node)."""
        if self.autoscaler:
            return self.autoscaler.min_replicas
        return 1 if self.stated_replicas is None or self.is_per_node else self.stated_replicas

    @cached_property
    def max_replicas(self) -> int:
        """Pods under the most load, surge pods of a rollout not counted."""
        if self.autoscaler and self.autoscaler.max_replicas is not None:
            return max(self.autoscaler.max_replicas, self.autoscaler.min_replicas)
        return self.min_replicas

    @cached_property
    def surge_pods(self) -> int:
        """Extra pods during a rollout at the most: ``maxSurge``, percentages rounded up. Only a Deployment has any."""
        strategy = mapping(self.manifest.spec.get("strategy"))
        if self.kind != "Deployment" or strategy.get("type") == "Recreate":
            return 0
        surge = mapping(strategy.get("rollingUpdate")).get("maxSurge", "25%")
        return scaled_value(surge, self.max_replicas, round_up=True)

    @property
    def most_pods_place(self) -> Place:
        """Where the greatest number of pods is written."""
        if self.autoscaler:
            return self.autoscaler.manifest.at("spec", "maxReplicaCount" if self.autoscaler.is_keda else "maxReplicas")
        return self.at("spec", "replicas")

    @property
    def pod_steps(self) -> tuple[str, ...]:
        """Steps from the object to its PodSpec."""
        return (*TEMPLATES[self.kind], "spec")

    def at(self, *steps: Step) -> Place:
        """The place of a value of the owning object: ``workload.at("spec", "replicas")``."""
        return self.manifest.at(*steps)

    def at_pod(self, *steps: Step) -> Place:
        """The place of a value of the PodSpec: ``workload.at_pod("nodeSelector")``."""
        return self.manifest.at(*self.pod_steps, *steps)


def with_implied_requests(spec: Obj) -> Obj:
    """The PodSpec as the API server completes it: a limit without a request is the request, too."""
    done = dict(spec)
    for part in ("containers", "initContainers"):
        if part in spec:
            done[part] = [_completed(container) for container in items(spec[part])]
    return done


def _completed(container: Obj) -> Obj:
    stated = mapping(container.get("resources"))
    limits, requests = readable(stated.get("limits")), readable(stated.get("requests"))
    return {**container, "resources": {"limits": limits, "requests": {**limits, **requests}}}


def readable(amounts: Any) -> Obj:
    """A ResourceList without the amounts that are no quantities (a template's leftovers, for instance)."""
    return {name: amount for name, amount in mapping(amounts).items() if _is_quantity(amount)}


def _is_quantity(amount: Any) -> bool:
    if not isinstance(amount, str | int | float):
        return False
    try:
        quantity.parse(amount)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Declared:
    """What only a spec says about a workload."""

    runs: str | None = None
    model: ModelFacts | None = None


def workloads_of(manifests: Manifests, declared: Mapping[tuple[str, str], Declared]) -> Iterator[Workload]:
    """Every pod template with its owner; ``declared`` is by namespace and name."""
    scalers = {(a.target_kind, a.manifest.namespace, a.target_name): a for a in autoscalers_of(manifests)}
    for manifest in manifests:
        if manifest.kind in TEMPLATES and manifest.group in _GROUPS:
            template = _template(manifest)
            known = declared.get((manifest.namespace, manifest.name), Declared())
            metadata = mapping(template.get("metadata"))
            yield Workload(
                manifest=manifest,
                labels=texts(metadata.get("labels")),
                annotations=texts(metadata.get("annotations")),
                spec=mapping(template.get("spec")),
                autoscaler=scalers.get((manifest.kind, manifest.namespace, manifest.name)),
                runs=known.runs or manifest.annotations.get("wavetank.dev/runs"),
                model=known.model,
            )


def _template(manifest: Manifest) -> Obj:
    value = manifest.obj
    for step in TEMPLATES[manifest.kind]:
        value = mapping(value.get(step))
    return value


def autoscalers_of(manifests: Manifests) -> Iterator[Autoscaler]:
    """Every HPA and ScaledObject. An HPA whose target has a ScaledObject is KEDA's business, not stated twice."""
    for manifest in manifests.of_kind("ScaledObject", group="keda.sh"):
        target = mapping(manifest.spec.get("scaleTargetRef"))
        advanced = mapping(mapping(manifest.spec.get("advanced")).get("horizontalPodAutoscalerConfig"))
        most = manifest.spec.get("maxReplicaCount", 100)
        yield Autoscaler(
            manifest=manifest,
            min_replicas=whole(manifest.spec.get("minReplicaCount", 0)) or 0,
            max_replicas=whole(most),
            metrics=(),
            triggers=tuple(items(manifest.spec.get("triggers"))),
            behavior=mapping(advanced.get("behavior")),
            target_kind=str(target.get("kind") or "Deployment"),
            target_name=str(target.get("name") or ""),
        )
    for manifest in manifests.of_kind("HorizontalPodAutoscaler"):
        yield _horizontal(manifest)


def _horizontal(manifest: Manifest) -> Autoscaler:
    spec = manifest.spec
    target = mapping(spec.get("scaleTargetRef"))
    least = whole(spec.get("minReplicas", 1))
    return Autoscaler(
        manifest=manifest,
        min_replicas=1 if least is None else least,
        max_replicas=whole(spec.get("maxReplicas")),
        metrics=tuple(_metrics(spec)),
        triggers=(),
        behavior=mapping(spec.get("behavior")),
        target_kind=str(target.get("kind") or ""),
        target_name=str(target.get("name") or ""),
    )


def _metrics(spec: Obj) -> Iterator[Obj]:
    """autoscaling/v2 metrics; v1 knows only CPU."""
    yield from items(spec.get("metrics"))
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        yield {"type": "Resource", "resource": {"name": "cpu", "target": target}}
