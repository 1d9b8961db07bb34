"""KUB010: pods that share the node's network, processes or ports."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_system, judged
from wavetank.checks.workloads import Workload

MEANING = {
    "hostNetwork": "no NetworkPolicy applies to it, and it reaches whatever listens on the node's own address",
    "hostPID": "it sees, and as root ends, every process of the node",
    "hostIPC": "it reads the shared memory of every process of the node",
}


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        lighter = Severity.INFO if is_system(workload) else None
        for key in MEANING:
            if workload.spec.get(key) is True:
                yield Mistake(
                    at=workload.at_pod(key),
                    message=f"{workload.title} runs with {key}: {MEANING[key]}",
                    remedy=f"leave {key} out; what watches nodes goes into a namespace of its own",
                    numbers={key: "true"},
                    severity=lighter,
                )
        ports = list(_host_ports(workload))
        if ports and workload.spec.get("hostNetwork") is not True:
            yield Mistake(
                at=workload.at_pod("containers"),
                message=(
                    f"{workload.title} takes port {', '.join(ports)} of its nodes: one pod for each node finds room, and the "
                    "port is open to whoever reaches the node"
                ),
                remedy="use a Service; hostPort is for what has to be found at the node's address",
                numbers={"hostPorts": ", ".join(ports)},
                severity=lighter,
            )


def _host_ports(workload: Workload) -> Iterator[str]:
    for container in every_container(workload):
        for port in items(container.obj.get("ports")):
            if port.get("hostPort"):
                yield str(port["hostPort"])


RULE = Rule(
    id="KUB010",
    severity=Severity.WARN,
    title="Pods share the node's network or processes",
    source="kubernetes.io/docs/concepts/security/pod-security-standards (baseline)",
    check=check,
)
