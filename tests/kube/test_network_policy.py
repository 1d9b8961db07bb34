"""Connections are allowed and refused as Kubernetes documents it, at both ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.network_policy import End, Outside, PodEnd, allows, allows_one_way, pod_end, policy_types
from wavetank.kube.types import Obj

NAMESPACES = {"shop": {"team": "a"}, "data": {"team": "b"}, "kube-system": {}}
API = PodEnd("shop", {"app": "api"}, "10.0.1.10")
WEB = PodEnd("shop", {"app": "web"}, "10.0.1.11")
DATABASE = PodEnd("data", {"app": "database"}, "10.0.2.10", {("postgres", "TCP"): 5432})
CLIENT = Outside("198.51.100.7")


def policy(namespace: str, app: str | None, **spec: object) -> Obj:
    selector = {"matchLabels": {"app": app}} if app else {}
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": selector, **spec}}


def named(namespace: str, **labels: str) -> Obj:
    place = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {"namespaceSelector": place, **({"podSelector": {"matchLabels": labels}} if labels else {})}


DENY = policy("data", None, policyTypes=["Ingress", "Egress"])


def test_without_policies_everything_is_allowed() -> None:
    assert allows([], NAMESPACES, API, DATABASE, 5432)
    assert allows([DENY], NAMESPACES, API, WEB, 80)


def test_a_selected_pod_is_closed_until_a_rule_opens_it() -> None:
    opened = policy("data", "database", ingress=[{"from": [named("shop", app="api")], "ports": [{"port": 5432}]}])
    assert not allows([DENY], NAMESPACES, API, DATABASE, 5432)
    assert allows([DENY, opened], NAMESPACES, API, DATABASE, 5432)
    assert not allows([DENY, opened], NAMESPACES, WEB, DATABASE, 5432)
    assert not allows([DENY, opened], NAMESPACES, API, DATABASE, 5433)
    assert not allows([DENY, opened], NAMESPACES, API, DATABASE, 5432, "UDP")


def test_both_ends_are_asked() -> None:
    opened = policy("data", "database", ingress=[{}])
    closed = policy("shop", "api", policyTypes=["Egress"])
    assert allows_one_way([opened, closed], NAMESPACES, "Ingress", API, DATABASE, 5432)
    assert not allows_one_way([opened, closed], NAMESPACES, "Egress", API, DATABASE, 5432)
    assert not allows([opened, closed], NAMESPACES, API, DATABASE, 5432)


def test_a_pod_selector_alone_stays_in_the_policys_namespace() -> None:
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]}
    assert not allows([policy("data", None, ingress=[rule])], NAMESPACES, API, DATABASE, 5432)
    assert allows([policy("shop", "web", ingress=[rule])], NAMESPACES, API, WEB, 80)


def test_namespaces_are_found_by_their_labels_and_by_the_name_that_all_have() -> None:
    by_team = policy("data", None, ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}])
    by_guess = policy("data", None, ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"name": "shop"}}}]}])
    assert allows([by_team], NAMESPACES, API, DATABASE, 1)
    assert not allows([by_guess], NAMESPACES, API, DATABASE, 1)
    assert allows([policy("data", None, ingress=[{"from": [named("shop")]}])], NAMESPACES, API, DATABASE, 1)


@pytest.mark.parametrize(
    ("address", "allowed"), [("198.51.100.7", True), ("198.51.100.200", False), ("10.0.0.1", False)]
)
def test_blocks_have_holes(address: str, allowed: bool) -> None:
    block = {"cidr": "198.51.100.0/24", "except": ["198.51.100.128/25"]}
    assert (
        allows([policy("shop", None, ingress=[{"from": [{"ipBlock": block}]}])], {}, Outside(address), API, 80)
        is allowed
    )


def test_a_pod_selector_never_finds_what_is_no_pod() -> None:
    assert not allows([policy("shop", None, ingress=[{"from": [{"podSelector": {}}]}])], {}, CLIENT, API, 80)


def test_named_ports_are_those_of_the_destination() -> None:
    outgoing = policy("shop", "api", policyTypes=["Egress"], egress=[{"ports": [{"port": "postgres"}]}])
    assert allows([outgoing], NAMESPACES, API, DATABASE, 5432)
    assert not allows([outgoing], NAMESPACES, API, DATABASE, 80)
    assert not allows([outgoing], NAMESPACES, API, Outside("192.0.2.1"), 5432)


def test_ranges_of_ports_end_where_they_say() -> None:
    ranged = policy("shop", "web", ingress=[{"ports": [{"port": 8000, "endPort": 8002}]}])
    assert [port for port in range(7998, 8005) if allows([ranged], {}, API, WEB, port)] == [8000, 8001, 8002]


def test_pods_on_the_nodes_network_are_beyond_policies() -> None:
    on_node = PodEnd("shop", {"app": "api"}, "10.0.0.4", host_network=True)
    assert allows([policy("shop", None, policyTypes=["Ingress"])], {}, CLIENT, on_node, 80)
    assert not allows([policy("shop", "web", ingress=[{"from": [{"podSelector": {}}]}])], {}, on_node, WEB, 80)


def test_types_are_those_that_the_server_would_fill_in() -> None:
    assert policy_types(policy("a", None)) == {"Ingress"}
    assert policy_types(policy("a", None, egress=[{}])) == {"Ingress", "Egress"}
    assert policy_types(policy("a", None, egress=[{}], policyTypes=["Egress"])) == {"Egress"}


def test_a_pod_template_makes_an_end() -> None:
    container = {"name": "d", "ports": [{"name": "postgres", "containerPort": 5432}, {"containerPort": 9187}]}
    pod = {"metadata": {"namespace": "data", "labels": {"app": "database"}}, "spec": {"containers": [container]}}
    assert pod_end(pod) == PodEnd("data", {"app": "database"}, None, {("postgres", "TCP"): 5432})


ends: st.SearchStrategy[End] = st.sampled_from([API, WEB, DATABASE, CLIENT])
rules = st.lists(
    st.sampled_from([{}, {"from": [named("shop")]}, {"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]),
    max_size=3,
)


@given(ends, ends, rules, rules, st.sampled_from([80, 5432]))
def test_a_further_rule_never_forbids(
    source: End, destination: End, some: list[Obj], more: list[Obj], port: int
) -> None:
    few, many = policy("shop", None, ingress=some), policy("shop", None, ingress=[*some, *more])
    assert allows([few], NAMESPACES, source, destination, port) <= allows([many], NAMESPACES, source, destination, port)
