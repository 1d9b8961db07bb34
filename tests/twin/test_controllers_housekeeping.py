"""Quotas give back what deletions free, pods of vanished nodes are collected, and summed roles follow their parts."""

from __future__ import annotations

import pytest
from controllers_kit import Bench, node, pod

from wavetank.kube.conditions import condition
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster.admission.resource_quota import RESOURCE_QUOTA
from wavetank.twin.controllers import ControllerSettings
from wavetank.twin.controllers.aggregation import ROLES, summed_rules

# --- quotas ----------------------------------------------------------------------------------------------------------


def quota(**hard: str) -> Obj:
    limits = {name.replace("_", "."): amount for name, amount in hard.items()}
    metadata = {"name": "quota", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": limits}}


def asking(name: str, cpu: str) -> Obj:
    container = {"name": "main", "image": "registry.example/app:1", "resources": {"requests": {"cpu": cpu}}}
    return pod(name, node_name="n1", containers=[container])


def used(bench: Bench) -> Obj:
    found: Obj = bench.cluster.get("resourcequotas", "default", "quota")["status"]["used"]
    return found


def quota_bench(**hard: str) -> Bench:
    bench = Bench(admission=[RESOURCE_QUOTA])
    bench.cluster.create(node("n1"))
    bench.cluster.create(quota(**hard))
    bench.settle()
    return bench


def test_a_new_quota_counts_what_is_there_already() -> None:
    bench = Bench()
    bench.cluster.create(asking("a", "200m"))
    bench.cluster.create(asking("b", "300m"))
    bench.cluster.create(quota(pods="10", requests_cpu="4", services="1"))
    bench.settle()
    assert used(bench) == {"pods": "2", "requests.cpu": "500m", "services": "0"}


def test_what_a_deletion_frees_can_be_used_again() -> None:
    bench = quota_bench(requests_cpu="1")
    bench.cluster.create(asking("a", "1"))
    with pytest.raises(ApiError, match="exceeded quota: quota"):
        bench.cluster.create(asking("b", "1"))
    bench.cluster.delete("pods", "default", "a", grace_seconds=0)
    bench.settle()
    assert used(bench) == {"requests.cpu": "0"}
    bench.cluster.create(asking("b", "1"))
    assert used(bench) == {"requests.cpu": "1"}


def test_a_finished_pod_stops_counting() -> None:
    bench = quota_bench(pods="1")
    bench.cluster.create(asking("a", "1"))
    bench.set_phase("a", "Succeeded")
    bench.settle()
    assert used(bench) == {"pods": "0"}


def test_a_pod_that_should_be_gone_stops_counting_though_its_node_is_silent() -> None:
    bench = quota_bench(pods="1")
    bench.cluster.create(asking("a", "1"))
    bench.cluster.delete("pods", "default", "a", grace_seconds=5)
    bench.settle(4)
    assert used(bench) == {"pods": "1"}
    bench.settle(10)
    assert used(bench) == {"pods": "0"}


def test_a_changed_limit_is_seen_at_once_and_forged_numbers_within_five_minutes() -> None:
    bench = quota_bench(pods="1")
    bench.cluster.update({**bench.cluster.get("resourcequotas", "default", "quota"), "spec": {"hard": {"pods": "7"}}})
    bench.settle()
    live = bench.cluster.get("resourcequotas", "default", "quota")
    assert live["status"]["hard"] == {"pods": "7"}
    bench.cluster.set_status(live, {"hard": {"pods": "7"}, "used": {"pods": "5"}})
    bench.settle(301)
    assert used(bench) == {"pods": "0"}


# --- pods that nobody else removes --------------------------------------------------------------------------------------


def test_pods_of_a_node_that_is_gone_fail_and_go_after_the_quarantine() -> None:
    bench = Bench()
    bench.cluster.create(node("n1"))
    bench.cluster.create(asking("a", "1"))
    ends: list[Obj] = []
    bench.cluster.subscribe("pods", lambda change: ends.append(change.object))
    bench.cluster.delete("nodes", "", "n1")
    bench.settle(45)
    assert [p["metadata"]["name"] for p in bench.pods()] == ["a"]
    bench.settle(40)
    assert bench.pods() == []
    failed = condition(ends[-1], "DisruptionTarget") or {}
    assert (ends[-1]["status"]["phase"], failed["reason"]) == ("Failed", "DeletionByPodGC")


def test_a_node_that_appears_in_time_keeps_its_pods() -> None:
    bench = Bench(heartbeats=lambda _: bench.engine.now)
    bench.cluster.create(asking("a", "1"))
    bench.settle(50)
    bench.cluster.create(node("n1"))
    bench.settle(100)
    assert [p["metadata"]["name"] for p in bench.pods()] == ["a"]


def test_terminated_pods_beyond_the_threshold_go_oldest_first() -> None:
    bench = Bench(ControllerSettings(terminated_pod_gc_threshold=2))
    bench.cluster.create(node("n1"))
    for name in ("a", "b", "c", "d"):
        bench.cluster.create(asking(name, "1"))
        bench.set_phase(name, "Succeeded")
        bench.settle(1)
    bench.settle(20)
    assert [p["metadata"]["name"] for p in bench.pods()] == ["c", "d"]


def test_terminating_pods_of_a_node_out_of_service_go_at_once() -> None:
    bench = Bench()
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    bench.cluster.create(node("n1", ready="Unknown", taints=[taint]))
    bench.cluster.create(asking("a", "1"))
    bench.settle(25)
    assert bench.pods() == []


# --- summed roles ----------------------------------------------------------------------------------------------------------


def role(name: str, *verbs: str, part_of: str = "") -> Obj:
    labels = {"part-of": part_of} if part_of else {}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]} for verb in verbs]
    api = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": name, "labels": labels}, "rules": rules}


def summing(name: str, *parts: str) -> Obj:
    selectors = [{"matchLabels": {"part-of": part}} for part in parts]
    return {**role(name), "aggregationRule": {"clusterRoleSelectors": selectors}}


def verbs(bench: Bench, name: str) -> list[str]:
    return [rule["verbs"][0] for rule in bench.cluster.get(ROLES, "", name)["rules"]]


def test_a_summed_role_follows_its_parts_as_they_come_change_and_go() -> None:
    bench = Bench()
    bench.cluster.create(summing("all", "x"))
    bench.cluster.create(role("b", "watch", "get", part_of="x"))
    bench.cluster.create(role("a", "get", part_of="x"))
    bench.cluster.create(role("stranger", "delete", part_of="y"))
    bench.settle()
    assert verbs(bench, "all") == ["get", "watch"]
    bench.cluster.delete(ROLES, "", "b")
    bench.settle()
    assert verbs(bench, "all") == ["get"]


def test_sums_of_sums_settle() -> None:
    bench = Bench()
    outer, inner = summing("outer", "x"), summing("inner", "y")
    inner["metadata"]["labels"] = {"part-of": "x"}
    for each in (outer, inner, role("leaf", "list", part_of="y")):
        bench.cluster.create(each)
    bench.settle()
    assert verbs(bench, "outer") == ["list"]


def test_a_role_never_sums_itself() -> None:
    itself = summing("all", "x")
    itself["metadata"]["labels"] = {"part-of": "x"}
    itself["rules"] = role("other", "get")["rules"]
    assert summed_rules(itself, [itself]) == []
