"""CAP012: Cluster Autoscaler cannot start a node group from zero, because it does not know what its nodes would be like."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import GPU, Machines, machines_of
from wavetank.checks.manifests import items, mapping, texts
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj

_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def check(case: Case) -> Iterator[Mistake]:
    groups = machines_of(case)
    if case.components.installs("cluster-autoscaler") and not _may_ask_eks(case):
        for machines in groups:
            missing = _missing_tags(machines)
            if machines.group.min_size == 0 and missing:
                yield _untold(machines, missing)
    for machines in groups:
        yield from _plugin(case, machines)


def _may_ask_eks(case: Case) -> bool:
    """Its role may (or may not, nobody knows) call eks:DescribeNodegroup, which tells it labels and taints."""
    for role in case.aws.roles:
        if not any(account == "cluster-autoscaler" for _, account in role.service_accounts or ()):
            continue
        if role.statements is None:
            return True
        for statement in role.statements:
            actions = statement.get("Action")
            names = actions if isinstance(actions, list) else [actions]
            if any(str(name).lower() in ("eks:describenodegroup", "eks:*", "*", "eks:describe*") for name in names):
                return True
    return False


def _missing_tags(machines: Machines) -> list[str]:
    """The tags by which an Auto Scaling group without nodes says what they will have."""
    group = machines.group
    if group.autoscaling_tags is None or group.labels is None or group.taints is None:
        return []
    wanted = [f"{_TEMPLATE}/label/{key}" for key in group.labels]
    wanted += [f"{_TEMPLATE}/taint/{taint.get('key')}" for taint in group.taints]
    return [tag for tag in wanted if tag not in group.autoscaling_tags]


def _untold(machines: Machines, missing: list[str]) -> Mistake:
    group = machines.group
    return Mistake(
        at=group.at("min_size"),
        message=(
            f"node group {group.name} may shrink to 0 nodes, and Cluster Autoscaler then knows its labels and taints only from "
            f"tags of the Auto Scaling group: {len(missing)} are missing ({', '.join(missing)}), and its role may not ask EKS "
            "either, so pods that select these nodes never make it grow"
        ),
        remedy="add the tags to the Auto Scaling group, allow the autoscaler's role eks:DescribeNodegroup, or keep minSize at 1",
        numbers={"minSize": 0, "missingTags": len(missing)},
    )


def _plugin(case: Case, machines: Machines) -> Iterator[Mistake]:
    """The device plugin must stand on the GPU nodes itself."""
    if not machines.has_gpus or not machines.taints:
        return
    release = case.components.release("nvidia-device-plugin")
    if release is None or release.values is None:
        return
    tolerations = release.values.get("tolerations")
    known: list[Obj] = (
        items(tolerations) if tolerations is not None else [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    )
    if not _is_selected(texts(mapping(release.values).get("nodeSelector")), machines):
        return
    taint = untolerated(machines.taints, [*known, {"key": "CriticalAddonsOnly", "operator": "Exists"}], REPELLING)
    if taint is not None:
        yield Mistake(
            at=release.at("values"),
            message=(
                f"node group {machines.group.name} is tainted "
                f"{taint.get('key')}={taint.get('value', '')}:{taint.get('effect')}, which "
                f"the NVIDIA device plugin does not tolerate: it never runs there, so no node of the group offers {GPU}"
            ),
            remedy="give the chart nvidia-device-plugin the toleration of the GPU nodes",
            numbers={"group": machines.group.name, "tolerations": len(known)},
        )


def _is_selected(selector: dict[str, str], machines: Machines) -> bool:
    return all(machines.labels.get(key) == value for key, value in selector.items())


RULE = Rule(
    id="CAP012",
    severity=Severity.WARN,
    title="A node group cannot grow from zero",
    source="cluster-autoscaler cloudprovider/aws/README.md: auto-discovery and scaling from 0; k8s-device-plugin",
    check=check,
)
