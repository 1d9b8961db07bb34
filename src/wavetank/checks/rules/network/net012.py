"""NET012: security groups of one's own on the nodes that keep the control plane out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.catalog import component_port, webhook_ports
from wavetank.checks.aws import Reference, Resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for template in case.aws.of_type("aws_launch_template"):
        if not _is_for_nodes(case, template):
            continue
        groups = _groups(case, template)
        if groups:
            yield from _missing(case, template, groups)


def _is_for_nodes(case: Case, template: Resource) -> bool:
    users = [*case.aws.of_type("aws_eks_node_group"), *case.aws.of_type("aws_autoscaling_group")]
    return any(_refers(block.get("id"), template) for user in users for block in user.blocks("launch_template"))


def _refers(value: Any, resource: Resource) -> bool:
    return isinstance(value, Reference) and value.address == resource.name


def _groups(case: Case, template: Resource) -> list[Resource] | None:
    """Its security groups, all of this configuration; None when one is another's (the cluster's own, perhaps)."""
    stated = template.body.get("vpc_security_group_ids")
    blocks = template.blocks("network_interfaces")
    listed = stated if isinstance(stated, list) else (blocks[0].get("security_groups") if blocks else None)
    if not isinstance(listed, list) or not listed:
        return None
    known = {group.name: group for group in case.aws.of_type("aws_security_group")}
    found = [known.get(each.address) if isinstance(each, Reference) else None for each in listed]
    return None if any(group is None for group in found) else [group for group in found if group is not None]


def _missing(case: Case, template: Resource, groups: list[Resource]) -> Iterator[Mistake]:
    rules = [rule for group in groups for rule in ingress_rules(case, group)]
    if any(_is_unknown(rule) for rule in rules):
        return
    webhooks = [at for name, at in webhook_ports().items() if case.components.installs(name)]
    needed = dict.fromkeys([component_port("kubelet"), *webhooks])
    missing = [each for each in needed if not any(_covers(rule, each) for rule in rules)]
    if missing:
        names = ", ".join(group.name for group in groups)
        open_ports = ", ".join(sorted({f"{rule.get('from_port')}-{rule.get('to_port')}" for rule in rules})) or "none"
        yield Mistake(
            at=groups[0].at("ingress"),
            message=(
                f"nodes of {template.name} have only {names}, which admits {open_ports}, but not "
                f"{', '.join(map(str, missing))}: the "
                "API server does not reach kubelet (logs, exec, metrics) and webhooks there"
            ),
            remedy=(
                "put the cluster's own security group (vpc_config[0].cluster_security_group_id) on the nodes as well, or admit "
                f"{', '.join(map(str, missing))} from it"
            ),
            numbers={"missing": ", ".join(map(str, missing)), "admitted": open_ports},
        )


def ingress_rules(case: Case, group: Resource) -> list[Mapping[str, Any]]:
    """Of a security group, from its own blocks and from rules beside it."""
    beside = [r for r in case.aws.of_type("aws_security_group_rule") if _is_ingress_of(r, group)]
    single = [
        r
        for r in case.aws.of_type("aws_vpc_security_group_ingress_rule")
        if _refers(r.body.get("security_group_id"), group)
    ]
    return [*group.blocks("ingress"), *(r.body for r in beside), *(r.body for r in single)]


def _is_ingress_of(rule: Resource, group: Resource) -> bool:
    return rule.body.get("type") == "ingress" and _refers(rule.body.get("security_group_id"), group)


def _protocol(rule: Mapping[str, Any]) -> str:
    return str(rule.get("protocol", rule.get("ip_protocol", "")))


def _is_unknown(rule: Mapping[str, Any]) -> bool:
    return _protocol(rule) not in ("-1", "all") and (
        whole(rule.get("from_port")) is None or whole(rule.get("to_port")) is None
    )


def _covers(rule: Mapping[str, Any], port: int) -> bool:
    if _protocol(rule) in ("-1", "all"):
        return True
    first, last = whole(rule.get("from_port")), whole(rule.get("to_port"))
    return _protocol(rule) in ("tcp", "6") and first is not None and last is not None and first <= port <= last


RULE = Rule(
    id="NET012",
    severity=Severity.ERROR,
    title="The nodes' security group keeps the control plane out",
    source="Amazon EKS user guide, View Amazon EKS security group requirements: 10250 from the cluster security group",
    check=check,
)
