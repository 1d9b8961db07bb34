"""PodSecurity: enforces, and warns of, the levels that a namespace's labels name.

Upstream ``k8s.io/pod-security-admission/admission``. Pods are refused; workloads are warned of; a namespace that tightens
its level is told which of its pods would not be admitted again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from wavetank.kube.errors import Cause, forbidden, invalid
from wavetank.kube.pod_security import Level, Violation, violations
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

PREFIX = "pod-security.kubernetes.io/"
LEVELS: tuple[Level, ...] = ("privileged", "baseline", "restricted")
_MODES = ("enforce", "audit", "warn")
_VERSION = re.compile(r"^(latest|v1\.(0|[1-9][0-9]*))$")
_TEMPLATES = {
    "podtemplates": ("template",),
    "replicationcontrollers": ("spec", "template"),
    "deployments.apps": ("spec", "template"),
    "replicasets.apps": ("spec", "template"),
    "statefulsets.apps": ("spec", "template"),
    "daemonsets.apps": ("spec", "template"),
    "jobs.batch": ("spec", "template"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
}
_MOST_PODS = 3000


@dataclass(frozen=True)
class Policy:
    level: Level
    version: str

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"


def _policy(namespace: Obj | None, mode: str) -> Policy:
    labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    return _policy_of(labels.get(PREFIX + mode, "privileged"), labels.get(f"{PREFIX}{mode}-version", "latest"))


@lru_cache(maxsize=256)  # Asked twice for every pod.
def _policy_of(said: str, version: str) -> Policy:
    level: Level = next((known for known in LEVELS if known == said), "restricted")
    return Policy(level, version if _VERSION.match(version) else "latest")


def _warned_of(namespace: Obj | None) -> Policy:
    """What is worth a warning: what the namespace says; if it says nothing, what it enforces (``PolicyToEvaluate``)."""
    labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    enforced, stated = _policy(namespace, "enforce"), _policy(namespace, "warn")
    if f"{PREFIX}warn" in labels or LEVELS.index(enforced.level) <= LEVELS.index(stated.level):
        return stated
    return Policy(enforced.level, stated.version if f"{PREFIX}warn-version" in labels else enforced.version)


def _admit(attempt: Attempt) -> Obj:
    """A namespace's labels are judged before anything else of it, and the pods that it has with them."""
    if attempt.key != "namespaces" or attempt.operation == "DELETE":
        return attempt.obj
    causes = [c for mode in _MODES for c in _label_causes(attempt.obj["metadata"].get("labels") or {}, mode)]
    before = (attempt.old or {}).get("metadata", {}).get("labels") or {}
    if causes and (attempt.obj["metadata"].get("labels") or {}) != before:
        raise invalid("", "Namespace", attempt.name, causes)
    return attempt.obj


def _label_causes(labels: Obj, mode: str) -> list[Cause]:
    causes = []
    level, version = labels.get(PREFIX + mode), labels.get(f"{PREFIX}{mode}-version")
    if level is not None and level not in LEVELS:
        why = f'Invalid value: "{level}": must be one of {", ".join(LEVELS)}'
        causes.append(Cause("FieldValueInvalid", why, f"metadata.labels[{PREFIX}{mode}]"))
    if version is not None and not _VERSION.match(version):
        why = f'Invalid value: "{version}": must be "latest" or "v1.x"'
        causes.append(Cause("FieldValueInvalid", why, f"metadata.labels[{PREFIX}{mode}-version]"))
    return causes


def _review(attempt: Attempt) -> None:
    if attempt.operation == "DELETE" or attempt.subresource:
        return
    match attempt.key:
        case "namespaces" if attempt.old is not None:
            _warn_of_existing_pods(attempt)
        case "pods" if attempt.operation == "CREATE":
            _judge_pod(attempt)
        case key if key in _TEMPLATES:
            _warn_of_template(attempt)


def _judge_pod(attempt: Attempt) -> None:
    namespace = attempt.world.find("namespaces", "", attempt.namespace)
    pod = attempt.obj
    enforced = _policy(namespace, "enforce")
    found = _found(attempt, enforced, pod["metadata"], pod["spec"])
    if found:
        raise forbidden(attempt.resource, attempt.name, f'violates PodSecurity "{enforced}": {_listed(found)}')
    _warn(attempt, _warned_of(namespace), pod["metadata"], pod["spec"])


def _warn_of_template(attempt: Attempt) -> None:
    template: Obj = attempt.obj
    for step in _TEMPLATES[attempt.key]:
        template = template.get(step) or {}
    if not template.get("spec"):
        return
    namespace = attempt.world.find("namespaces", "", attempt.namespace)
    _warn(attempt, _warned_of(namespace), template.get("metadata") or {}, template["spec"])


def _warn(attempt: Attempt, policy: Policy, metadata: Obj, spec: Obj) -> None:
    found = _found(attempt, policy, metadata, spec)
    if found:
        attempt.call.warn(f'would violate PodSecurity "{policy}": {_listed(found)}')


def _found(attempt: Attempt, policy: Policy, metadata: Obj, spec: Obj) -> list[Violation]:
    if policy.level == "privileged":
        return []
    newest = int(attempt.world.version.rpartition(".")[2])
    return violations(policy.level, metadata, spec, policy.version, newest)


def _listed(found: list[Violation]) -> str:
    return ", ".join(map(str, found))


def _warn_of_existing_pods(attempt: Attempt) -> None:
    enforced, before = _policy(attempt.obj, "enforce"), _policy(attempt.old, "enforce")
    if enforced == before or enforced.level == "privileged":
        return
    if enforced.version == before.version and LEVELS.index(enforced.level) < LEVELS.index(before.level):
        return
    by_reason: dict[str, list[str]] = {}
    for pod in attempt.world.list("pods", attempt.name)[:_MOST_PODS]:
        found = _found(attempt, enforced, pod["metadata"], pod["spec"])
        if found:
            by_reason.setdefault(", ".join(v.reason for v in found), []).append(pod["metadata"]["name"])
    if by_reason:
        attempt.call.warn(
            f'existing pods in namespace "{attempt.name}" violate the new PodSecurity enforce level "{enforced}"'
        )
    for line in sorted(f"{_some(names)}: {reason}" for reason, names in by_reason.items()):
        attempt.call.warn(line)


def _some(names: list[str]) -> str:
    others = len(names) - 1
    if not others:
        return min(names)
    return f"{min(names)} (and {others} other pod{'s' if others > 1 else ''})"


POD_SECURITY = Plugin("PodSecurity", admit=_admit, review=_review, kinds=("namespaces", "pods", *_TEMPLATES))
