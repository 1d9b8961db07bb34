"""Whatever a client sends, it gets an answer of the API: an object or a Status, never a traceback and never a 500."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wavetank.twin.apiserver.app import Application
from wavetank.twin.apiserver.edge import Edge
from wavetank.twin.apiserver.listener import CERTIFICATE
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.ports import NoLogs, NoMetrics
from wavetank.twin.engine import Engine, Pacer

ADMIN = {"subject": ((("organizationName", "system:masters"),), (("commonName", "admin"),))}
CONTENT_TYPES = (
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json-patch+json",
    "application/apply-patch+yaml",
)
PATHS = (
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/pods/p",
    "/api/v1/namespaces/default/pods/p/eviction",
    "/api/v1/namespaces/default/services",
    "/api/v1/namespaces/default/configmaps/c",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/deployments/d",
    "/apis/apps/v1/namespaces/default/deployments/d/scale",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/x",
    "/api/v1/namespaces",
    "/api/v1/nodes/n",
)
_KEYS = (
    "apiVersion kind metadata name namespace labels annotations spec status data containers image template selector "
    "matchLabels replicas ports port type rules finalizers ownerReferences managedFields op path value $patch "
    "$setElementOrder/containers versions names group scope target requests limits resources cpu"
)
KEYS = st.sampled_from(_KEYS.split())
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=5), max_leaves=12
)
KINDS = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({"name": st.sampled_from(["p", "d", "c", "x", ""])}) | VALUES},
    optional={"spec": VALUES, "data": VALUES, "status": VALUES, "rules": VALUES, "kind": st.text(max_size=5)},
)
BODIES = (
    st.binary(max_size=60) | VALUES.map(lambda v: json.dumps(v).encode()) | KINDS.map(lambda v: json.dumps(v).encode())
)


def _edge() -> Edge:
    engine = Engine()
    cluster = new_cluster(engine)
    cluster.create(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    )
    containers = [{"name": "c", "image": "x"}]
    labels = {"app": "x"}
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": containers},
        }
    )
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "d", "namespace": "default"}
    cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}})
    return Edge(cluster, Pacer(engine), NoMetrics(), NoLogs(), "v1.36.2")


def answered(edge: Edge, method: str, path: str, query: str, content_type: str, body: bytes) -> tuple[int, bytes]:
    """One request through the ASGI application: status and body."""
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"content-type", content_type.encode())],
        CERTIFICATE: ADMIN,
    }
    asyncio.run(Application(edge, ())(scope, receive, send))
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    st.sampled_from(PATHS),
    st.sampled_from(["", "fieldValidation=Strict&fieldManager=t", "dryRun=All&force=true&fieldManager=t"]),
    st.sampled_from(CONTENT_TYPES),
    BODIES,
)
def test_any_body_gets_an_answer_of_the_api(method: str, path: str, query: str, content_type: str, body: bytes) -> None:
    status, answer = answered(_EDGE, method, path, query, content_type, body)
    value = json.loads(answer)
    assert isinstance(value, dict)
    assert "kind" in value
    # A 500 without a reason is what upstream answers to patches that its merge cannot digest.
    assert status != 500 or "reason" not in value, answer


_EDGE = _edge()
