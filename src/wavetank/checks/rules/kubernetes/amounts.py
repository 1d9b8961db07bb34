"""Requests and limits that a container gets in the end: its own, those of its pod, and the defaults of its namespace.

Called by the KUB rules about resources. Reads objects, judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.workloads import Container


def has_request(case: Case, container: Container, resource: str) -> bool:
    """A limit without a request is the request, too."""
    stated = (container.requests, container.limits, *_of_pod(container, "requests", "limits"))
    return any(resource in each for each in (*stated, *_defaults(case, container, "defaultRequest", "default")))


def has_limit(case: Case, container: Container, resource: str) -> bool:
    stated = (container.limits, *_of_pod(container, "limits"))
    return any(resource in each for each in (*stated, *_defaults(case, container, "default")))


def _of_pod(container: Container, *keys: str) -> Iterator[dict[str, object]]:
    resources = mapping(container.workload.spec.get("resources"))
    return (mapping(resources.get(key)) for key in keys)


def _defaults(case: Case, container: Container, *keys: str) -> Iterator[dict[str, object]]:
    for limit_range in case.manifests.in_namespace("LimitRange", container.workload.namespace):
        for limit in items(limit_range.spec.get("limits")):
            if limit.get("type") == "Container":
                yield from (mapping(limit.get(key)) for key in keys)
