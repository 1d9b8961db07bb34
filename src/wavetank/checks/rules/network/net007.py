"""NET007: network policies that nobody enforces."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity

ENGINES = ("calico", "tigera-operator", "cilium", "antrea", "kube-router", "weave-net")


def check(case: Case) -> Iterator[Mistake]:
    policies = case.manifests.of_kind("NetworkPolicy", group="networking.k8s.io")
    cluster = case.aws.cluster
    if not policies or cluster is None or cluster.auto_mode is not False or not case.components.lacks(*ENGINES):
        return
    cni = case.aws.add_on("vpc-cni")
    if cni is not None and cni.configuration is None:
        return
    configured = str(mapping(cni.configuration).get("enableNetworkPolicy", "")).lower() if cni else ""
    if configured != "true" and not _agent_runs(case):
        yield _mistake(
            cni.at("configuration") if cni else policies[0].at("spec"), len(policies), configured or "not set"
        )


def _agent_runs(case: Case) -> bool:
    """The CNI's own objects are in the input, with the policy agent switched on."""
    arguments = [
        str(a) for w in case.workloads for c in w.containers for a in c.obj.get("args") or [] if w.name == "aws-node"
    ]
    return any("enable-network-policy=true" in argument for argument in arguments)


def _mistake(at: Place, policies: int, configured: str) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"{policies} network polic{'y' if policies == 1 else 'ies'} will be stored, and nobody enforces them: "
            "enableNetworkPolicy "
            f"of the VPC CNI is {configured} (its default is false), and no other engine is installed; every pod "
            "talks to every pod"
        ),
        remedy='set enableNetworkPolicy: "true" in the configuration of the vpc-cni add-on (or install Calico or Cilium)',
        numbers={"policies": policies, "enableNetworkPolicy": configured},
    )


RULE = Rule(
    id="NET007",
    severity=Severity.ERROR,
    title="Nothing enforces the network policies",
    source="Amazon EKS user guide, Configure your VPC CNI for network policies: enableNetworkPolicy is false by default",
    check=check,
)
