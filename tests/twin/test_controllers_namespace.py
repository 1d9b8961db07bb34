"""A namespace that is deleted: its pods go before what they use, and its conditions say what is left."""

from __future__ import annotations

from controllers_kit import Bench

from wavetank.kube.conditions import condition
from wavetank.kube.types import Obj


def named(kind: str, **spec: object) -> Obj:
    metadata = {"name": "one", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **spec}


def bench() -> Bench:
    there = Bench()
    there.cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    there.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    there.cluster.create(named("Secret"))
    spec = {"nodeName": "n1", "containers": [{"name": "c", "image": "c:1"}], "terminationGracePeriodSeconds": 30}
    there.cluster.create(named("Pod", spec=spec))
    there.settle()
    return there


def remaining(there: Bench) -> str:
    found = condition(there.cluster.get("namespaces", "", "shop"), "NamespaceContentRemaining")
    assert found is not None
    return str(found["message"])


def test_the_pods_of_a_namespace_go_before_what_they_use() -> None:
    there = bench()
    there.cluster.delete("namespaces", "", "shop")
    there.settle(6)
    assert there.cluster.get("pods", "shop", "one")["metadata"]["deletionTimestamp"]
    assert there.cluster.find("secrets", "shop", "one") is not None
    assert remaining(there) == "Some resources are remaining: pods. has 1 resource instances"
    there.cluster.delete("pods", "shop", "one", grace_seconds=0)
    there.settle(20)
    assert there.cluster.find("secrets", "shop", "one") is None
    assert there.cluster.find("namespaces", "", "shop") is None
