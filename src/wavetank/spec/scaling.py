"""What an author writes about the number and the size of pods: HPA, KEDA triggers, VPA, disruption budgets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    Arn,
    Count,
    DottedName,
    FreeObject,
    IntOrPercent,
    Many,
    Name,
    Percent,
    Positive,
    Quantity,
    Setting,
    Written,
)


class ScalingPolicy(Written):
    """One limit on the speed of scaling."""

    type: Literal["Pods", "Percent"]
    """Whether value is a number of pods or a percentage of the current ones."""
    value: Positive
    """How much may change within a period."""
    period_seconds: Annotated[
        int, AfterValidator(lambda value: value if 1 <= value <= 1800 else refuse(f"{value} is not 1 to 1800 seconds"))
    ]
    """The period, 1 to 1800 seconds."""


class ScalingRules(Written):
    """How fast the HPA scales in one direction."""

    stabilization_window_seconds: Annotated[
        int | None,
        AfterValidator(
            lambda value: value if value is None or 0 <= value <= 3600 else refuse(f"{value} is not 0 to 3600")
        ),
    ] = None
    """Seconds over which the most careful recommendation wins; Kubernetes: 0 up, 300 down."""
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    """Which of several policies counts; Max."""
    policies: Many[ScalingPolicy] | None = None
    """Limits on the speed."""
    tolerance: Quantity | None = None
    """How far the metric may be off its target before anything happens; 0.1."""


class Behavior(Written):
    """Speed of the HPA, as in autoscaling/v2."""

    scale_up: ScalingRules | None = None
    """Kubernetes: at once, at most double or four pods per 15 seconds."""
    scale_down: ScalingRules | None = None
    """Kubernetes: after 300 seconds, then all at once."""


class Metric(Written):
    """One metric of the HPA in Kubernetes' shape: a type and the member of its name."""

    type: Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
    """Which kind of metric."""
    resource: FreeObject | None = None
    """For Resource: `{name: cpu, target: {type: Utilization, averageUtilization: 70}}`."""
    container_resource: FreeObject | None = None
    """For ContainerResource."""
    pods: FreeObject | None = None
    """For Pods."""
    object: FreeObject | None = None
    """For Object."""
    external: FreeObject | None = None
    """For External."""

    @model_validator(mode="after")
    def _member_of_type(self) -> Metric:
        member = self.type[0].lower() + self.type[1:]
        written = {field.alias for name, field in type(self).model_fields.items() if getattr(self, name) is not None}
        if written != {"type", member}:
            refuse(f'a metric of type {self.type} has exactly the member "{member}"')
        return self


class KeyOfSecret(Written):
    """A parameter of a trigger that a Secret holds."""

    parameter: str
    """Name of the trigger's parameter, for example `password`."""
    name: str
    """Name of the Secret in the workload's namespace."""
    key: str
    """The key in it."""


class VariableOfContainer(Written):
    """A parameter of a trigger that an environment variable of the workload holds."""

    parameter: str
    """Name of the trigger's parameter."""
    name: str
    """Name of the variable."""
    container_name: str | None = None
    """The main container when absent."""


class PodIdentity(Written):
    """An identity of AWS that KEDA takes on for the trigger."""

    provider: Literal["aws", "none"] = "aws"
    """aws: IAM roles for service accounts or EKS Pod Identity."""
    identity_owner: Literal["keda", "workload"] | None = None
    """Whose role asks: KEDA's operator (its own default) or the workload's, which KEDA's must be allowed to assume."""
    role_arn: Arn | None = None
    """A further role that is assumed."""


class TriggerAuthentication(Written):
    """How KEDA proves itself to what it asks (TriggerAuthentication). Short form: `podIdentity`."""

    short_forms = ({"enum": ["podIdentity"]},)

    pod_identity: PodIdentity | None = None
    """An identity of AWS."""
    secret_target_ref: Many[KeyOfSecret] | None = None
    """Parameters from Secrets."""
    env: Many[VariableOfContainer] | None = None
    """Parameters from the workload's environment variables."""
    ref: DottedName | None = None
    """Name of a TriggerAuthentication that exists, instead of the above."""
    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] | None = None
    """Kind of the one that `ref` names. TriggerAuthentication when absent."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"podIdentity": {"provider": "aws"}} if value == "podIdentity" else value

    @model_validator(mode="after")
    def _own_or_other(self) -> TriggerAuthentication:
        own = any(each is not None for each in (self.pod_identity, self.secret_target_ref, self.env))
        if own == (self.ref is not None):
            refuse(
                "authentication is either described here or named by `ref`",
                "For example `authentication: podIdentity`.",
            )
        return self


class Trigger(Written):
    """Something outside the pods that says how many are needed, asked by KEDA."""

    type: Annotated[str, Field(min_length=1)]
    """KEDA's scaler, for example aws-sqs-queue, prometheus, cron, redis."""
    metadata: dict[str, Setting] = {}
    """The scaler's settings, as KEDA documents them, for example `{queueURL: ..., queueLength: 5}`."""
    queue: Name | None = None
    """aws-sqs-queue only: one of serverless.queues, instead of queueURL and awsRegion in `metadata`."""
    name: Name | None = None
    """Name of the trigger. Default: its type, with a number where there are several."""
    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = None
    """How the value counts. AverageValue, per pod, when absent."""
    authentication: TriggerAuthentication | None = None
    """How KEDA proves itself. Default: it does not."""
    use_cached_metrics: bool | None = None
    """Ask only every pollingInterval, not whenever the HPA asks."""

    @model_validator(mode="after")
    def _queue_of_sqs(self) -> Trigger:
        if self.queue is not None and (self.type != "aws-sqs-queue" or "queueURL" in self.metadata):
            refuse("queue belongs to triggers of type aws-sqs-queue without queueURL")
        if self.queue is None and not self.metadata:
            refuse("a trigger needs metadata", "The settings of its scaler as KEDA documents them.")
        return self


class Fallback(Written):
    """Pods to have while a trigger cannot be asked."""

    failure_threshold: Positive
    """Failures in a row."""
    replicas: Count
    """Pods from then on."""


class Autoscaling(Written):
    """A HorizontalPodAutoscaler; with triggers a ScaledObject of KEDA, which makes its HPA itself."""

    min_replicas: Count | None = None
    """Fewest pods. Default: replicas. 0 needs triggers."""
    max_replicas: Positive
    """Most pods."""
    cpu: Percent | None = None
    """Short form of a Resource metric: average CPU in percent of the request."""
    memory: Percent | None = None
    """Short form of a Resource metric: average memory in percent of the request. Not for model servers."""
    metrics: Many[Metric] | None = None
    """Metrics in Kubernetes' shape, instead of or beside the short forms."""
    triggers: Many[Trigger] | None = None
    """What KEDA asks, for example the length of a queue. Needs the helm release keda."""
    polling_interval: Positive | None = None
    """Triggers only: seconds between two questions while there is no pod. Default 30, as KEDA has it."""
    cooldown_period: Positive | None = None
    """Triggers only: seconds without work before the last pods go. Default 300, as KEDA has it."""
    idle_replicas: Literal[0] | None = None
    """Triggers only: 0 lets all pods go while no trigger is active, although minReplicas is more. Default: minReplicas."""
    fallback: Fallback | None = None
    """Triggers only: pods while a trigger cannot be asked. Default: as many as there are."""
    behavior: Behavior | None = None
    """Speed. Default: up at once, down after 300 seconds, which are Kubernetes' own windows."""

    @model_validator(mode="after")
    def _some_metric(self) -> Autoscaling:
        if self.cpu is None and self.memory is None and not self.metrics and not self.triggers:
            refuse("autoscaling needs a metric", "For example `cpu: 70`.")
        return self

    @model_validator(mode="after")
    def _keda_or_not(self) -> Autoscaling:
        alone: dict[str, Any] = {"pollingInterval": self.polling_interval, "cooldownPeriod": self.cooldown_period}
        alone |= {"idleReplicas": self.idle_replicas, "fallback": self.fallback}
        for key, value in alone.items():
            if value is not None and not self.triggers:
                refuse(f"{key} means nothing without triggers", "An HPA has no such setting: see `behavior`.")
        if self.min_replicas == 0 and not self.triggers:
            refuse("an HPA cannot scale to 0", "Add `triggers` (KEDA), or write minReplicas: 1.")
        if self.metrics and self.triggers:
            refuse("metrics and triggers exclude each other", "KEDA makes the HPA: write the metrics as triggers.")
        if self.idle_replicas == 0 and self.min_replicas == 0:
            refuse("idleReplicas means nothing where minReplicas is 0 already", "Leave it out, or raise minReplicas.")
        return self


def _update_mode(value: str) -> str:
    if value == "Auto":
        refuse(
            "Auto is deprecated: today it is Recreate, and may become something else",
            "Write Recreate, InPlaceOrRecreate, Initial or Off.",
        )
    return value


class VerticalAutoscaling(Written):
    """A VerticalPodAutoscaler of the workload. Needs the helm release vertical-pod-autoscaler."""

    update_mode: Annotated[
        Literal["Off", "Initial", "Recreate", "InPlaceOrRecreate"] | None, BeforeValidator(_update_mode)
    ] = None
    """What is done with a recommendation. Default Off: it is only shown. Recreate evicts pods to change them."""
    min_allowed: dict[str, Quantity] | None = None
    """Least that is recommended, for example `{cpu: 100m, memory: 128Mi}`."""
    max_allowed: dict[str, Quantity] | None = None
    """Most that is recommended; without it a leak ends in pods that fit on no node."""
    controlled_resources: Many[Literal["cpu", "memory"]] | None = None
    """What is recommended. Default cpu and memory, less what an HPA scales on."""
    controlled_values: Literal["RequestsAndLimits", "RequestsOnly"] | None = None
    """Default RequestsAndLimits, as VPA has it: limits keep their ratio to the requests."""


class DisruptionBudget(Written):
    """A PodDisruptionBudget. Short form: `{minAvailable: 1}` or `{maxUnavailable: 1}`, exactly one."""

    min_available: IntOrPercent | None = None
    """Pods that must stay up during a drain."""
    max_unavailable: IntOrPercent | None = None
    """Pods that may be down during a drain."""
    unhealthy_pod_eviction_policy: Literal["IfHealthyBudget", "AlwaysAllow"] | None = None
    """Default AlwaysAllow: pods that are not ready anyway do not block a drain."""

    @model_validator(mode="after")
    def _one_number(self) -> DisruptionBudget:
        if (self.min_available is None) == (self.max_unavailable is None):
            refuse("a disruption budget needs exactly one of minAvailable and maxUnavailable")
        return self
