"""CAP017: flags of the API server, written for a control plane that AWS runs."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import machines_of
from wavetank.checks.manifests import Manifest, mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity

#: fields that belong to kube-apiserver and are sometimes written among kubelet's
_SERVER_FIELDS = ("maxRequestsInflight", "maxMutatingRequestsInflight", "max-requests-inflight", "maxInFlightRequests")
_SECTIONS = ("apiServer", "controllerManager", "scheduler", "etcd")


def check(case: Case) -> Iterator[Mistake]:
    cluster = case.aws.cluster
    if cluster is None:
        return
    for key in cluster.refused_settings:
        yield _mistake(cluster.at(key), key)
    for machines in machines_of(case):
        for key in _SERVER_FIELDS:
            if key in (machines.group.kubelet or {}):
                yield _mistake(machines.group.at("kubelet", key), key)
    for manifest in case.manifests.of_kind("ClusterConfiguration"):
        if manifest.group.startswith("kubeadm.k8s.io"):
            yield from _kubeadm(manifest)


def _kubeadm(manifest: Manifest) -> Iterator[Mistake]:
    for section in _SECTIONS:
        flags = mapping(manifest.obj.get(section)).get("extraArgs")
        if flags:
            yield _mistake(manifest.at(section, "extraArgs"), f"{section}.extraArgs")


def _mistake(at: Place, key: str) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"{key} is a setting of the control plane, which AWS runs on EKS: it can be set in 0 places there, nothing reads it, "
            "and whoever counts on it is wrong"
        ),
        remedy="remove it; limit clients with API Priority and Fairness, or take a larger tier of EKS provisioned control plane",
        numbers={"setting": key, "placesOnEks": 0},
    )


RULE = Rule(
    id="CAP017",
    severity=Severity.WARN,
    title="Flags of the control plane on EKS",
    source="Amazon EKS user guide: the control plane is managed; provisioned control plane tiers",
    check=check,
)
