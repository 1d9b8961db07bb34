"""Declared connections become policies that allow them at both ends, and nothing else."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.kube.network_policy import End, Outside, PodEnd, allows
from wavetank.kube.types import Obj
from wavetank.plan import Plan, plan
from wavetank.spec import load_text

NAMES = ("web", "api", "worker", "store")
SPACES = ("front", "back")
DNS = PodEnd("kube-system", {"k8s-app": "kube-dns"}, "10.0.9.53")
PROMETHEUS = PodEnd("monitoring", {"app.kubernetes.io/name": "prometheus"}, "10.0.9.90")
ISTIOD = PodEnd("istio-system", {"app": "istiod"}, "10.0.9.15")
INTERNET = Outside("93.184.216.34")


def platform(workloads: list[dict[str, Any]], **more: Any) -> Plan:
    base = {
        "name": "harbor",
        "region": "eu-west-1",
        "accountId": "111122223333",
        "nodeGroups": [{"name": "general", "instanceTypes": "m7g.large", "minSize": 1, "maxSize": 2}],
        "namespaces": [{"name": name} for name in SPACES],
        "workloads": [{"image": "nginx:1.29", "namespace": "front", **each} for each in workloads],
    }
    return plan(load_text(yaml.safe_dump(base | more, sort_keys=False), "platform.yaml"))


def policies_of(planned: Plan) -> list[Obj]:
    """What the cluster holds: the defaults of the namespaces and the policies of the plan."""
    defaults = [
        {"metadata": {"namespace": each.name}, "spec": {"podSelector": {}, "policyTypes": list(each.default_deny)}}
        for each in planned.namespaces
        if each.default_deny
    ]
    return [
        *defaults,
        *({"metadata": {"namespace": each.namespace}, "spec": each.spec} for each in planned.network_policies),
    ]


def end(planned: Plan, name: str) -> PodEnd:
    index, workload = next((index, each) for index, each in enumerate(planned.workloads) if each.name == name)
    return PodEnd(workload.namespace, workload.labels, f"10.0.200.{index + 1}")


def reaches(planned: Plan, source: End | str, destination: End | str, port: int, protocol: str = "TCP") -> bool:
    ends = [end(planned, each) if isinstance(each, str) else each for each in (source, destination)]
    labels = {each.name: each.labels for each in planned.namespaces}
    return allows(policies_of(planned), labels, ends[0], ends[1], port, protocol)


edges = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), st.sampled_from(["connects", "allowFrom"]), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(edges, st.tuples(*[st.sampled_from(SPACES)] * 4), st.booleans())
def test_exactly_the_declared_connections_are_allowed(
    wanted: dict[tuple[str, str], str], spaces: tuple[str, ...], denied_by_default: bool
) -> None:
    ports = {name: 8000 + index for index, name in enumerate(NAMES)}
    workloads: dict[str, dict[str, Any]] = {
        name: {"name": name, "namespace": space, "port": ports[name], "connects": [], "allowFrom": []}
        for name, space in zip(NAMES, spaces, strict=True)
    }
    for (source, destination), side in wanted.items():
        if side == "connects":
            workloads[source]["connects"].append({"to": destination, "port": ports[destination]})
        else:
            workloads[destination]["allowFrom"].append(source)
    namespaces: list[dict[str, Any]] = [
        {"name": name} | ({} if denied_by_default else {"defaultDeny": []}) for name in SPACES
    ]
    planned = platform(list(workloads.values()), namespaces=namespaces)
    for source in NAMES:
        for destination in NAMES:
            declared = (source, destination) in wanted
            assert reaches(planned, source, destination, ports[destination]) is declared, (source, destination)
            assert not reaches(planned, source, destination, 9999)
        assert reaches(planned, source, DNS, 53, "UDP")
        assert not reaches(planned, source, INTERNET, 443)
        assert not reaches(planned, INTERNET, source, ports[source])


@settings(max_examples=20, deadline=None)
@given(st.booleans(), st.booleans(), st.booleans())
def test_who_is_only_named_is_opened_where_he_was_closed(closed: bool, declares: bool, by_target: bool) -> None:
    target: dict[str, Any] = {"name": "store", "namespace": "back", "port": 5432}
    client: dict[str, Any] = {"name": "api"}
    if by_target:
        target |= {"allowFrom": ["api"]}
        client |= {"connects": []} if declares else {}
    else:
        client |= {"connects": ["store"]}
        target |= {"connects": []} if declares else {}
    spaces = [{"name": name, "defaultDeny": ["Ingress", "Egress"] if closed else []} for name in SPACES]
    planned = platform([target, client], namespaces=spaces)
    assert reaches(planned, "api", "store", 5432)
    assert reaches(planned, INTERNET, "store", 5432) is not (closed or declares or by_target)


def test_a_service_is_reached_by_its_port_and_ruled_by_that_of_its_pods() -> None:
    services = [{"name": "shop-api", "workload": "api", "port": 80}]
    planned = platform(
        [{"name": "api", "port": 8080}, {"name": "web", "connects": [{"to": "shop-api", "port": 80}]}],
        services=services,
    )
    assert reaches(planned, "web", "api", 8080)
    assert not reaches(planned, "web", "api", 80)


def test_the_internet_is_every_public_address_and_no_other() -> None:
    planned = platform([{"name": "api", "connects": ["internet", {"to": "api.example.com", "port": 8443}]}])
    assert reaches(planned, "api", INTERNET, 443)
    assert reaches(planned, "api", INTERNET, 8443)
    assert not reaches(planned, "api", INTERNET, 25)
    for private in ("10.0.3.4", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"):
        assert not reaches(planned, "api", Outside(private), 443), private


def test_a_vpc_outside_the_private_ranges_is_no_internet_either() -> None:
    planned = platform([{"name": "api", "connects": ["internet"]}], network={"vpcCidr": "198.18.0.0/16"})
    assert not reaches(planned, "api", Outside("198.18.4.4"), 443)


def test_aws_is_reached_through_endpoints_where_there_are_some() -> None:
    endpoint = Outside("10.0.16.9")
    without = platform([{"name": "api", "connects": ["aws"]}])
    with_some = platform([{"name": "api", "connects": ["aws"]}], network={"interfaceEndpoints": ["sts"]})
    assert not reaches(without, "api", endpoint, 443)
    assert reaches(with_some, "api", endpoint, 443)
    assert reaches(with_some, "api", INTERNET, 443)


def test_a_role_needs_aws_and_a_token_needs_the_cluster() -> None:
    bucket = {"statements": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    api_server = Outside("10.0.16.9")
    planned = platform(
        [
            {"name": "api", "connects": [], "permissions": bucket},
            {"name": "worker", "connects": [], "automountServiceAccountToken": True},
        ]
    )
    assert reaches(planned, "api", INTERNET, 443)
    assert not reaches(planned, "api", api_server, 443)
    assert reaches(planned, "worker", api_server, 443)
    assert not reaches(planned, "worker", INTERNET, 443)


def test_the_agent_of_pod_identity_hands_out_credentials_on_the_node() -> None:
    role = {"statements": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    agent, workloads = Outside("169.254.170.23"), [{"name": "api", "connects": [], "permissions": role}]
    assert reaches(platform(workloads, podIdentity="podIdentity"), "api", agent, 80)
    assert not reaches(platform(workloads), "api", agent, 80)


def test_load_balancers_come_from_their_subnets_or_as_the_clients_themselves() -> None:
    web = {"name": "web", "port": 8080, "connects": []}
    service = {"name": "web", "workload": "web", "port": 80, "type": "LoadBalancer", "scheme": "internet-facing"}
    hidden = platform([web], services=[service])
    balancer = Outside(hidden.network.public_subnets[0].cidr.replace("0/24", "10"))
    assert reaches(hidden, balancer, "web", 8080)
    assert not reaches(hidden, INTERNET, "web", 8080)
    seen = platform([web], services=[service | {"preserveClientIp": True}])
    assert reaches(seen, INTERNET, "web", 8080)
    some = platform([web], services=[service | {"preserveClientIp": True, "sourceRanges": ["203.0.113.0/24"]}])
    assert not reaches(some, INTERNET, "web", 8080)
    assert reaches(some, Outside("203.0.113.9"), "web", 8080)


def test_prometheus_scrapes_and_nobody_else_does() -> None:
    workload = {"name": "api", "port": 8080, "ports": [{"name": "metrics", "containerPort": 9090}], "connects": []}
    service = {"name": "api", "workload": "api", "ports": [80, {"name": "metrics", "port": 9090}]}
    monitors = [{"name": "api", "service": "api", "port": "metrics"}]
    planned = platform([workload], services=[service], serviceMonitors=monitors)
    assert reaches(planned, PROMETHEUS, "api", 9090)
    assert not reaches(planned, PROMETHEUS, "api", 8080)
    assert not reaches(planned, PodEnd("monitoring", {}, "10.0.9.91"), "api", 9090)


def test_the_proxies_of_a_mesh_reach_its_control_plane() -> None:
    spaces = [{"name": "front", "labels": {"istio-injection": "enabled"}}, {"name": "back"}]
    workloads = [{"name": "api", "connects": []}, {"name": "store", "namespace": "back", "connects": []}]
    planned = platform(workloads, namespaces=spaces)
    assert reaches(planned, "api", ISTIOD, 15012)
    assert not reaches(planned, "store", ISTIOD, 15012)


def test_stores_are_reached_where_they_stand() -> None:
    stores = {"caches": [{"name": "sessions", "nodeType": "cache.t4g.small"}], "queues": [{"name": "jobs"}]}
    workloads = [{"name": "api", "connects": ["sessions"]}, {"name": "worker", "connects": ["jobs"]}]
    planned = platform(workloads, serverless=stores)
    node = Outside("10.0.16.9")
    assert reaches(planned, "api", node, 6379)
    assert not reaches(planned, "api", INTERNET, 443)
    assert reaches(planned, "worker", INTERNET, 443)
    assert not reaches(planned, "worker", node, 6379)


def test_foreign_namespaces_are_named_with_the_labels_of_their_pods() -> None:
    foreign = {"namespace": "kafka", "pods": {"app": "broker"}, "port": 9092}
    planned = platform([{"name": "api", "port": 80, "connects": [foreign], "allowFrom": [{"namespace": "jobs"}]}])
    broker, other = PodEnd("kafka", {"app": "broker"}), PodEnd("kafka", {"app": "ui"})
    assert reaches(planned, "api", broker, 9092)
    assert not reaches(planned, "api", other, 9092)
    assert reaches(planned, PodEnd("jobs", {}), "api", 80)


def test_without_declarations_nothing_is_derived() -> None:
    assert platform([{"name": "api", "port": 80}]).network_policies == ()


def test_a_derived_policy_points_at_the_lines_that_declare_it() -> None:
    planned = platform([{"name": "store", "port": 5432}, {"name": "api", "connects": ["store"]}])
    place = planned.place("networkPolicies[store-connections].spec.ingress")
    assert place is not None
    assert [each.name for each in planned.network_policies] == ["store-connections", "api-connections"]
