"""AVL006: readiness of every replica asks the same database or cache, so that one blip takes all of them away."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.availability.handlers import Handler, python_handlers

#: calls that reach over the network to something that the replicas share
_ASKING = ("ping", "execute", "admin_command", "command", "server_info", "get_connection", "fetchval", "fetch_one")
_SHARED = ("db", "database", "redis", "cache", "mongo", "client", "session", "pool", "engine", "conn", "connection")


def check(case: Case) -> Iterator[Mistake]:
    paths = set(readiness_paths(case))
    for source in case.programs:
        if not source.base.endswith(".py"):
            continue
        for handler in python_handlers(source):
            if handler.path in paths or (not paths and "ready" in handler.path):
                asked = shared_dependencies(handler)
                if asked:
                    yield _mistake(handler, asked)


def readiness_paths(case: Case) -> Iterator[str]:
    for workload in case.workloads:
        for container in workload.containers:
            path = mapping(mapping(container.obj.get("readinessProbe")).get("httpGet")).get("path")
            if path:
                yield str(path).partition("?")[0]


def shared_dependencies(handler: Handler) -> list[str]:
    """Names of what the handler asks over the network: ``db.ping()`` asks db."""
    asked = dict.fromkeys(
        node.func.value.id
        for node in ast.walk(handler.function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _ASKING
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.lower() in _SHARED
    )
    return list(asked)


def _mistake(handler: Handler, asked: list[str]) -> Mistake:
    names = " and ".join(asked)
    return Mistake(
        at=handler.place(handler.function.lineno),
        message=(
            f"readiness at {handler.path} asks {names}, which all replicas share: when it blinks, every replica "
            "becomes unready in "
            "the same period and the load balancer has nobody left, for requests that would not have needed it, too"
        ),
        remedy="let readiness tell whether this replica can work; report dependencies elsewhere, and answer 503 per request",
        numbers={"dependencies": ", ".join(asked)},
    )


RULE = Rule(
    id="AVL006",
    severity=Severity.WARN,
    title="Readiness hangs on what all replicas share",
    source="kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle (readiness); correlated failures",
    check=check,
)
