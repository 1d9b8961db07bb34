"""What an author writes about how a new version arrives: blue-green, canary, and what is measured before going on.

Shapes of Argo Rollouts are taken as they are; ``delivery_references`` holds them against Argo's structure.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank.spec.ingress import UrlPath
from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    WORD,
    Count,
    DottedName,
    Duration,
    FreeObject,
    IntOrPercent,
    Many,
    Name,
    Positive,
    ServiceName,
    Setting,
    Written,
    mapping_with,
    one_or_more,
)

Weight = Annotated[
    int, AfterValidator(lambda value: value if 0 <= value <= 100 else refuse(f"{value} is not a weight of 0 to 100"))
]


class SmokeTest(Written):
    """A Job that must succeed before the new version gets traffic. It is given the preview Service's address as $URL."""

    image: Annotated[str, Field(min_length=1)]
    """Image of the test, with a tag or digest. With `path` alone, one that has curl."""
    path: UrlPath | None = None
    """Path of the preview Service that must answer well."""
    command: Many[str] | None = None
    """The test itself, instead of path; $(URL) is replaced."""
    timeout_seconds: Positive | None = None
    """Seconds after which it has failed. Default 120."""

    @model_validator(mode="after")
    def _one_test(self) -> SmokeTest:
        if (self.path is None) == (self.command is None):
            refuse("a smoke test needs either path or command", "For example `path: /health`.")
        return self


class BlueGreen(Written):
    """The new version starts beside the old one, is tried on a Service of its own, and then gets all traffic at once."""

    active_service: ServiceName | None = None
    """Service of the version that serves. Default: the workload's only one."""
    preview_service: ServiceName | None = None
    """Service of the version that is tried; made by itself. Default: the active one's name and -preview."""
    smoke_test: SmokeTest | None = None
    """What must succeed before the switch. Default none."""
    pre_promotion: Annotated[Many[Name] | None, one_or_more(Name)] = None
    """Analysis templates that must succeed before the switch. Default none."""
    post_promotion: Annotated[Many[Name] | None, one_or_more(Name)] = None
    """Analysis templates after the switch; a failure switches back. Default none."""
    args: dict[Name, Setting] | None = None
    """Arguments of the analysis templates."""
    auto_promotion: bool | None = None
    """Switch without asking. Default: when something was tested before; otherwise somebody looks first."""
    auto_promotion_seconds: Positive | None = None
    """Seconds until the switch happens without anybody asking for it."""
    scale_down_delay_seconds: Count | None = None
    """Seconds the old version stays up after the switch, to go back at once. Default 300."""
    preview_replicas: Positive | None = None
    """Pods of the new version before the switch. Default: as many as serve."""


class CanaryStep(Written):
    """A step: one key of Argo Rollouts, or shortly weight, pause and analysis together: `{weight: 10, pause: 5m}`."""

    set_weight: Weight | None = None
    """Percent of the traffic for the new version."""
    weight: Weight | None = None
    """Short for setWeight."""
    pause: Duration | FreeObject | None = None
    """How long to wait; `{}` until somebody goes on."""
    analysis: Annotated[Many[Name] | FreeObject | None, one_or_more(Name)] = None
    """Analysis templates that must succeed, or Argo's shape."""
    set_canary_scale: FreeObject | None = None
    """Pods of the new version apart from its weight, in Argo's shape."""
    set_header_route: FreeObject | None = None
    """Requests with a header go to the new version, in Argo's shape."""
    set_mirror_route: FreeObject | None = None
    """Copies of requests go to the new version, in Argo's shape."""
    experiment: FreeObject | None = None
    """An experiment in Argo's shape."""

    @model_validator(mode="before")
    @classmethod
    def _one_analysis(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("analysis"), str):
            return value | {"analysis": [value["analysis"]]}
        return value

    @model_validator(mode="after")
    def _something(self) -> CanaryStep:
        if not self.model_fields_set:
            refuse("a step needs something to do", "For example `{weight: 10, pause: 5m}`.")
        if self.weight is not None and self.set_weight is not None:
            refuse("a step has either weight or setWeight")
        return self


class Canary(Written):
    """The new version gets a growing share of the traffic."""

    steps: Many[CanaryStep] | None = None
    """Steps to full traffic. Default none: a rolling update."""
    analysis: Annotated[Many[Name] | None, one_or_more(Name)] = None
    """Analysis templates that run all along; a failure goes back. Default none."""
    starting_step: Count | None = None
    """Step from which they run. Default 1: not before the new version has traffic."""
    args: dict[Name, Setting] | None = None
    """Arguments of the analysis templates."""
    service: ServiceName | None = None
    """Service whose traffic is split. Default: the workload's only one."""
    traffic_routing: Literal["mesh"] | FreeObject | None = None
    """mesh: the mesh splits requests exactly, by subsets stable and canary of the Service. Or Argo's shape, for which Services
    `<service>-stable` and `<service>-canary` are made. Default none: as exactly as the numbers of pods allow."""
    max_surge: IntOrPercent | None = None
    """Pods above the wanted number. Default 1."""
    max_unavailable: IntOrPercent | None = None
    """Pods below it. Default 0."""
    scale_down_delay_seconds: Count | None = None
    """Seconds the old version stays after the end; with trafficRouting only. Default Argo's 30."""


class Delivery(Written):
    """How a new version arrives: exactly one of blueGreen and canary. Makes the workload a Rollout of Argo Rollouts."""

    blue_green: BlueGreen | None = None
    """All traffic at once, after a try."""
    canary: Canary | None = None
    """A growing share of the traffic."""

    @model_validator(mode="after")
    def _one_way(self) -> Delivery:
        if (self.blue_green is None) == (self.canary is None):
            refuse("delivery needs exactly one of blueGreen and canary")
        return self


# --- what is measured -------------------------------------------------------------------------------------------------


class AnalysisArgument(Written):
    """An argument of an analysis template. Short form: its name, when it has no value of its own."""

    short_forms = (WORD,)

    name: Name
    """Name; `{{args.<name>}}` in the metrics."""
    value: Setting | None = None
    """Value where the caller gives none."""
    value_from: FreeObject | None = None
    """A key of a Secret, in Argo's shape."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class AnalysisMetric(Written):
    """A metric, in Argo's shape or with its provider beside its name: `{name: errors, prometheus: <query>, ...}`."""

    short_forms = (mapping_with("prometheus", "web", "job"),)

    name: Name
    """Name of the metric."""
    provider: FreeObject | None = None
    """Provider in Argo's shape."""
    prometheus: FreeObject | str | None = None
    """A query, or `{address, query}`. Address by default: Prometheus of the chart kube-prometheus-stack."""
    web: FreeObject | None = None
    """An HTTP request in Argo's shape: `{url, jsonPath}`."""
    job: FreeObject | None = None
    """A Job in Argo's shape."""
    success_condition: str | None = None
    """What must hold of the result, for example `result[0] < 0.01`."""
    failure_condition: str | None = None
    """What must not hold."""
    interval: Duration | None = None
    """Time between two measurements."""
    count: Positive | None = None
    """Measurements. Default: one, or with an interval on and on."""
    initial_delay: Duration | None = None
    """Time before the first."""
    failure_limit: Count | None = None
    """Failed measurements that are borne. Default 0."""
    inconclusive_limit: Count | None = None
    """Inconclusive measurements that are borne. Default 0."""
    consecutive_error_limit: Count | None = None
    """Errors in a row that are borne. Default 4."""

    @model_validator(mode="after")
    def _one_provider(self) -> AnalysisMetric:
        if sum(each is not None for each in (self.provider, self.prometheus, self.web, self.job)) != 1:
            refuse("a metric needs exactly one provider", "For example `prometheus: <query>`.")
        return self


class AnalysisTemplate(Written):
    """An AnalysisTemplate of Argo Rollouts: what is measured while a new version arrives."""

    name: DottedName
    """Name of the template."""
    namespace: Name | None = None
    """Namespace, that of the workloads that use it. Default: the only one of the platform."""
    args: Many[AnalysisArgument] | None = None
    """Arguments. Default none."""
    metrics: Annotated[Many[AnalysisMetric], one_or_more(AnalysisMetric)]
    """Metrics, all of which must succeed."""
