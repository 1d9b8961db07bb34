"""What the planner fills in, and that what the author says wins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wavetank.plan import Plan, plan
from wavetank.spec import load_text

BASE = """\
name: harbor
region: ap-southeast-2
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: t3.medium, minSize: 1, maxSize: 3}]
namespaces: [{name: harbor}]
"""


def planned(addition: str = "", base: str = BASE) -> Plan:
    return plan(load_text(base + addition, "platform.yaml"))


def api(settings: str) -> Plan:
    return planned(f"workloads:\n  - name: api\n    image: api:1\n    port: 80\n    {settings}\n")


def test_planning_is_pure() -> None:
    assert planned() == planned()


def test_subnets_are_shared_out_over_two_zones_without_overlap() -> None:
    network = planned().network
    assert [(subnet.name, subnet.cidr) for subnet in network.subnets] == [
        ("public-ap-southeast-2a", "10.0.1.0/24"),
        ("public-ap-southeast-2b", "10.0.2.0/24"),
        ("private-ap-southeast-2a", "10.0.16.0/20"),
        ("private-ap-southeast-2b", "10.0.32.0/20"),
    ]


@pytest.mark.parametrize(("nat", "gateways"), [("perZone", 2), ("single", 1), ("none", 0)])
def test_nat_gateways_serve_every_zone_or_none(nat: str, gateways: int) -> None:
    network = planned(f"network: {{nat: {nat}}}\n").network
    assert len(network.nat_gateways) == gateways
    served = [zone for gateway in network.nat_gateways for zone in gateway.zones]
    assert served == (list(network.zones) if gateways else [])


def test_a_cluster_is_private_until_it_is_said_for_whom() -> None:
    assert planned().cluster.endpoint.public is False
    endpoint = planned("cluster: {endpoint: {publicAccessCidrs: [203.0.113.0/24]}}\n").cluster.endpoint
    assert (endpoint.public, endpoint.public_access_cidrs) == (True, ("203.0.113.0/24",))


def test_a_node_admits_what_its_network_interfaces_allow() -> None:
    assert planned().node_groups[0].max_pods == 17
    assert planned("addOns: [{name: vpc-cni, prefixDelegation: true}]\n").node_groups[0].max_pods == 110


def test_images_of_nodes_follow_the_machine() -> None:
    types = {
        "m7g.large": "AL2023_ARM_64_STANDARD",
        "g5.xlarge": "AL2023_x86_64_NVIDIA",
        "inf2.xlarge": "AL2023_x86_64_NEURON",
    }
    for machine, image in types.items():
        assert planned(base=BASE.replace("t3.medium", machine)).node_groups[0].ami_type == image


def test_policies_are_enforced_as_soon_as_there_are_any() -> None:
    (cni,) = [add_on for add_on in planned().add_ons if add_on.name == "vpc-cni"]
    assert cni.configuration == {"enableNetworkPolicy": "true"}
    open_base = BASE.replace("{name: harbor}", "{name: harbor, defaultDeny: []}")
    (cni,) = [add_on for add_on in planned(base=open_base).add_ons if add_on.name == "vpc-cni"]
    assert cni.configuration == {"enableNetworkPolicy": "false"}


def test_metrics_server_comes_with_the_first_autoscaler() -> None:
    assert "metrics-server" not in [add_on.name for add_on in planned().add_ons]
    assert "metrics-server" in [add_on.name for add_on in api("autoscaling: {maxReplicas: 3, cpu: 70}").add_ons]


def test_the_aws_node_role_holds_the_cni_policy_and_not_the_node() -> None:
    (role,) = [role for role in planned().pod_roles if role.service_account == "aws-node"]
    assert role.managed_policy_arns == ("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",)


def test_a_workload_without_permissions_has_no_role() -> None:
    workload = api("replicas: 3").workloads[0]
    assert (workload.service_account.role, workload.service_account.automount_token) == (None, False)


def test_permissions_become_a_role_that_reads_its_secrets() -> None:
    text = """\
secrets: [harbor/api]
workloads:
  - name: api
    image: api:1
    permissions:
      secrets: [harbor/api]
      statements: [{Action: "s3:GetObject", Resource: "${secret:harbor/api}"}]
"""
    found = planned(text)
    (role,) = [role for role in found.pod_roles if role.service_account == "api"]
    arn = "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:harbor/api-??????"
    assert [statement["Resource"] for statement in role.statements] == [[arn], [arn]]
    assert found.secrets[0].readers == (role.name,)
    assert found.workloads[0].service_account.role == role.name


def test_images_of_own_repositories_get_the_registry() -> None:
    text = "repositories: [api]\nworkloads: [{name: api, image: 'api:1.0'}, {name: web, image: 'nginx:1'}]\n"
    images = [workload.containers[0].image for workload in planned(text).workloads]
    assert images == ["111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/api:1.0", "nginx:1"]


def test_pods_meet_pod_security_restricted_without_a_word() -> None:
    workload = api("replicas: 2").workloads[0]
    container = workload.containers[0]
    assert workload.security_context["runAsNonRoot"] is True
    assert workload.security_context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container.security_context["allowPrivilegeEscalation"] is False
    assert container.security_context["capabilities"] == {"drop": ["ALL"]}
    assert {"name": "tmp", "emptyDir": {}} in workload.volumes


def test_what_the_author_says_of_a_security_context_wins_over_the_rest() -> None:
    context = api("securityContext: {readOnlyRootFilesystem: false}").workloads[0].containers[0].security_context
    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (False, False)


def test_one_pod_gets_no_disruption_budget_and_two_let_one_go() -> None:
    assert api("replicas: 1").workloads[0].disruption_budget is None
    budget = api("replicas: 2").workloads[0].disruption_budget
    assert budget is not None
    assert (budget.min_available, budget.max_unavailable) == (None, 1)


def test_short_metrics_are_written_out_as_kubernetes_has_them() -> None:
    scaling = api("autoscaling: {maxReplicas: 5, cpu: 70, memory: 80}").workloads[0].autoscaling
    assert scaling is not None
    assert (scaling.min_replicas, scaling.max_replicas) == (2, 5)
    assert [metric["resource"]["name"] for metric in scaling.metrics] == ["cpu", "memory"]
    assert scaling.metrics[0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}


def test_probes_ask_the_port_of_the_workload() -> None:
    probe = api("readinessProbe: /ready").workloads[0].containers[0].readiness_probe
    assert probe == {"httpGet": {"path": "/ready", "port": "http"}}


def test_a_load_balancer_is_internal_and_asks_what_readiness_asks() -> None:
    text = "workloads: [{name: api, image: 'api:1', port: 80, readinessProbe: /ready}]\n"
    service = planned(text + "services: [{name: lb, workload: api, port: 80, type: LoadBalancer}]\n").services[0]
    assert service.load_balancer is not None
    assert (service.load_balancer.scheme, service.load_balancer.health_check_path) == ("internal", "/ready")
    assert all(name.startswith("private-") for name in service.load_balancer.subnets)
    assert service.load_balancer_class == "service.k8s.aws/nlb"


def test_named_peers_are_written_out() -> None:
    text = """\
workloads: [{name: api, image: 'api:1', port: 80}]
networkPolicies:
  - name: api
    workload: api
    ingress: [{from: [publicSubnets, 192.0.2.0/24, monitoring], ports: 80}]
    egress: [{to: clusterDns, ports: [53/UDP]}]
"""
    spec = planned(text).network_policies[0].spec
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"][0]["from"] == [
        {"ipBlock": {"cidr": "10.0.1.0/24"}},
        {"ipBlock": {"cidr": "10.0.2.0/24"}},
        {"ipBlock": {"cidr": "192.0.2.0/24"}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
    ]
    assert spec["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 80}]
    assert spec["egress"][0]["ports"] == [{"protocol": "UDP", "port": 53}]


def test_the_local_command_names_the_image_as_containers_have_it() -> None:
    text = """\
repositories: [api]
workloads: [{name: api, image: "api:1"}]
local: {api: {command: "python app.py --port {PORT}", folder: src}}
"""
    found = planned(text)
    (local,) = found.local
    assert local.image == found.workloads[0].containers[0].image
    assert (local.command, local.folder) == (("python", "app.py", "--port", "{PORT}"), "src")


def test_environments_change_nothing_but_what_they_say() -> None:
    environments = "environments: {production: {}, dev: {tags: {stage: dev}}}\n"
    production = plan(load_text(BASE + environments, "platform.yaml", "production"))
    dev = plan(load_text(BASE + environments, "platform.yaml", "dev"))
    assert (production.cluster.name, dev.cluster.name) == ("harbor-production", "harbor-dev")
    assert replace(dev.cluster, name="") == replace(production.cluster, name="")
    assert dev.network == production.network
