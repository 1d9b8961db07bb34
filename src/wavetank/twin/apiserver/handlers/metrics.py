"""Metrics: the newest samples of the machines in the shape of metrics-server, external ones as their adapter answers."""

from __future__ import annotations

from datetime import timedelta

from wavetank.kube.errors import ApiError, bad_request, not_found
from wavetank.kube.quantity import Amount, format_bytes, format_milli
from wavetank.kube.selectors import InvalidSelectorError, parse_label_selector
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage
from wavetank.twin.cluster.registry import no_such_resource
from wavetank.twin.controllers.custom_metrics import MetricError

from ..edge import Edge, method_not_allowed
from ..exchange import Answer, Exchange, answer_of


def answer(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    """GET and LIST of NodeMetrics and PodMetrics."""
    target, wanted = exchange.target, exchange.accepted(tables=False)
    edge.require_verb(resource, target.verb)
    samples = _nodes(edge) if resource.plural == "nodes" else _pods(edge, target.namespace)
    if target.name and target.verb == "get" and edge.metrics_by_name:
        found = next((s for s in samples if s["metadata"]["name"] == target.name), None)
        if found is None:
            raise not_found(resource, f"{target.namespace}/{target.name}" if target.namespace else target.name)
        return answer_of(found, wanted)
    try:
        labels = parse_label_selector(exchange.query.get("labelSelector", ""))
    except InvalidSelectorError as error:
        raise bad_request(str(error)) from error
    items = [s for s in samples if labels.matches(s["metadata"].get("labels"))]
    kind = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": {}}
    return answer_of({**kind, "items": items}, wanted)


def external_answer(edge: Edge, exchange: Exchange) -> Answer:
    """GET of one external metric of a namespace; which series count, the label selector says."""
    target, adapter = exchange.target, edge.custom_metrics
    if not adapter.available() or target.version != "v1beta1" or target.name:
        raise no_such_resource()
    if target.verb not in ("get", "list"):
        raise method_not_allowed()
    try:
        labels = parse_label_selector(exchange.query.get("labelSelector", ""))
        values = adapter.series(target.namespace, target.plural, labels)
    except InvalidSelectorError as error:
        raise bad_request(str(error)) from error
    except MetricError as error:
        raise ApiError(500, "InternalError", f"Internal error occurred: {error}") from error
    now = rfc3339(edge.cluster.now)
    items = [
        {"metricName": target.plural, "metricLabels": None, "timestamp": now, "value": format_milli(value)}
        for value in values
    ]
    kind = {"kind": "ExternalMetricValueList", "apiVersion": "external.metrics.k8s.io/v1beta1", "metadata": {}}
    return answer_of({**kind, "items": items}, exchange.accepted(tables=False))


def _nodes(edge: Edge) -> list[Obj]:
    return [_node_metrics(edge, sample) for sample in edge.metrics.nodes()]


def _node_metrics(edge: Edge, sample: NodeUsage) -> Obj:
    node = edge.cluster.find("nodes", "", sample.name)
    return {
        "kind": "NodeMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": _metadata(edge, sample.name, "", node),
        **_window(edge, sample.seconds, sample.window_seconds),
        "usage": _usage(sample.usage),
    }


def _pods(edge: Edge, namespace: str) -> list[Obj]:
    return [_pod_metrics(edge, sample) for sample in edge.metrics.pods(namespace)]


def _pod_metrics(edge: Edge, sample: PodUsage) -> Obj:
    pod = edge.cluster.find("pods", sample.namespace, sample.name)
    return {
        "kind": "PodMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": _metadata(edge, sample.name, sample.namespace, pod),
        **_window(edge, sample.seconds, sample.window_seconds),
        "containers": [{"name": name, "usage": _usage(usage)} for name, usage in sample.containers.items()],
    }


def _metadata(edge: Edge, name: str, namespace: str, of: Obj | None) -> Obj:
    metadata: Obj = {"name": name, "creationTimestamp": rfc3339(edge.cluster.now)}
    if namespace:
        metadata["namespace"] = namespace
    labels = ((of or {}).get("metadata") or {}).get("labels")
    return {**metadata, "labels": labels} if labels else metadata


def _window(edge: Edge, seconds: float, window_seconds: float) -> Obj:
    moment = edge.cluster.engine.epoch + timedelta(seconds=seconds)
    return {"timestamp": rfc3339(moment), "window": f"{window_seconds:g}s"}


def _usage(usage: Usage) -> Obj:
    cpu = Amount(round(usage.cpu_milli * 1_000_000))
    return {"cpu": str(cpu), "memory": format_bytes(usage.memory_bytes)}
