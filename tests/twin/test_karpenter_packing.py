"""Which nodes Karpenter plans for which pods: choices that can be added up by hand, and what it says when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from karpenter_kit import GIB, TYPES, expression, node_pool, offer, pod

from wavetank.kube.resources import Amounts
from wavetank.kube.types import Obj
from wavetank.twin.components.karpenter.instances import purchase
from wavetank.twin.components.karpenter.packing import Existing, Packed, Packing, Rules, Template, daemon_requests
from wavetank.twin.components.karpenter.pools import Pool, by_weight
from wavetank.twin.components.karpenter.requirements import Requirements, of_labels
from wavetank.twin.components.karpenter.topology import Topology
from wavetank.twin.nodes.offers import InstanceOffer, Offering
from wavetank.twin.scheduler.pod_info import Term

ZONES = ("us-west-2a", "us-west-2b")
SPREAD = {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
ITSELF: Obj = {"labelSelector": {"matchLabels": {"app": "web"}}}


def stored(pods: Sequence[Obj]) -> list[Obj]:
    return [{**p, "metadata": {**p["metadata"], "uid": f"uid-{i}-{p['metadata']['name']}"}} for i, p in enumerate(pods)]


def pool(name: str = "default", requirements: Sequence[Obj] = (), **spec: Any) -> Pool:
    return Pool(node_pool(name, requirements, **spec))


def namespaces_of(term: Term) -> frozenset[str] | None:
    return term.namespaces


def pack(
    pods: Sequence[Obj],
    *pools: Pool,
    types: Sequence[InstanceOffer] = TYPES,
    existing: Sequence[Existing] = (),
    daemons: Amounts | None = None,
    rules: Rules | None = None,
) -> Packed:
    templates = [Template(p, types, dict(daemons or {}), p.limits) for p in by_weight(pools or (pool(),))]
    universe = {"topology.kubernetes.io/zone": set(ZONES)}
    return Packing(templates, existing, Topology(universe, (), namespaces_of), rules=rules).packed(stored(pods))


def names(packed: Packed) -> list[list[str]]:
    return [[o.name for o in planned.offers] for planned in packed.planned]


def cheapest(packed: Packed) -> list[str]:
    found = [purchase(planned.offers, planned.requirements) for planned in packed.planned]
    return [each.offer.name if each else "" for each in found]


def existing(name: str = "n1", cpu: int = 1900, **more: Any) -> Existing:
    labels = {"topology.kubernetes.io/zone": ZONES[0], "kubernetes.io/hostname": name} | more.pop("labels", {})
    return Existing(
        name, of_labels(labels), {"cpu": cpu, "memory": 7 * GIB, "pods": 58}, more.pop("taints", []), **more
    )


# --- instance types ----------------------------------------------------------------------------------------------------


def test_one_node_is_planned_for_pods_that_fit_together() -> None:
    """3 x 1 CPU need a type with 3,000m: every type of at least four cores stays possible, the cheapest is bought."""
    packed = pack([pod(f"p{i}", "1") for i in range(3)])
    assert names(packed) == [["m7.xlarge", "m7.2xlarge", "r7.xlarge"]]
    assert cheapest(packed) == ["m7.xlarge"]


def test_memory_decides_as_cpu_does() -> None:
    assert cheapest(pack([pod("p", "100m", "20Gi")])) == ["r7.xlarge"]


def test_the_largest_pods_are_placed_first_and_small_ones_fill_up() -> None:
    """6 and 3 cores cannot share 7.9; the small pod joins the node with fewer pods, of equal ones the first."""
    packed = pack([pod("small", "500m"), pod("large", "6"), pod("middle", "3")])
    assert [[p.name for p in planned.pods] for planned in packed.planned] == [["large", "small"], ["middle"]]


def test_what_daemon_sets_need_is_added_to_every_node() -> None:
    assert cheapest(pack([pod("p", "1500m")])) == ["c7.large"]
    assert cheapest(pack([pod("p", "1500m")], daemons={"cpu": 500, "memory": GIB, "pods": 2})) == ["m7.xlarge"]


def test_daemon_sets_count_that_tolerate_the_pool_and_may_run_there() -> None:
    tainted = pool(taints=[{"key": "team", "value": "ai", "effect": "NoSchedule"}])
    everywhere, arm = pod("a", "200m", tolerations=[{"operator": "Exists"}]), pod("b", "1")
    arm["spec"]["nodeSelector"] = {"kubernetes.io/arch": "arm64"}
    assert daemon_requests(tainted, [everywhere, pod("c", "300m")]) == {"cpu": 200, "memory": 128 * 1024**2, "pods": 1}
    amd = pool(requirements=[expression("kubernetes.io/arch", "In", "amd64")])
    assert daemon_requests(amd, [everywhere, arm])["cpu"] == 200


def test_the_number_of_pods_fills_a_node_too() -> None:
    small = [offer("t7.small", 8, 32, "0.05", pods=4)]
    packed = pack([pod(f"p{i}") for i in range(6)], types=small)
    assert sorted(len(planned.pods) for planned in packed.planned) == [2, 4]


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        (expression("karpenter.k8s.aws/instance-cpu", "Gt", "2"), ["m7.xlarge", "m7.2xlarge", "r7.xlarge"]),
        (expression("karpenter.k8s.aws/instance-cpu", "Lt", "4"), ["c7.large", "m7.large"]),
        (expression("karpenter.k8s.aws/instance-category", "In", "c", "r"), ["c7.large", "r7.xlarge"]),
        (expression("karpenter.k8s.aws/instance-family", "NotIn", "m7"), ["c7.large", "r7.xlarge"]),
        (expression("node.kubernetes.io/instance-type", "In", "m7.large"), ["m7.large"]),
        (expression("karpenter.k8s.aws/instance-gpu-count", "DoesNotExist"), [t.name for t in TYPES]),
    ],
)
def test_requirements_of_the_pool_leave_types(wanted: Obj, types: list[str]) -> None:
    assert names(pack([pod("p")], pool(requirements=[wanted]))) == [types]


def test_a_pod_chooses_by_selector_what_the_pool_leaves_open() -> None:
    chosen = pod("p", nodeSelector={"karpenter.k8s.aws/instance-family": "r7", "topology.kubernetes.io/zone": ZONES[1]})
    packed = pack([chosen])
    assert names(packed) == [["r7.xlarge"]]
    bought = purchase(packed.planned[0].offers, packed.planned[0].requirements)
    assert bought is not None
    assert bought.offering.zone == ZONES[1]


def test_min_values_ask_for_a_choice_of_families() -> None:
    wanted = expression("karpenter.k8s.aws/instance-family", "Exists", minValues=3)
    assert len(names(pack([pod("p")], pool(requirements=[wanted])))[0]) == 5
    large = pack([pod("p", "3")], pool(requirements=[wanted]))
    assert large.planned == []
    assert "minValues requirement is not met for label(s)" in next(iter(large.errors.values()))
    relaxed = pack([pod("p", "3")], pool(requirements=[wanted]), rules=Rules(strict_min_values=False))
    assert cheapest(relaxed) == ["m7.xlarge"]


# --- buying ------------------------------------------------------------------------------------------------------------


def test_spot_is_bought_where_both_are_allowed() -> None:
    both = pool(requirements=[expression("karpenter.sh/capacity-type", "In", "spot", "on-demand")])
    packed = pack([pod("p")], both)
    bought = purchase(packed.planned[0].offers, packed.planned[0].requirements)
    assert bought is not None
    assert (bought.offer.name, bought.offering.capacity_type) == ("c7.large", "spot")


def test_the_deeper_spot_pool_is_preferred_to_the_cheaper_one() -> None:
    deep = offer("m7.large", 2, 8, "0.10")
    pools_of = tuple(
        Offering(o.zone, o.capacity_type, o.price_usd_hour, spot_depth=2) if o.capacity_type == "spot" else o
        for o in deep.offerings
    )
    types = [offer("c7.large", 2, 4, "0.08"), InstanceOffer(deep.name, deep.capacity, pools_of, deep.labels)]
    spot = Requirements().plus(
        pool(requirements=[expression("karpenter.sh/capacity-type", "In", "spot")]).requirements.values()
    )
    bought = purchase(types, spot)
    assert bought is not None
    assert bought.offer.name == "m7.large"


def test_metal_and_accelerated_types_are_taken_only_if_nothing_else_will_do() -> None:
    gpu = offer("g7.xlarge", 4, 16, "0.01", extended={"nvidia.com/gpu": 1})
    assert cheapest(pack([pod("p")], types=[*TYPES, gpu])) == ["c7.large"]
    assert cheapest(pack([pod("p", requests={"nvidia.com/gpu": "1"})], types=[*TYPES, gpu])) == ["g7.xlarge"]


def test_no_spot_is_bought_that_costs_more_than_a_type_on_demand_would() -> None:
    dear, fair = offer("x7.large", 2, 8, "1.00"), offer("m7.large", 2, 8, "0.10", spot=False)
    both = pool(requirements=[expression("karpenter.sh/capacity-type", "In", "spot", "on-demand")])
    packed = pack([pod("p")], both, types=[dear, fair])
    bought = purchase(packed.planned[0].offers, packed.planned[0].requirements)
    assert bought is not None
    assert (bought.offer.name, bought.offering.capacity_type) == ("m7.large", "on-demand")


# --- pools -------------------------------------------------------------------------------------------------------------


def test_the_heaviest_pool_comes_first_and_of_equal_ones_the_last_by_name() -> None:
    packed = pack([pod("p")], pool("a"), pool("b", weight=10), pool("c"))
    assert packed.planned[0].pool.name == "b"
    assert pack([pod("p")], pool("a"), pool("c")).planned[0].pool.name == "c"


def test_taints_send_a_pod_to_another_pool() -> None:
    tainted = pool("z", weight=50, taints=[{"key": "team", "value": "ai", "effect": "NoSchedule"}])
    assert pack([pod("p")], tainted, pool("a")).planned[0].pool.name == "a"
    tolerant = pod("p", tolerations=[{"key": "team", "operator": "Exists"}])
    assert pack([tolerant], tainted, pool("a")).planned[0].pool.name == "z"
    why = pack([pod("p")], tainted).errors
    assert list(why.values()) == ["did not tolerate taint (taint=team=ai:NoSchedule)"]


def test_limits_are_counted_with_the_largest_type_that_may_come() -> None:
    """Of the first node 8 cores are assumed, so no further one fits into 9."""
    packed = pack([pod("a", "6"), pod("b", "6")], pool(limits={"cpu": "9"}))
    assert len(packed.planned) == 1
    assert list(packed.errors.values()) == [
        "all available instance types exceed limits for nodepool (NodePool=default)"
    ]
    assert len(pack([pod("a", "6"), pod("b", "6")], pool(limits={"cpu": "16"})).planned) == 2


def test_a_label_that_the_pool_does_not_know_is_refused() -> None:
    why = pack([pod("p", nodeSelector={"team": "blue"})]).errors
    assert list(why.values()) == ['incompatible requirements, label "team" does not have known values']
    assert pack([pod("p", nodeSelector={"team": "blue"})], pool(labels={"team": "blue"})).is_complete


def test_the_refusal_lists_requirements_and_resources() -> None:
    why = pack([pod("p", "100", "1Gi")], daemons={"cpu": 150, "memory": GIB, "pods": 2}).errors
    assert list(why.values()) == [
        (
            "no instance type has enough resources, requirements=karpenter.k8s.aws/ec2nodeclass In [default], "
            "karpenter.sh/capacity-type In [on-demand], karpenter.sh/nodepool In [default], "
            'resources={"cpu":"100150m","memory":"2Gi","pods":"3"}'
        )
    ]


def test_each_pool_says_why_not() -> None:
    large = pack([pod("p", "100")], pool("a"), pool("b", limits={"cpu": "1"}))
    assert next(iter(large.errors.values())).startswith(
        "all available instance types exceed limits for nodepool (NodePool=b); no instance type has enough resources, "
    )


# --- existing nodes ----------------------------------------------------------------------------------------------------


def test_room_on_nodes_that_exist_is_used_first() -> None:
    packed = pack([pod("a", "1"), pod("b", "1")], existing=[existing(cpu=1500)])
    assert [p.name for p in packed.existing[0].pods] == ["a"]
    assert len(packed.planned) == 1


def test_initialized_nodes_come_before_those_that_are_coming_up() -> None:
    young, old = existing("a-young", initialized=False), existing("b-old")
    packed = pack([pod("p", "1")], existing=[young, old])
    assert [(n.name, len(n.pods)) for n in packed.existing] == [("b-old", 1), ("a-young", 0)]


def test_a_tainted_node_takes_only_what_tolerates_it() -> None:
    taints = [{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}]
    assert len(pack([pod("p")], existing=[existing(taints=taints)]).planned) == 1


def test_a_host_port_is_there_once_on_a_node() -> None:
    ports = [{"containerPort": 80, "hostPort": 80}]
    assert len(pack([pod(f"p{i}", ports=ports) for i in range(3)]).planned) == 3


# --- topology ----------------------------------------------------------------------------------------------------------


def test_spread_over_zones_makes_nodes_in_both() -> None:
    pods = [pod(f"p{i}", "1", labels={"app": "web"}, topologySpreadConstraints=[SPREAD | ITSELF]) for i in range(4)]
    packed = pack(pods)
    zones = [planned.requirements["topology.kubernetes.io/zone"].only for planned in packed.planned]
    assert sorted(zip(zones, [len(p.pods) for p in packed.planned], strict=True), key=str) == [
        (ZONES[0], 2),
        (ZONES[1], 2),
    ]


def test_spread_over_nodes_makes_one_for_each() -> None:
    spread = SPREAD | ITSELF | {"topologyKey": "kubernetes.io/hostname"}
    pods = [pod(f"p{i}", labels={"app": "web"}, topologySpreadConstraints=[spread]) for i in range(3)]
    assert [len(planned.pods) for planned in pack(pods).planned] == [1, 1, 1]


def test_pods_that_stay_apart_get_nodes_of_their_own_and_soft_wishes_are_kept_while_they_can_be() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", **ITSELF}
    hard = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    soft = {
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}
    }
    for affinity in (hard, soft):
        pods = [pod(f"p{i}", labels={"app": "web"}, affinity=affinity) for i in range(3)]
        assert len(pack(pods).planned) == 3
    ignored = [pod(f"p{i}", labels={"app": "web"}, affinity=soft) for i in range(3)]
    assert len(pack(ignored, rules=Rules(respects_preferences=False)).planned) == 1


def test_zones_run_out_for_pods_that_want_one_each() -> None:
    term = {"topologyKey": "topology.kubernetes.io/zone", **ITSELF}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    pods = [
        pod(
            f"p{i}",
            labels={"app": "web"},
            affinity=affinity,
            nodeSelector={"topology.kubernetes.io/zone": ZONES[i % 2]},
        )
        for i in range(3)
    ]
    packed = pack(pods)
    assert len(packed.planned) == 2
    why = next(iter(packed.errors.values()))
    assert why.startswith(
        "unsatisfiable topology constraint for pod anti-affinity, key=topology.kubernetes.io/zone (counts = "
    )


def test_pods_that_want_to_be_together_share_a_node() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", **ITSELF}
    affinity = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    pods = [pod(f"p{i}", "2", labels={"app": "web"}, affinity=affinity) for i in range(3)]
    packed = pack(pods)
    assert [len(planned.pods) for planned in packed.planned] == [3]
    assert cheapest(packed) == ["m7.2xlarge"]


# --- preferences -------------------------------------------------------------------------------------------------------


def preferring(*terms: tuple[int, str]) -> Obj:
    preferred = [
        {
            "weight": weight,
            "preference": {"matchExpressions": [expression("karpenter.k8s.aws/instance-family", "In", family)]},
        }
        for weight, family in terms
    ]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def test_the_heaviest_preference_holds_while_it_can_and_the_next_after_it() -> None:
    assert names(pack([pod("p", affinity=preferring((1, "c7"), (50, "r7")))])) == [["r7.xlarge"]]
    assert names(pack([pod("p", affinity=preferring((1, "c7"), (50, "z9")))])) == [["c7.large"]]
    assert len(names(pack([pod("p", affinity=preferring((50, "z9")))]))[0]) == 5


def test_required_terms_are_alternatives_in_their_order() -> None:
    terms = [{"matchExpressions": [expression("karpenter.k8s.aws/instance-family", "In", f)]} for f in ("z9", "r7")]
    required = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert names(pack([pod("p", affinity=required)])) == [["r7.xlarge"]]


def test_a_soft_taint_is_avoided_until_there_is_nothing_else() -> None:
    soft = pool("z", weight=9, taints=[{"key": "x", "effect": "PreferNoSchedule"}])
    assert pack([pod("p")], soft, pool("a")).planned[0].pool.name == "a"
    assert pack([pod("p")], soft).planned[0].pool.name == "z"
