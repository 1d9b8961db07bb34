"""The admission controller: gives new pods their recommended resources, and refuses VPAs that make no sense.

Upstream ``pkg/admission-controller/resource/{pod,vpa}``. Works while its own pod is Ready; pods pass unchanged otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from wavetank.kube.errors import ApiError
from wavetank.kube.quantity import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.admission.attempt import Attempt, Plugin

from .changes import with_recommendation
from .targets import KEY, TargetError, is_target, selector_of, top_of, update_mode

MODES = ("Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto")


def webhook_of(cluster: Cluster, serves: Callable[[], bool]) -> Plugin:
    """The webhooks of one cluster."""

    def admit(attempt: Attempt) -> Obj:
        if not attempt.creates("pods") or not serves():
            return attempt.obj
        vpa = vpa_for(cluster, attempt.obj, attempt.namespace)
        return attempt.obj if vpa is None else with_recommendation(attempt.obj, vpa)

    def review(attempt: Attempt) -> None:
        if attempt.resource.key != KEY or attempt.operation == "DELETE" or attempt.subresource or not serves():
            return
        problem = problem_of(attempt.obj, created=attempt.operation == "CREATE")
        if problem:
            raise ApiError(400, "BadRequest", f'admission webhook "vpa.k8s.io" denied the request: {problem}')

    return Plugin("vpa-admission", admit=admit, review=review, kinds=("pods", KEY))


def vpa_for(cluster: Cluster, pod: Obj, namespace: str) -> Obj | None:
    """The VPA that is in charge of a pod: the oldest of those whose target controls it; none of mode Off."""
    vpas = cluster.list(KEY, namespace, lambda vpa: update_mode(vpa) != "Off")
    if not vpas:
        return None
    placed = {**pod, "metadata": {**pod["metadata"], "namespace": namespace}}
    top = top_of(cluster, placed)
    for vpa in vpas:
        try:
            matches = selector_of(cluster, vpa).matches(pod["metadata"].get("labels"))
        except TargetError:
            continue
        if matches and is_target(vpa, top):
            return vpa
    return None


def problem_of(vpa: Obj, *, created: bool) -> str:
    """What is wrong with a VPA (``ValidateVPA``); "" when nothing is."""
    spec = vpa.get("spec") or {}
    policy = spec.get("updatePolicy")
    if policy is not None:
        mode, least = policy.get("updateMode"), policy.get("minReplicas")
        if mode is None and least is None and not policy.get("evictionRequirements"):
            return "updateMode is required if UpdatePolicy is used"
        if mode is not None and mode not in MODES:
            return f"unexpected UpdateMode value {mode}"
        if least is not None and int(least) <= 0:
            return f"minReplicas has to be positive, got {least}"
    for container in (spec.get("resourcePolicy") or {}).get("containerPolicies") or ():
        problem = _policy_problem(container)
        if problem:
            return problem
    if created and not spec.get("targetRef"):
        return "targetRef is required. If you're using v1beta1 version of the API, please migrate to v1"
    if len(spec.get("recommenders") or ()) > 1:
        return "the current version of VPA object shouldn't specify more than one recommenders"
    return ""


def _policy_problem(policy: Obj) -> str:
    if not policy.get("containerName"):
        return "ContainerPolicies.ContainerName is required if policy is used"
    least, most = policy.get("minAllowed") or {}, policy.get("maxAllowed") or {}
    for name, amount in least.items():
        if name in most and parse(most[name]) < parse(amount):
            return f"max resource for {name} is lower than min"
    if policy.get("mode") == "Off" and policy.get("controlledValues") == "RequestsAndLimits":
        return "controlledValues shouldn't be specified if container scaling mode is off."
    return ""
