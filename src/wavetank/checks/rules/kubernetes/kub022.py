"""KUB022: environment variables or ports that one container has twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container
from wavetank.checks.workloads import Container


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in every_container(workload):
            variables = [str(v["name"]) for v in items(container.obj.get("env")) if v.get("name")]
            yield from _twice(container, "env", variables, "the last one counts, the others are dead text")
            ports = [
                f"{p['containerPort']}/{p.get('protocol', 'TCP')}"
                for p in items(container.obj.get("ports"))
                if p.get("containerPort") is not None
            ]
            yield from _twice(
                container, "ports", ports, "the second says nothing new, and an update may drop the first"
            )


def _twice(container: Container, key: str, names: list[str], effect: str) -> Iterator[Mistake]:
    doubled = [(name, count) for name, count in Counter(names).items() if count > 1]
    for name, count in doubled:
        yield Mistake(
            at=container.at(key, names.index(name)),
            message=f"container {container.name} of {container.workload.title} has {name} {count} times in {key}: {effect}",
            remedy="keep one of them",
            numbers={"name": name, "times": count},
        )


RULE = Rule(
    id="KUB022",
    severity=Severity.INFO,
    title="A variable or port that is there twice",
    source="kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container",
    check=check,
)
