"""The HorizontalPodAutoscaler controller: one pass per sync period and autoscaler.

Upstream: ``pkg/controller/podautoscaler/horizontal.go`` (``reconcileAutoscaler``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.quantity import parse
from wavetank.kube.selectors import InvalidSelectorError, LabelSelector, parse_label_selector
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change

from .base import Context, Controller, Key
from .hpa_limits import STABLE, WITHIN, Memory, Range, with_behavior, without_behavior
from .hpa_metrics import Failure, MetricReader, Target
from .hpa_replicas import Proposal, Tolerance
from .hpa_rest import Rest, comparable, readings
from .informer import address

RESOURCE = "horizontalpodautoscalers.autoscaling"
#: How long a pass takes; the sync period begins when it has ended.
PASS_SECONDS = 0.032
#: Before, ``behavior`` had no tolerance unless a feature gate was opened (HPAConfigurableTolerance).
OWN_TOLERANCE_SINCE_MINOR = 35


@dataclass
class Pass:
    """One pass over one autoscaler: its conditions and what it will show."""

    hpa: Obj
    conditions: list[Obj]
    last_scale_time: str = ""
    metrics: list[Obj] = field(default_factory=list)
    #: The metrics ask for the size that there is, and nothing holds that up.
    is_calm: bool = False


@dataclass(frozen=True)
class Decision:
    """The size wanted and why; ``replicas`` None when no metric allows one."""

    replicas: int | None
    reason: str = ""
    error: str = ""


class HorizontalPodAutoscalerController(Controller):
    name = "horizontal-pod-autoscaler"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._settings = context.settings.hpa
        self._metrics = MetricReader(self.engine, context.metrics, context.custom_metrics, self._settings)
        self._comparable = comparable(context.metrics)
        self._memories: dict[Key, Memory] = {}
        #: What each autoscaler selected when it last looked at metrics.
        self._selectors: dict[Key, LabelSelector] = {}
        self._selectors_version = 0
        self._rests: dict[Key, Rest] = {}
        #: The pods that each autoscaler selects, and as of which versions.
        self._chosen: dict[Key, tuple[tuple[str, tuple[int, int]], Sequence[Obj]]] = {}

    def watch(self) -> None:
        self.cluster.subscribe(RESOURCE, self._on_change)
        for hpa in self.cluster.list(RESOURCE):
            self.enqueue(address(hpa), self._settings.sync_period_seconds)

    def _on_change(self, change: Change) -> None:
        if change.type == "DELETED":
            self._memories.pop(address(change.object), None)
            self._select(address(change.object), None)
            self._rests.pop(address(change.object), None)
            chosen = self._chosen.pop(address(change.object), None)
            if chosen is not None:
                self._metrics.forget(change.namespace, chosen[0][0])
        else:
            self.enqueue(address(change.object), self._settings.sync_period_seconds)

    def reconcile(self, key: Key) -> None:
        hpa = self.cluster.find(RESOURCE, *key)
        if hpa is None:
            return
        if not self._is_resting(key, hpa):
            try:
                self._autoscale(key, hpa)
            except ApiError:
                # The next pass comes after the sync period, whatever happened in this one.
                self.engine.record(self.name, "failed", "/".join(key))
        self.enqueue(key, self._settings.sync_period_seconds + PASS_SECONDS)

    def _autoscale(self, key: Key, hpa: Obj) -> None:
        status = hpa.get("status") or {}
        now = Pass(hpa, list(status.get("conditions") or ()), status.get("lastScaleTime", ""))
        target = self._target(now)
        if target is None:
            self._write(now, status.get("currentReplicas", 0), status.get("desiredReplicas", 0))
            return
        self._set(
            now,
            "AbleToScale",
            "True",
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        current = target.spec_replicas
        memory = self._memories.get(key)
        if memory is None:
            memory = self._memories[key] = Memory([(self.engine.now, current)])
        decision = self._decision(now, target, memory)
        if decision.replicas is None:
            self._write(now, current, status.get("desiredReplicas", 0))
            self.event(hpa, "Warning", "FailedComputeMetricsReplicas", decision.error)
            return
        self._rescale(now, current, decision, memory)
        if now.is_calm and self._metrics.are_settled(target._replace(pods=self._chosen[key][1])):
            self._let_rest(key, current)

    # --- resting -----------------------------------------------------------------------------------------------

    def _is_resting(self, key: Key, hpa: Obj) -> bool:
        """Whether this pass may be left out; then all that it would do is done: what was asked for is remembered."""
        rest = self._rests.get(key)
        if rest is None:
            return False
        is_same = rest.hpa is hpa and rest.target is self._target_object(hpa) and rest.versions == self._versions(key)
        if not is_same or readings(self._comparable, hpa, rest.names) != rest.readings:
            del self._rests[key]
            return False
        self._memories[key].note_recommendation(self.engine.now, rest.replicas, rest.window_seconds)
        return True

    def _let_rest(self, key: Key, replicas: int) -> None:
        hpa, pods = self.cluster.get(RESOURCE, *key), self._chosen[key][1]
        target, names = self._target_object(hpa), [pod["metadata"]["name"] for pod in pods]
        found = readings(self._comparable, hpa, names)
        if target is not None and found is not None:
            self._rests[key] = Rest(hpa, target, self._versions(key), names, found, replicas, self._window_seconds(hpa))

    def _versions(self, key: Key) -> tuple[int, int]:
        return self.informer.in_namespace("pods").version(key[0]), self._selectors_version

    def _target_object(self, hpa: Obj) -> Obj | None:
        reference = hpa["spec"]["scaleTargetRef"]
        return self.cluster.find(
            self.cluster.resource_of(reference).key, hpa["metadata"]["namespace"], reference["name"]
        )

    def _window_seconds(self, hpa: Obj) -> float:
        behavior, default = hpa["spec"].get("behavior"), self._settings.downscale_stabilization_seconds
        if behavior is None:
            return default
        return max(float(rules["stabilizationWindowSeconds"]) for rules in _with_windows(behavior, default).values())

    # --- looking -----------------------------------------------------------------------------------------------

    def _select(self, key: Key, selector: LabelSelector | None) -> None:
        """Note what an autoscaler selects."""
        if self._selectors.get(key) != selector:
            self._selectors_version += 1
            if selector is None:
                del self._selectors[key]
            else:
                self._selectors[key] = selector

    def _target(self, now: Pass) -> Target | None:
        """The scale of the target and its pods; None when there is no such thing (and the conditions say so)."""
        reference, namespace = now.hpa["spec"]["scaleTargetRef"], now.hpa["metadata"]["namespace"]
        try:
            resource = self.cluster.resource_of(reference)
        except ApiError:
            group = reference.get("apiVersion", "").rpartition("/")[0]
            self._note_no_scale(now, f'no matches for kind "{reference["kind"]}" in group "{group}"')
            return None
        try:
            scale = self.cluster.scale_of(resource.key, namespace, reference["name"])
        except ApiError as error:
            self._note_no_scale(now, error.message)
            return None
        status = scale.get("status") or {}
        replicas = scale["spec"].get("replicas", 0), status.get("replicas", 0)
        return Target(namespace, *replicas, (), status.get("selector") or "")

    def _note_no_scale(self, now: Pass, why: str) -> None:
        self.event(now.hpa, "Warning", "FailedGetScale", why)
        text = f"the HPA controller was unable to get the target's current scale: {why}"
        self._set(now, "AbleToScale", "False", "FailedGetScale", text)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _decision(self, now: Pass, target: Target, memory: Memory) -> Decision:
        spec, current = now.hpa["spec"], target.spec_replicas
        allowed = Range(1 if spec.get("minReplicas") is None else spec["minReplicas"], spec["maxReplicas"])
        if current == 0 and allowed.least != 0:
            text = "scaling is disabled since the replica count of the target is zero"
            self._set(now, "ScalingActive", "False", "ScalingDisabled", text)
            return Decision(0)
        if current > allowed.most:
            return Decision(allowed.most, "Current number of replicas above Spec.MaxReplicas")
        if current < allowed.least:
            return Decision(allowed.least, "Current number of replicas below Spec.MinReplicas")
        refused, target = self._with_pods(now, target)
        asked = refused or self._asked(now, target)
        if asked.replicas is None:
            return asked
        return self._normalized(now, current, asked.replicas, asked.reason, allowed, memory)

    def _with_pods(self, now: Pass, target: Target) -> tuple[Decision | None, Target]:
        """The target with the pods behind its selector, which must be no other autoscaler's (``validateAndParseSelector``)."""
        if not target.selector:
            text = "the HPA target's scale is missing a selector"
            return self._refused(now, "SelectorRequired", "InvalidSelector", "selector is required", text), target
        try:
            selector = parse_label_selector(target.selector)
        except InvalidSelectorError as error:
            text = f"couldn't convert selector into a corresponding internal selector object: {error}"
            return self._refused(now, "InvalidSelector", "InvalidSelector", text, text), target
        key = address(now.hpa)
        self._select(key, selector)
        as_of, chosen = (target.selector, self._versions(key)), self._chosen.get(key)
        if chosen is not None and chosen[0] == as_of:
            return None, target._replace(pods=chosen[1])
        in_namespace = self.informer.in_namespace("pods")[target.namespace]
        pods = [p for p in in_namespace if selector.matches(p["metadata"].get("labels"))]
        rivals = [k for k, s in self._selectors.items() if k[0] == target.namespace and _selects_any(s, pods)]
        if len(rivals) > 1:
            listed = " ".join(f"{{{name} {namespace}}}" for namespace, name in sorted(rivals))
            text = f"pods by selector {target.selector} are controlled by multiple HPAs: [{listed}]"
            return self._refused(now, "AmbiguousSelector", "AmbiguousSelector", text, text), target
        self._chosen[key] = as_of, pods
        return None, target._replace(pods=pods)

    def _refused(self, now: Pass, event: str, reason: str, error: str, message: str) -> Decision:
        self.event(now.hpa, "Warning", event, error)
        self._set(now, "ScalingActive", "False", reason, message)
        return Decision(None, error=error)

    def _asked(self, now: Pass, target: Target) -> Decision:
        """The largest of what the metrics ask for, with the name of the metric (``computeReplicasForMetrics``)."""
        specs, near = now.hpa["spec"].get("metrics") or (), self.tolerance(now.hpa)
        results = [self._metrics.proposal(spec, target, near) for spec in specs]
        failures = [r for r in results if isinstance(r, Failure)]
        proposals = [r for r in results if isinstance(r, Proposal)]
        # A metric that failed keeps its place, with nothing in it: readers find theirs by its place in the spec.
        now.metrics = [r.current if isinstance(r, Proposal) else {"type": ""} for r in results]
        for failure in failures:
            self.event(now.hpa, "Warning", failure.reason, failure.message)
        best = _largest(proposals)
        if best is None or (failures and best.replicas < target.spec_replicas):
            first = failures[0]
            text = f"the HPA was unable to compute the replica count: {first.message}"
            self._set(now, "ScalingActive", "False", first.reason, text)
            count = f"{len(failures)} invalid out of {len(specs)}"
            return Decision(None, error=f"invalid metrics ({count}), first error is: {first.error}")
        text = f"the HPA was able to successfully calculate a replica count from {best.name}"
        self._set(now, "ScalingActive", "True", "ValidMetricFound", text)
        return Decision(best.replicas, best.name)

    def tolerance(self, hpa: Obj) -> Tolerance:
        """The flag's, or what ``behavior`` says instead."""
        default = self._settings.tolerance
        behavior = (hpa["spec"].get("behavior") or {}) if self.minor >= OWN_TOLERANCE_SINCE_MINOR else {}
        own = [(behavior.get(side) or {}).get("tolerance") for side in ("scaleDown", "scaleUp")]
        down, up = (default if value is None else float(parse(value)) for value in own)
        return Tolerance(down, up)

    def _normalized(self, now: Pass, current: int, asked: int, metric: str, allowed: Range, memory: Memory) -> Decision:
        # Of what the metrics ask for; when stabilization alone changes the size, no reason is given.
        reason = f"{metric} above target" if asked > current else "All metrics below target" if asked < current else ""
        behavior = now.hpa["spec"].get("behavior")
        window, seconds = self._settings.downscale_stabilization_seconds, self.engine.now
        if behavior is None:
            result = without_behavior(current, asked, allowed, memory, seconds, window)
        else:
            result = with_behavior(current, asked, allowed, memory, seconds, _with_windows(behavior, window))
        now.is_calm = asked == current and result.able == STABLE and result.limited == WITHIN
        self._set(now, "AbleToScale", *result.able)
        self._set(now, "ScalingLimited", *result.limited)
        return Decision(result.replicas, reason)

    # --- doing -------------------------------------------------------------------------------------------------

    def _rescale(self, now: Pass, current: int, decision: Decision, memory: Memory) -> None:
        wanted = decision.replicas
        assert wanted is not None, "a pass without a decision ends earlier"
        if wanted != current:
            reference = now.hpa["spec"]["scaleTargetRef"]
            key = self.cluster.resource_of(reference).key
            try:
                self.cluster.set_replicas(key, now.hpa["metadata"]["namespace"], reference["name"], wanted)
            except ApiError as error:
                self._note_failed_rescale(now, current, decision, error)
                return
            text = f"the HPA controller was able to update the target scale to {wanted}"
            self._set(now, "AbleToScale", "True", "SucceededRescale", text)
            self.event(now.hpa, "Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {decision.reason}")
            if now.hpa["spec"].get("behavior"):
                memory.note_scaling(self.engine.now, current, wanted, now.hpa["spec"]["behavior"])
            now.last_scale_time = rfc3339(self.now)
        self._write(now, current, wanted)

    def _note_failed_rescale(self, now: Pass, current: int, decision: Decision, error: ApiError) -> None:
        text = f"New size: {decision.replicas}; reason: {decision.reason}; error: {error.message}"
        self.event(now.hpa, "Warning", "FailedRescale", text)
        text = f"the HPA controller was unable to update the target scale: {error.message}"
        self._set(now, "AbleToScale", "False", "FailedUpdateScale", text)
        self._write(now, current, (now.hpa.get("status") or {}).get("desiredReplicas", 0))

    def _set(self, now: Pass, kind: str, status: str, reason: str, message: str) -> None:
        truth: conditions.Status = "True" if status == "True" else "False"
        now.conditions = conditions.with_condition(
            now.conditions, kind, truth, self.now, reason=reason, message=message
        )

    def _write(self, now: Pass, current: int, desired: int) -> None:
        status: Obj = {"lastScaleTime": now.last_scale_time} if now.last_scale_time else {}
        status |= {"currentReplicas": current} if current else {}
        status |= {"desiredReplicas": desired, "currentMetrics": now.metrics or None, "conditions": now.conditions}
        self.write_status(now.hpa, status)


def _largest(proposals: Sequence[Proposal]) -> Proposal | None:
    """The first of the largest; as long as all ask for nothing, the last (as ``computeReplicasForMetrics`` goes on)."""
    best: Proposal | None = None
    for proposal in proposals:
        if best is None or best.replicas == 0 or proposal.replicas > best.replicas:
            best = proposal
    return best


def _selects_any(selector: LabelSelector, pods: Sequence[Obj]) -> bool:
    return any(selector.matches(pod["metadata"].get("labels")) for pod in pods)


def _with_windows(behavior: Mapping[str, Any], default_seconds: float) -> dict[str, Any]:
    """``behavior`` with both stabilization windows: nothing for growing, the controller's flag for shrinking."""
    up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
    return {
        "scaleUp": {**up, "stabilizationWindowSeconds": up.get("stabilizationWindowSeconds") or 0},
        "scaleDown": {**down, "stabilizationWindowSeconds": _stated(down, default_seconds)},
    }


def _stated(rules: Mapping[str, Any], default_seconds: float) -> float:
    seconds = rules.get("stabilizationWindowSeconds")
    return default_seconds if seconds is None else float(seconds)
