"""Quotas, limit ranges and Pod Security decide as a real 1.36 control plane did, message for message."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.kube import quantity
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine

CASES = Path(__file__).parent.parent / "data" / "decisions" / "admission.jsonl.gz"
NAMESPACE = "tried"


def _cases() -> list[dict[str, Any]]:
    with gzip.open(CASES, "rt") as lines:
        return [json.loads(line) for line in lines]


def _prepared(given: dict[str, Any], first_used: dict[str, dict[str, str]]) -> Cluster:
    cluster = new_cluster(Engine())
    labels = given["namespaceLabels"]
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    cluster.create(_named({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}))
    for name, value in (("high", 1000), ("low", 10)):
        metadata = {"name": name}
        kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
        cluster.create({**kind, "metadata": metadata, "value": value})
    for obj in given["objects"]:
        created = cluster.create(_named(obj))
        if obj["kind"] == "ResourceQuota":
            hard = created["spec"]["hard"]
            # What was there before the first try, which is never a ConfigMap.
            before = first_used[obj["metadata"]["name"]]
            used = {n: before[n] if n == "configmaps" else "0" for n in hard}
            cluster.set_status(created, {"hard": hard, "used": used})
    return cluster


def _named(obj: Obj) -> Obj:
    namespaced = obj.get("kind") not in ("PriorityClass", "StorageClass")
    namespace = {"namespace": NAMESPACE} if namespaced else {}
    return {**obj, "apiVersion": obj.get("apiVersion", "v1"), "metadata": {**obj["metadata"], **namespace}}


def _answer(cluster: Cluster, tried: Obj) -> dict[str, Any]:
    try:
        created = cluster.create(_named(tried), call=Call(external=True))
    except ApiError as error:
        return {"code": error.code, "reason": error.reason, "message": _unordered(error.message)}
    if tried["kind"] != "Pod":
        return {"code": 201}
    return {"code": 201, "resources": [c.get("resources", {}) for c in created["spec"]["containers"]]}


def _unordered(message: str) -> str:
    """A limit range's list of violations has no defined order."""
    head, mark, rest = message.partition("is forbidden: [")
    return head + mark + ", ".join(sorted(rest.rstrip("]").split(", "))) if mark else message


def _canonical(resources: list[Obj]) -> list[Obj]:
    return [{k: {n: quantity.canonical(q) for n, q in v.items()} for k, v in r.items()} for r in resources]


@pytest.mark.parametrize("case", _cases(), ids=lambda case: str(case["name"]))
def test_admission_answers_as_recorded(case: dict[str, Any]) -> None:
    cluster = _prepared(case["given"], case["observed"][0].get("used", {}))
    for tried, observed in zip(case["given"]["tries"], case["observed"], strict=True):
        answer = _answer(cluster, tried)
        wanted = {"code": observed["code"]}
        if observed["code"] != 201:
            wanted |= {"reason": observed["reason"], "message": _unordered(observed["message"])}
        elif "resources" in answer and "resources" in observed:
            wanted["resources"] = _canonical(observed["resources"])
            answer["resources"] = _canonical(answer["resources"])
        else:
            answer.pop("resources", None)
        assert answer == wanted, tried["metadata"]["name"]
        for name, used in observed.get("used", {}).items():
            stored = cluster.get("resourcequotas", NAMESPACE, name)["status"]["used"]
            assert {n: quantity.canonical(q) for n, q in stored.items()} == used
