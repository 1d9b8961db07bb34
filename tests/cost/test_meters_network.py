"""Load balancers, endpoints, names: an hour of each thing that stands there, shared where AWS shares it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_platforms import billed, expected, line, planned, workload
from hypothesis import given
from hypothesis import strategies as st

from wavetank.cost.balancers import Balancer, balancers
from wavetank.cost.meters.load_balancers import capacity_units

SERVICE = {"name": "app", "workload": "app", "port": 80}
ALB_CHART = {"name": "aws-load-balancer-controller"}
rates = st.decimals(min_value=0, max_value=100_000, places=1)


def ingress(name: str, **more: Any) -> dict[str, Any]:
    host = {"host": f"{name}.example.com", "paths": [{"path": "/", "service": "app"}]}
    return {"name": name, "namespace": "apps", "class": "alb", "scheme": "internet-facing", "hosts": [host], **more}


def with_ingresses(*ingresses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"services": [SERVICE], "ingresses": list(ingresses), "helmReleases": [ALB_CHART], **more}


def test_interface_endpoints_are_paid_in_every_zone() -> None:
    network = {
        "zones": ["us-east-1a", "us-east-1b"],
        "nat": "none",
        "interfaceEndpoints": ["ecr.api", "ecr.dkr", "sts"],
    }
    priced = billed(network=network, cost={"endpointGb": 20})
    assert line(priced, "interface endpoints").reading.quantity.expected == 3 * 2 * 730
    assert expected(priced, "interface endpoints") == Decimal("43.80")
    assert expected(priced, "data through interface endpoints") == Decimal("0.20")


def test_ingresses_of_one_group_share_a_load_balancer_and_others_have_their_own() -> None:
    plan = planned(**with_ingresses(ingress("a", group="web"), ingress("b", group="web"), ingress("c", group="other")))
    assert [each.name for each in balancers(plan)] == ["web", "other"]
    priced = billed(**with_ingresses(ingress("a", group="web"), ingress("b", group="web"), ingress("c", group="other")))
    assert expected(priced, "web: application load balancer") == Decimal("16.43")  # 730 × 0.0225, half a cent up
    addresses = line(priced, "public IPv4 addresses").reading.quantity.expected
    assert addresses == 730 * (1 + 2 * 2)  # a NAT gateway, and two load balancers in two zones


def test_an_internal_load_balancer_has_no_public_addresses() -> None:
    priced = billed(**with_ingresses(ingress("a", scheme="internal")))
    assert line(priced, "public IPv4 addresses").reading.quantity.expected == 730


def test_the_ingress_controller_of_nginx_brings_a_network_load_balancer() -> None:
    priced = billed(
        services=[SERVICE],
        ingresses=[ingress("a", **{"class": "nginx"})],
        helmReleases=[ALB_CHART, {"name": "nginx-ingress"}],
    )
    assert expected(priced, "nginx-ingress: network load balancer") == Decimal("16.43")
    assert line(priced, "public IPv4 addresses").reading.quantity.expected == 730 * 3


def test_a_web_acl_is_paid_once_however_many_ingresses_it_guards() -> None:
    acl = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/guard/11111111-2222-3333-4444-555555555555"
    priced = billed(**with_ingresses(ingress("a", waf=acl), ingress("b", waf=acl)), traffic={"requestsPerSecond": 10})
    assert expected(priced, "web ACLs") == Decimal("5.00")
    assert expected(priced, "requests through web ACLs") == Decimal("15.77")  # 10/s × 730 h = 26.28 million


def test_an_alb_is_billed_by_its_largest_dimension() -> None:
    plan = planned(traffic={"requestsPerSecond": 50, "requestKib": 1, "responseKib": 1})
    alb = Balancer("web", "alb", True, 2, "ingresses[web]", rules=3)
    assert capacity_units(plan, Decimal(50), alb) == 2  # 50 new connections a second at 25 per unit
    many_rules = Balancer("web", "alb", True, 2, "ingresses[web]", rules=110)
    assert capacity_units(plan, Decimal(50), many_rules) == 5  # 50/s × 100 rules above the free ten
    large = planned(traffic={"requestsPerSecond": 50, "requestKib": 0, "responseKib": 1024})
    assert capacity_units(large, Decimal(50), alb) == Decimal(50) * 3600 / 1024  # GB an hour


@given(rates, rates)
def test_more_requests_never_take_fewer_units(a: Decimal, b: Decimal) -> None:
    less, more = sorted((a, b))
    alb = Balancer("web", "alb", True, 2, "", rules=20)
    for balancer in (None, alb):
        assert capacity_units(PLAN, less, balancer) <= capacity_units(PLAN, more, balancer)


PLAN = planned()


def test_only_a_zone_that_is_made_here_is_paid_here() -> None:
    own = billed(dns={"zone": "example.com", "createZone": True})
    assert expected(own, "example.com") == Decimal("0.50")
    assert expected(own, "DNS queries") == Decimal("0.40")
    looked_up = billed(dns={"zone": "example.com", "createZone": False})
    assert not any(each.reading.meter == "route53ZoneMonth" for each in looked_up.lines)


def test_a_line_belongs_to_the_one_workload_behind_a_load_balancer() -> None:
    priced = billed(**with_ingresses(ingress("a", group="web"), workloads=[workload()]))
    assert line(priced, "web: application load balancer").reading.workload == "app"
