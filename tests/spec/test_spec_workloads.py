"""Mistakes about workloads, their storage, scaling and connections are told at their place, with what to do."""

from __future__ import annotations

import pytest
from platform_texts import MINIMAL, problems


def told(workload: str = "", more: str = "") -> list[str]:
    """The messages about a platform whose workload has these further lines, and that has these further sections."""
    lines = "".join(f"    {line}\n" for line in workload.splitlines())
    text = MINIMAL.replace("    port: 8080\n", f"    port: 8080\n{lines}") + more
    return [problem.message for problem in problems(text)]


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        ("schedule: 0 2 * * *", "a Deployment has no schedule"),
        ("kind: CronJob", "a CronJob needs a schedule"),
        ("kind: CronJob\nschedule: daily", '"daily" is no schedule of cron'),
        ("kind: Job\nautoscaling: {maxReplicas: 3, cpu: 50}", "a Job has no autoscaling"),
        ("kind: DaemonSet\nreplicas: 3", "a DaemonSet has no replicas"),
        ("kind: Job\ncompletionMode: Indexed", "an Indexed Job needs completions"),
        ("kind: StatefulSet\nstrategy: {maxSurge: 1}", "a StatefulSet has no strategy"),
        ("storage: [{name: data, mountPath: /data}]", "storage needs a size"),
        ("storage: [{name: data, mountPath: /data, claim: a, size: 1Gi}]", "a claim that exists has its own size"),
        (
            "storage: [{name: data, mountPath: /data, size: 1Gi, storageClass: fast}]",
            'there is no storage class "fast"',
        ),
        ("priorityClass: high", 'there is no priority class "high"'),
        ("nodeGroup: gpu", 'there is no node group or node pool "gpu"'),
        ("kind: StatefulSet\nserviceName: nobody", 'there is no service "nobody"'),
        ("kind: StatefulSet\nserviceName: api", 'the service "api" is not headless'),
        ("autoscaling: {minReplicas: 0, maxReplicas: 3, cpu: 50}", "an HPA cannot scale to 0"),
        ("autoscaling: {maxReplicas: 3, cpu: 50, cooldownPeriod: 60}", "cooldownPeriod means nothing without triggers"),
        ("verticalAutoscaling: {updateMode: Auto}", "Auto is deprecated"),
        ("connects: [nobody]", 'there is no service or workload "nobody"'),
        ("connects: [{to: api, port: 9999}]", '"api" has no port 9999'),
        ("connects: [{port: 80}]", "a connection needs `to` or `namespace`"),
        ("connects: [192.0.2.1]", '"192.0.2.1" is an address, not a range'),
        ("allowFrom: [nobody]", 'there is no workload "nobody"'),
        ("allowFrom: [shop.example.com]", '"shop.example.com" is a host: pods see addresses'),
        ("allowFrom: [aws]", "the services of AWS do not connect to pods"),
    ],
)
def test_what_cannot_be_is_refused(workload: str, message: str) -> None:
    found = told(workload)
    assert [each for each in found if message in each], found


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("storageClasses: [{name: a, default: true}, {name: b, default: true}]\n", "storageClasses has two defaults"),
        ("storageClasses: [{name: a, type: efs}]\n", "fileSystem belongs to storage classes of type efs"),
        ("storageClasses: [{name: a, type: efs, fileSystem: none}]\n", 'there is no file system "none"'),
        ("priorityClasses: [{name: a, value: 2000000000}]\n", "2000000000 is no priority of a user's class"),
    ],
)
def test_classes_that_cannot_be_are_refused(more: str, message: str) -> None:
    found = told(more=more)
    assert [each for each in found if message in each], found


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("{name: s}", "a service needs exactly one of workload and externalName"),
        ("{name: s, workload: api}", "a service needs a port"),
        ("{name: s, workload: api, port: 80, targetPort: 1, ports: [81]}", "port and ports exclude each other"),
        ("{name: s, externalName: a.example.com, port: 80}", "a service with externalName is an alias"),
        ("{name: s, workload: api, port: 80, headless: true, type: LoadBalancer}", "a load balancer needs an address"),
        ("{name: s, workload: api, port: 80, sessionAffinitySeconds: 5}", "sessionAffinitySeconds means nothing"),
    ],
)
def test_services_that_cannot_be_are_refused(service: str, message: str) -> None:
    text = MINIMAL.replace("services:\n", f"services:\n  - {service}\n")
    assert [each for each in problems(text) if message in each.message], problems(text)


@pytest.mark.parametrize(
    "workload",
    [
        "kind: CronJob\nschedule: '@daily'",
        "kind: CronJob\nschedule: '*/5 0-6,22 1 jan mon-fri'",
        "storage: [{name: data, mountPath: /data, size: 1Gi, storageClass: gp2}]",
        "priorityClass: system-cluster-critical",
        "connects: api",
        "connects: [{to: api, port: 80}, {to: api, port: http}, 10.0.0.0/8, {namespace: kafka, port: [9092, 53/UDP]}]",
        "autoscaling: {minReplicas: 0, maxReplicas: 3, triggers: [{type: cron, metadata: {start: 0 6 * * *}}]}",
    ],
)
def test_what_can_be_is_taken(workload: str) -> None:
    assert told(workload) == []
