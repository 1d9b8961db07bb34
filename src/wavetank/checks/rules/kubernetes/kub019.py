"""KUB019: pods that need a ConfigMap, Secret, claim or service account which is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_hook
from wavetank.checks.workloads import Workload

#: what Kubernetes or a mesh puts into namespaces by itself
MADE_ELSEWHERE = ("kube-root-ca.crt", "istio-ca-root-cert", "extension-apiserver-authentication", "trust-bundle")
EFFECT = {
    "ConfigMap": "its containers wait for it and do not start",
    "Secret": "its containers wait for it and do not start, unless somebody makes it by hand",
    "PersistentVolumeClaim": "its pods stay Pending",
    "ServiceAccount": "the API server refuses its pods",
}
#: more than a workload with its Service: an application
_SOME_OBJECTS = 2
#: Secrets are kept out of files for good reasons
USUAL = {"Secret": Severity.INFO}


@dataclass(frozen=True)
class Need:
    kind: str
    name: str
    at: Place


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        seen = set()
        for need in needs(workload):
            if (need.kind, need.name) not in seen and not is_hook(workload) and _is_missing(case, workload, need):
                yield _mistake(case, workload, need)
            seen.add((need.kind, need.name))


def needs(workload: Workload) -> Iterator[Need]:
    """What pods cannot do without: nothing that is optional."""
    account = workload.spec.get("serviceAccountName")
    if isinstance(account, str) and account not in ("", "default"):
        yield Need("ServiceAccount", account, workload.at_pod("serviceAccountName"))
    for index, volume in enumerate(items(workload.spec.get("volumes"))):
        at = workload.at_pod("volumes", index)
        yield from _needed("PersistentVolumeClaim", volume.get("persistentVolumeClaim"), "claimName", at)
        yield from _needed("ConfigMap", volume.get("configMap"), "name", at)
        yield from _needed("Secret", volume.get("secret"), "secretName", at)
        for source in items(mapping(volume.get("projected")).get("sources")):
            yield from _needed("ConfigMap", source.get("configMap"), "name", at)
            yield from _needed("Secret", source.get("secret"), "name", at)
    for container in every_container(workload):
        for index, source in enumerate(items(container.obj.get("envFrom"))):
            at = container.at("envFrom", index)
            yield from _needed("ConfigMap", source.get("configMapRef"), "name", at)
            yield from _needed("Secret", source.get("secretRef"), "name", at)
        for index, variable in enumerate(items(container.obj.get("env"))):
            at, source = container.at("env", index), mapping(variable.get("valueFrom"))
            yield from _needed("ConfigMap", source.get("configMapKeyRef"), "name", at)
            yield from _needed("Secret", source.get("secretKeyRef"), "name", at)


def _needed(kind: str, reference: Any, key: str, at: Place) -> Iterator[Need]:
    stated = mapping(reference)
    name = stated.get(key)
    if isinstance(name, str) and name and stated.get("optional") is not True:
        yield Need(kind, name, at)


def _is_missing(case: Case, workload: Workload, need: Need) -> bool:
    namespace = workload.namespace
    if case.manifests.find(need.kind, namespace, need.name) is not None or need.name in MADE_ELSEWHERE:
        return False
    if need.kind == "ServiceAccount" and _is_made_for_a_role(case, namespace, need.name):
        return False
    # A single file says nothing of what lies beside it: some object of the kind has to be there to miss another.
    in_sight = bool(case.manifests.in_namespace(need.kind, namespace)) or len(case.manifests) > _SOME_OBJECTS
    known = case.given.whole or (in_sight and not case.makers.may_get_objects(namespace))
    return known and not case.makers.mention(namespace, need.name)


def _is_made_for_a_role(case: Case, namespace: str, name: str) -> bool:
    """eksctl and Terraform make service accounts together with their IAM roles."""
    return any((namespace, name) in (role.service_accounts or ()) for role in case.aws.roles) or bool(
        case.aws.of_type("kubernetes_service_account", "kubernetes_service_account_v1")
    )


def _mistake(case: Case, workload: Workload, need: Need) -> Mistake:
    there = len(case.manifests.in_namespace(need.kind, workload.namespace))
    return Mistake(
        at=need.at,
        message=(
            f"{workload.title} needs {need.kind} {need.name}, which is none of the {there} of namespace "
            f"{workload.namespace}: {EFFECT[need.kind]}"
        ),
        remedy=f"add {need.kind} {need.name}, correct the name, or mark the reference optional where the program can do without",
        numbers={"kind": need.kind, "name": need.name, "there": there},
        severity=USUAL.get(need.kind, Severity.ERROR if case.given.whole else None),
    )


RULE = Rule(
    id="KUB019",
    severity=Severity.WARN,
    title="Pods need what is not there",
    source="kubernetes.io/docs/concepts/configuration/configmap; kubernetes.io/docs/concepts/storage/persistent-volumes",
    check=check,
)
