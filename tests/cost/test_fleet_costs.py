"""Machines: how many the pods need, of which kind, bought how, and who pays for them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cost_platforms import GROUP, ON, billed, expected, line, planned, workload
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.cost import bill, by, differences
from wavetank.cost.shares import divided
from wavetank.plan.fleet import expected_fleet
from wavetank.plan.model import Plan

AUTOSCALER = [{"name": "cluster-autoscaler"}]
KARPENTER = {"nodePools": [{"name": "general", "instanceFamilies": ["m5", "c5"], "limits": {"cpu": 200}}]}


def big(replicas: int, cpu: str = "1500m", memory: str = "2Gi", **more: Any) -> dict[str, Any]:
    return workload("big", replicas=replicas, resources={"cpu": cpu, "memory": memory}, **more)


def nodes(plan: Plan, group: str = "general") -> int:
    return expected_fleet(plan).nodes_of(group)


def test_as_many_nodes_as_desired_when_they_are_enough() -> None:
    assert nodes(planned(helmReleases=AUTOSCALER)) == 2


def test_an_autoscaler_adds_what_the_pods_need_up_to_the_maximum() -> None:
    assert nodes(planned(workloads=[big(4)], helmReleases=AUTOSCALER)) == 4
    assert nodes(planned(workloads=[big(9)], helmReleases=AUTOSCALER)) == 5


def test_without_an_autoscaler_there_are_the_desired_nodes_whatever_waits() -> None:
    plan = planned(workloads=[big(4)])
    assert nodes(plan) == 2
    assert expected_fleet(plan).homeless


def test_pods_are_limited_by_the_addresses_of_a_node_too() -> None:
    small = workload("small", replicas=60, resources={"cpu": "10m", "memory": "16Mi"})
    assert nodes(planned(workloads=[small], helmReleases=AUTOSCALER)) == 3  # 29 pods on an m5.large, 2 of them daemons


def test_daemonsets_of_the_platform_take_room_on_every_node() -> None:
    heavy = workload("agent", kind="DaemonSet", resources={"cpu": "900m", "memory": "64Mi"})
    heavy.pop("replicas")
    without = nodes(planned(workloads=[big(2, "800m")], helmReleases=AUTOSCALER))
    assert nodes(planned(workloads=[big(2, "800m"), heavy], helmReleases=AUTOSCALER)) > without


def test_pods_with_gpus_stand_on_machines_with_gpus_only() -> None:
    gpus = {"name": "gpu", "instanceTypes": "g5.xlarge", "minSize": 0, "desiredSize": 0, "maxSize": 4}
    gpus["taints"] = [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    model = workload("model", replicas=2, gpus=1, nodeGroup="gpu", resources={"cpu": "1", "memory": "4Gi"})
    plan = planned(
        groups=[GROUP, gpus], workloads=[model], helmReleases=[*AUTOSCALER, {"name": "nvidia-device-plugin"}]
    )
    assert (nodes(plan, "gpu"), nodes(plan)) == (2, 2)
    assert not expected_fleet(plan).homeless


def test_groups_of_one_zone_each_are_one_pool_that_grows_evenly() -> None:
    group = {**GROUP, "perZone": True, "minSize": 1, "desiredSize": 1, "maxSize": 4}
    plan = planned(groups=[group], workloads=[big(4)], helmReleases=AUTOSCALER)
    counts = [nodes(plan, each.name) for each in plan.node_groups]
    assert len(counts) == 2
    assert sum(counts) == 4
    assert max(counts) - min(counts) <= 1


def test_karpenter_takes_the_type_that_holds_the_pods_for_the_least_money() -> None:
    group = {**GROUP, "minSize": 1, "desiredSize": 1, "maxSize": 1}
    plan = planned(groups=[group], workloads=[big(6)], karpenter=KARPENTER, helmReleases=[{"name": "karpenter"}])
    (pool,) = expected_fleet(plan).pools
    assert pool.instance_type.startswith("c5.")
    assert pool.nodes >= 1
    priced = bill(plan, ON)
    hours = line(priced, f"general: {pool.instance_type}")
    assert hours.reading.quantity.floor == 0
    assert hours.reading.quantity.expected == pool.nodes * 730


def test_a_pools_limits_bound_its_nodes() -> None:
    pool = {"name": "few", "instanceTypes": ["m5.large"], "limits": {"cpu": 4}}
    group = {**GROUP, "minSize": 1, "desiredSize": 1, "maxSize": 1}
    plan = planned(
        groups=[group], workloads=[big(9)], karpenter={"nodePools": [pool]}, helmReleases=[{"name": "karpenter"}]
    )
    assert nodes(plan, "few") == 2


def test_jobs_need_no_machines_all_month_unless_hours_are_stated() -> None:
    job = workload("train", kind="Job", resources={"cpu": "1500m", "memory": "2Gi"})
    job.pop("replicas")
    job.pop("port")
    gpus = {"name": "batch", "instanceTypes": "g5.xlarge", "minSize": 0, "desiredSize": 0, "maxSize": 2}
    nothing = billed(groups=[GROUP, gpus], workloads=[job])
    assert expected(nothing, "batch: g5.xlarge") == Decimal("0.00")
    stated = billed(groups=[GROUP, gpus], workloads=[job], cost={"nodeHours": {"batch": 100}})
    assert expected(stated, "batch: g5.xlarge") == Decimal("100.60")
    assert expected(stated, "batch: root volumes") == Decimal("0.22")  # 20 GiB × 0.08 × 100/730


def test_spot_is_the_on_demand_price_less_what_is_assumed_and_says_so() -> None:
    priced = billed(groups=[{**GROUP, "capacityType": "SPOT"}])
    found = line(priced, "general: m5.large Spot")
    assert found.price is not None
    assert found.price.usd == Decimal("0.096") * Decimal("0.4")
    assert not found.price.confirmed
    declared = billed(groups=[{**GROUP, "capacityType": "SPOT"}], cost={"spotSavings": {"general": 75}})
    assert expected(declared, "general: m5.large Spot") == Decimal("35.04")


def test_commitments_split_hours_without_losing_any() -> None:
    plan = planned(cost={"commitments": [{"kind": "savings-plan", "term": "1y-no-upfront", "percent": 40}]})
    hours = [each.reading for each in bill(plan, ON).lines if each.reading.unit == "hours" and each.reading.machines]
    assert sum(each.quantity.expected for each in hours) == 2 * 730
    assert sum(each.quantity.ceiling for each in hours) == 5 * 730


# --- who pays ---------------------------------------------------------------------------------------------------------

fractions = st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any)
cents = st.decimals(min_value=0, max_value=10**6, places=2)


@given(cents, fractions)
def test_an_amount_is_divided_without_losing_a_cent(amount: Decimal, weights: list[int]) -> None:
    parts = [Fraction(weight, sum(weights)) for weight in weights]
    shares = divided(amount, parts)
    assert sum(shares) == amount
    for share, part in zip(shares, parts, strict=True):
        assert abs(Fraction(share) - Fraction(amount) * part) < Fraction(1, 100)


requests = st.tuples(st.integers(1, 12), st.integers(10, 1500), st.integers(16, 2048))


@given(st.lists(requests, min_size=1, max_size=4), st.sampled_from([None, KARPENTER]), st.sampled_from(["a", "b"]))
@settings(max_examples=25, deadline=None)
def test_whatever_it_is_shared_by_the_parts_are_the_bill(
    asked: list[tuple[int, int, int]], karpenter: dict[str, Any] | None, team: str
) -> None:
    workloads = [
        workload(f"w{n}", replicas=count, team=team, resources={"cpu": f"{cpu}m", "memory": f"{memory}Mi"})
        for n, (count, cpu, memory) in enumerate(asked)
    ]
    more: dict[str, Any] = {"karpenter": karpenter} if karpenter else {}
    plan = planned(workloads=workloads, helmReleases=[{"name": "karpenter"}] if karpenter else AUTOSCALER, **more)
    priced = bill(plan, ON)
    for view in ("line", "component", "workload", "team"):
        shares = by(plan, priced, view).values()
        for amount in ("floor", "expected", "ceiling"):
            assert sum(getattr(each, amount) for each in shares) == getattr(priced.total, amount)


@given(st.integers(1, 30), st.integers(0, 10))
@settings(max_examples=30, deadline=None)
def test_more_pods_never_need_fewer_nodes(count: int, more: int) -> None:
    base = planned(workloads=[big(1, "700m", "1Gi")], helmReleases=AUTOSCALER)
    (only,) = base.workloads

    def of(replicas: int) -> int:
        return nodes(replace(base, workloads=(replace(only, replicas=replicas),)))

    assert of(count) <= of(count + more)


def test_workloads_pay_for_what_they_ask_and_idle_room_is_shown() -> None:
    plan = planned(workloads=[big(1, "965m", "16Mi")])
    shares = by(plan, bill(plan, ON), "workload")
    assert {"big", "(idle)", "(system)", "(cluster)"} <= set(shares)
    assert shares["(idle)"].expected > shares["big"].expected > 0


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["single", "perZone", "none"]), st.booleans())
@settings(max_examples=20, deadline=None)
def test_differences_of_two_bills_add_up_to_that_of_their_totals(a: int, b: int, nat: str, spot: bool) -> None:
    network = {"zones": ["us-east-1a", "us-east-1b"], "nat": nat}
    group = {**GROUP, "capacityType": "SPOT"} if spot else GROUP
    before = bill(planned(workloads=[big(a)], helmReleases=AUTOSCALER), ON)
    after = bill(planned(workloads=[big(b)], groups=[group], helmReleases=AUTOSCALER, network=network), ON)
    found = differences(before, after)
    assert sum(each.usd for each in found) == after.total.expected - before.total.expected
    assert not differences(after, after)
