"""AUT009: a Cluster Autoscaler that is not told which groups it manages, and so manages none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wavetank.checks.aws import HelmRelease
from wavetank.checks.case import Case
from wavetank.checks.components import last_part
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container

FLAGS = ("--nodes", "--node-group-auto-discovery")
_REMEDY = (
    "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/<cluster name>; "
    "EKS puts both tags on the groups of managed node groups"
)


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in workload.containers:
            words = arguments(container)
            if last_part(container.image) == "cluster-autoscaler" and _is_for_aws(words) and not _names_groups(words):
                yield _container(container)
    release = case.components.release("cluster-autoscaler")
    if release is not None and release.values is not None and not _chart_names_groups(release.values):
        yield _release(release)


def arguments(container: Container) -> list[str]:
    """Its command line: command and args."""
    stated = [container.obj.get(key) for key in ("command", "args")]
    return [str(word) for words in stated if isinstance(words, list) for word in words]


def _is_for_aws(words: Sequence[str]) -> bool:
    """Without a provider it is that of the build; other clouds name their groups otherwise."""
    named = [word.partition("=")[2] for word in words if word.startswith("--cloud-provider=")]
    return "aws" in named


def _names_groups(words: Sequence[str]) -> bool:
    return any(word.startswith(FLAGS) for word in words)


def _chart_names_groups(values: dict[str, object]) -> bool:
    discovery, extra = mapping(values.get("autoDiscovery")), mapping(values.get("extraArgs"))
    named = discovery.get("clusterName") or discovery.get("tags") or values.get("autoscalingGroups")
    flags = {"--" + str(key) for key in extra}
    return bool(named or values.get("autoscalingGroupsnamePrefix") or flags & set(FLAGS))


def _container(container: Container) -> Mistake:
    return Mistake(
        at=container.at("args") if container.obj.get("args") else container.at("command"),
        message=(
            f"{container.workload.title} runs without --nodes and --node-group-auto-discovery: it manages no group, pods stay "
            "Pending and no node is ever added"
        ),
        remedy=f"add {_REMEDY}",
        numbers={"flags": len(arguments(container))},
    )


def _release(release: HelmRelease) -> Mistake:
    return Mistake(
        at=release.at("values"),
        message=(
            f"the chart {release.name} is told neither autoDiscovery.clusterName nor autoscalingGroups: it manages no group, "
            "pods stay Pending and no node is ever added"
        ),
        remedy="set autoDiscovery.clusterName to the cluster's name",
        numbers={"release": release.name},
    )


RULE = Rule(
    id="AUT009",
    severity=Severity.ERROR,
    title="The Cluster Autoscaler manages no group",
    source="kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md",
    check=check,
)
