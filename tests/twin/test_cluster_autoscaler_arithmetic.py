"""The pure parts of Cluster Autoscaler: flags, expanders, sharing, limits, use of nodes, rules for pods, budgets, back-off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.components.cluster_autoscaler import gotext
from wavetank.twin.components.cluster_autoscaler.backoff import Backoffs
from wavetank.twin.components.cluster_autoscaler.budgets import Budgets
from wavetank.twin.components.cluster_autoscaler.drainability import Surroundings, drain_of, verdict
from wavetank.twin.components.cluster_autoscaler.expanders import Complaint, Option, Priorities, best, waste
from wavetank.twin.components.cluster_autoscaler.flags import Limits, Settings, duration_seconds, read_flags
from wavetank.twin.components.cluster_autoscaler.quotas import Size, may_lose, nodes_allowed
from wavetank.twin.components.cluster_autoscaler.similar import ScaleUp, are_similar, balanced
from wavetank.twin.components.cluster_autoscaler.status import as_yaml
from wavetank.twin.components.cluster_autoscaler.templates import Template
from wavetank.twin.components.cluster_autoscaler.utilization import utilization
from wavetank.twin.scheduler.node_info import NodeInfo
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
AWS = ["./cluster-autoscaler", "--cloud-provider=aws"]


def node(cpu: str = "4", memory: str = "16Gi", **labels: str) -> Obj:
    resources = {"cpu": cpu, "memory": memory, "pods": "58"}
    status = {"capacity": resources, "allocatable": resources}
    return {"metadata": {"name": "n", "labels": labels}, "spec": {}, "status": status}


def pod(name: str = "web", cpu: str = "1", memory: str = "1Gi", owner: str = "ReplicaSet", **more: Any) -> PodInfo:
    age_seconds = more.pop("age_seconds", 7200)
    metadata: Obj = {"name": name, "namespace": more.pop("namespace", "default"), "uid": name, "labels": {"app": name}}
    metadata["creationTimestamp"] = rfc3339(NOW - timedelta(seconds=age_seconds))
    metadata["annotations"] = more.pop("annotations", {})
    if owner:
        metadata["ownerReferences"] = [{"kind": owner, "name": "set", "uid": "u", "controller": True}]
    status = {"phase": more.pop("phase", "Running")}
    containers = [{"name": "app", "image": "web:1", "resources": {"requests": {"cpu": cpu, "memory": memory}}}]
    return pod_info({"metadata": metadata, "spec": {"containers": containers, **more}, "status": status})


# --- flags --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("10m", 600), ("1h30m", 5400), ("0", 0), ("1.5s", 1.5), ("250ms", 0.25)])
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "5 m", "often"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parse error"):
        duration_seconds(text)


def test_flags_are_read_in_every_form() -> None:
    words = [*AWS, "--v=4", "--expander", "priority,least-waste", "--balance-similar-node-groups", "-scan-interval=20s"]
    words += [
        "--nodes=1:5:a",
        "--nodes=0:2:b",
        "--scale-down-enabled=false",
        "--cores-total=2:64",
        "--memory-total=0:128",
    ]
    read = read_flags(words)
    assert (read.problems, read.unknown) == ((), ())
    settings = read.settings
    assert (settings.expander, settings.balance_similar_node_groups) == ("priority,least-waste", True)
    assert (settings.scan_interval, settings.scale_down_enabled) == (20.0, False)
    assert settings.nodes == ("1:5:a", "0:2:b")
    assert settings.cores_total == Limits(2, 64)
    assert settings.memory_total == Limits(0, 128 * 1024**3)
    assert settings.delay_after_delete == 20.0


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("--scan-interval=ten", 'invalid argument "ten" for "--scan-interval" flag'),
        ("--max-nodes-total=many", 'invalid argument "many" for "--max-nodes-total" flag'),
        ("--scale-down-enabled=perhaps", 'invalid argument "perhaps" for "--scale-down-enabled" flag'),
        ("--cores-total=9:3", "wrong values: min(9) > max(3)"),
        ("--expander=cheapest", "expander cheapest not supported"),
        ("--expander=price", "Not implemented"),
        ("--nodes=5:1:a", "max size must be greater or equal to min size"),
        ("--node-group-auto-discovery=mig:tag=a", "unsupported discoverer specified: mig"),
        ("--node-group-auto-discovery=asg:name=a", 'unsupported parameter key "name"'),
    ],
)
def test_what_would_end_the_program_is_a_problem(flag: str, text: str) -> None:
    (problem,) = read_flags([*AWS, flag]).problems
    assert text in problem


def test_another_cloud_is_a_problem() -> None:
    assert read_flags(["./cluster-autoscaler"]).problems == (
        "cloud provider 'gce': only aws is there (--cloud-provider=aws)",
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (9, "9s"), (910, "15m10s"), (3600, "1h0m0s"), (905.5, "15m5.5s")]
)
def test_durations_are_written_as_go_writes_them(seconds: float, text: str) -> None:
    assert gotext.duration(seconds) == text


# --- expanders ----------------------------------------------------------------------------------------------------------


def option(group: str, count: int = 1, pods: int = 1, cpu: str = "4") -> Option:
    return Option(group, count, tuple(pod(f"p{i}") for i in range(pods)), node(cpu))


def chosen(expander: str, *options: Option, priorities: str | None = None) -> tuple[str, list[Complaint]]:
    told: list[Complaint] = []
    found = best(options, expander.split(","), Priorities(priorities is not None, priorities), told.append, Random(1))
    return (found.group_id if found is not None else ""), told


def test_waste_is_the_unused_share_of_cpu_and_of_memory() -> None:
    # 2 of 8 cores and 2 of 32 GiB are asked for.
    assert waste(option("a", 2, 2)) == pytest.approx(0.75 + 0.9375)


def test_each_expander_takes_what_it_likes() -> None:
    many, few = option("many", 3, 5), option("few", 1, 1)
    assert chosen("most-pods", many, few)[0] == "many"
    assert chosen("least-nodes", many, few)[0] == "few"
    assert chosen("least-waste", option("big", cpu="16"), option("small", cpu="2"))[0] == "small"
    assert chosen("most-pods,least-nodes", many, option("more", 2, 5))[0] == "more"


def test_priorities_are_patterns_and_the_highest_that_matches_counts() -> None:
    table = "10:\n- .*\n50:\n- spot\n"
    assert chosen("priority", option("general"), option("spot-a"), priorities=table) == ("spot-a", [])


def test_groups_without_a_priority_are_told_and_not_used_unless_there_is_nothing_else() -> None:
    found, told = chosen("priority", option("a"), option("b"), priorities="10:\n- ^b$\n")
    assert (found, [complaint.reason for complaint in told]) == ("b", ["PriorityConfigMapNotMatchedGroup"])
    found, told = chosen("priority", option("a"), priorities="10:\n- ^b$\n")
    assert (found, told[-1].reason) == ("a", "PriorityConfigMapNoGroupMatched")


@pytest.mark.parametrize("text", ["", "no map", "10:\n- '('\n", "ten:\n- a\n"])
def test_priorities_that_cannot_be_read_are_told_and_nothing_grows(text: str) -> None:
    found, told = chosen("priority", option("a"), priorities=text)
    assert (found, [complaint.reason for complaint in told]) == ("", ["PriorityConfigMapInvalid"])


# --- sharing ------------------------------------------------------------------------------------------------------------


def test_nodes_go_to_the_smallest_group_that_is_not_full() -> None:
    groups = [ScaleUp("a", 1, 1, 9), ScaleUp("b", 3, 3, 4), ScaleUp("c", 2, 2, 2)]
    assert [(g.group_id, g.new) for g in balanced(groups, 5)] == [("a", 5), ("b", 4)]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5),
    st.integers(0, 30),
)
def test_sharing_gives_out_what_there_is_and_levels_the_groups(sizes: list[tuple[int, int]], nodes: int) -> None:
    groups = [ScaleUp(str(i), now, now, now + room) for i, (now, room) in enumerate(sizes)]
    plan = balanced(groups, nodes)
    assert sum(g.new - g.current for g in plan) == min(nodes, sum(room for _, room in sizes))
    assert all(g.current < g.new <= g.most for g in plan)
    after = {g.group_id: g.current for g in groups} | {g.group_id: g.new for g in plan}
    # Whoever grew is at most one above any group that could have grown instead.
    open_ones = [after[g.group_id] for g in groups if after[g.group_id] < g.most]
    assert all(g.new <= least + 1 for g in plan for least in open_ones)


def test_groups_are_alike_but_for_zone_and_name() -> None:
    def template(zone: str, memory: str = "16Gi", tier: str = "web") -> Template:
        labels = {"topology.kubernetes.io/zone": zone, "eks.amazonaws.com/nodegroup": f"g-{zone}", "tier": tier}
        return Template(node(memory=memory, **labels), (pod("agent", cpu="100m"),))

    settings = Settings()
    assert are_similar(template("a"), template("b"), settings)
    assert are_similar(template("a"), template("b", memory="16200Mi"), settings)
    assert not are_similar(template("a"), template("b", memory="15Gi"), settings)
    assert not are_similar(template("a"), template("b", tier="batch"), settings)
    by_label = read_flags([*AWS, "--balancing-label=tier"]).settings
    assert are_similar(template("a"), template("b", memory="1Gi"), by_label)


# --- limits -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 50), st.integers(1, 8), st.integers(0, 20))
def test_nodes_that_are_allowed_never_exceed_the_limit(cores: int, each: int, wanted: int) -> None:
    settings = read_flags([*AWS, "--cores-total=4:40"]).settings
    total, one = Size(cores, cores * 2**30), Size(each, 2**30)
    allowed = nodes_allowed(settings, total, one, wanted)
    assert 0 <= allowed <= wanted
    assert not allowed or cores + allowed * each <= 40
    assert may_lose(settings, total, one) == (cores - each >= 4)


# --- use of nodes -------------------------------------------------------------------------------------------------------


def info(*pods: PodInfo, cpu: str = "4") -> NodeInfo:
    found = NodeInfo(node(cpu))
    for each in pods:
        found.add(each)
    return found


def test_the_fuller_of_cpu_and_memory_counts() -> None:
    found = utilization(info(pod(cpu="1", memory="8Gi")), Settings(), NOW)
    assert (found.cpu, found.memory, found.resource, found.share) == (
        Fraction(1, 4),
        Fraction(1, 2),
        "memory",
        Fraction(1, 2),
    )


def test_daemon_pods_can_be_left_out_on_both_sides() -> None:
    there = info(pod("agent", cpu="2", memory="0", owner="DaemonSet"), pod(cpu="1", memory="0"))
    assert utilization(there, Settings(), NOW).share == Fraction(3, 4)
    settings = read_flags([*AWS, "--ignore-daemonsets-utilization"]).settings
    assert utilization(there, settings, NOW).share == Fraction(1, 2)


# --- rules for pods -----------------------------------------------------------------------------------------------------


def around(*budgets: Obj, replicas: int | None = 3, **settings: str) -> Surroundings:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    return Surroundings(read_flags([*AWS, *flags]).settings, Budgets(budgets), lambda *_: replicas, NOW)


def budget(app: str, allowed: int) -> Obj:
    spec = {"selector": {"matchLabels": {"app": app}}}
    return {"metadata": {"namespace": "default"}, "spec": spec, "status": {"disruptionsAllowed": allowed}}


EMPTY_DIR: dict[str, Any] = {"volumes": [{"name": "scratch", "emptyDir": {}}]}


@pytest.mark.parametrize(
    ("given", "surroundings", "fate"),
    [
        (pod(), around(), "move"),
        (pod(owner="DaemonSet"), around(), "stay"),
        (pod(annotations={"kubernetes.io/config.mirror": "x"}, owner=""), around(), "stay"),
        (pod(phase="Succeeded", owner=""), around(), "stay"),
        (pod(owner=""), around(), "block NotReplicated"),
        (pod(owner="Widget"), around(), "block NotReplicated"),
        (pod(owner="Widget"), around(skip_nodes_with_custom_controller_pods="false"), "move"),
        (pod(), around(replicas=None), "block ControllerNotFound"),
        (pod(), around(replicas=1, min_replica_count="2"), "block MinReplicasReached"),
        (pod(owner="StatefulSet"), around(replicas=1, min_replica_count="2"), "move"),
        (pod(annotations={SAFE: "false"}), around(), "block NotSafeToEvictAnnotation"),
        (pod(annotations={SAFE: "on-completion"}), around(), "wait"),
        (pod(owner="", annotations={SAFE: "true"}), around(), "move"),
        (pod(**EMPTY_DIR), around(), "block LocalStorageRequested"),
        (pod(**EMPTY_DIR), around(skip_nodes_with_local_storage="false"), "move"),
        (pod(volumes=[{"name": "scratch", "emptyDir": {"medium": "Memory"}}]), around(), "move"),
        (pod(**EMPTY_DIR, annotations={f"{SAFE}-local-volumes": "other,scratch"}), around(), "move"),
        (pod(namespace="kube-system", age_seconds=60), around(), "block UnmovableKubeSystemPod"),
        (pod(namespace="kube-system", age_seconds=3600), around(), "move"),
        (pod(namespace="kube-system", age_seconds=60), around(skip_nodes_with_system_pods="false"), "move"),
        (pod(), around(budget("web", 0)), "block NotEnoughPdb"),
        (pod(), around(budget("web", 1)), "move"),
        (pod(annotations={SAFE: "true"}), around(budget("web", 0)), "move"),
    ],
)
def test_the_first_rule_that_decides_counts(given: PodInfo, surroundings: Surroundings, fate: str) -> None:
    found = verdict(given, surroundings)
    assert f"{found.fate} {found.reason}".strip() == fate


def test_one_pod_that_blocks_keeps_the_node() -> None:
    found = drain_of([pod("a"), pod("b", owner=""), pod("c")], around())
    assert (found.moving, found.blocked_by) == ((), "default/b: NotReplicated")


def test_budgets_are_spent_within_a_loop() -> None:
    budgets = Budgets([budget("web", 2)])
    web = pod()
    assert budgets.allows_at_once([web, web])
    assert not budgets.allows_at_once([web, web, web])
    budgets.spend([web, web])
    assert not budgets.allows(web)
    assert budgets.allows(pod("other"))


# --- back-off -----------------------------------------------------------------------------------------------------------


def test_a_group_that_fails_again_waits_twice_as_long_up_to_half_an_hour() -> None:
    backoffs = Backoffs(Settings())
    now, waits = 0.0, list[float]()
    for _ in range(5):
        backoffs.fail("a", "code", "message", now)
        found = backoffs.current("a", now + 1.0)
        assert found is not None
        waits.append(found.duration_seconds)
        now = found.until_seconds
        assert backoffs.current("a", now) is None
    assert waits == [300.0, 600.0, 1200.0, 1800.0, 1800.0]


def test_failures_at_the_same_time_do_not_add_up() -> None:
    backoffs = Backoffs(Settings())
    for seconds in (0.0, 1.0, 2.0):
        backoffs.fail("a", "code", "message", seconds)
    found = backoffs.current("a", 3.0)
    assert found is not None
    assert (found.duration_seconds, found.until_seconds) == (300.0, 302.0)


def test_an_old_failure_is_forgotten() -> None:
    backoffs = Backoffs(Settings())
    backoffs.fail("a", "code", "message", 0.0)
    backoffs.forget_old(3 * 3600.0 + 1.0)
    assert not backoffs.any


# --- status -------------------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
MAPS = st.recursive(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 99) | WORDS, min_size=1),
    lambda inner: st.dictionaries(
        st.sampled_from("ghijk"), inner | st.lists(inner, min_size=1, max_size=3), min_size=1
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(MAPS)
def test_the_status_is_yaml(value: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(value)) == value
