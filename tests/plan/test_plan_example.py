"""The example platform: loads in both environments, and has none of the mistakes that it teaches to avoid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from wavetank import catalog
from wavetank.kube import quantity
from wavetank.plan import Plan, plan
from wavetank.spec import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"


@pytest.fixture(scope="module", params=["production", "dev"])
def planned(request: pytest.FixtureRequest) -> Plan:
    return plan(load(EXAMPLE, request.param))


def test_the_quota_admits_the_autoscalers_maximum_and_the_surge_pods_of_a_rollout(planned: Plan) -> None:
    (namespace,), (workload,) = planned.namespaces, planned.workloads
    assert namespace.quota is not None
    pods = workload.max_replicas + workload.strategy["rollingUpdate"]["maxSurge"]
    for kind in ("requests", "limits"):
        for resource, amount in workload.containers[0].resources[kind].items():
            assert pods * quantity.parse(amount) <= quantity.parse(namespace.quota.hard[f"{kind}.{resource}"])
    assert pods <= int(namespace.quota.hard["pods"])


def test_the_maximum_of_pods_fits_on_the_nodes_that_are_there_without_an_autoscaler(planned: Plan) -> None:
    (group,), (workload,) = planned.node_groups, planned.workloads
    machine = catalog.instance_type(group.instance_types[0])
    cpu = (workload.max_replicas + 1) * quantity.milli(workload.containers[0].resources["requests"]["cpu"])
    assert cpu <= group.desired_size * machine.allocatable_cpu_milli - _component_cpu_milli(planned, group.desired_size)


def _component_cpu_milli(planned: Plan, nodes: int) -> int:
    facts = [facts for add_on in planned.add_ons if (facts := catalog.addon(add_on.name))]
    daemons = sum(quantity.milli(daemon.requests["cpu"]) for each in facts for daemon in each.requests.daemons)
    pods = sum(pod.replicas * quantity.milli(pod.requests["cpu"]) for each in facts for pod in each.requests.pods)
    return nodes * daemons + pods


def test_the_version_is_in_standard_support(planned: Plan) -> None:
    version = catalog.eks_version(planned.cluster.version)
    assert version is not None
    assert version.support(date(2026, 11, 21)) == "standard"


def test_the_load_balancer_reaches_the_pods_through_the_network_policy(planned: Plan) -> None:
    ranges = {
        peer["ipBlock"]["cidr"]
        for rule in planned.network_policies[0].spec["ingress"]
        for peer in rule["from"]
        if "ipBlock" in peer
    }
    assert {subnet.cidr for subnet in planned.network.public_subnets} <= ranges


def test_liveness_waits_until_the_model_is_loaded(planned: Plan) -> None:
    (workload,) = planned.workloads
    probe = workload.containers[0].startup_probe
    assert probe is not None
    assert workload.model is not None
    assert workload.model.load_seconds is not None
    assert Decimal(probe["periodSeconds"] * probe["failureThreshold"]) > 3 * workload.model.load_seconds


def test_a_model_server_is_not_scaled_on_memory(planned: Plan) -> None:
    scaling = planned.workloads[0].autoscaling
    assert scaling is not None
    assert [metric["resource"]["name"] for metric in scaling.metrics] == ["cpu"]
    assert scaling.behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert scaling.behavior["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_production_has_a_nat_gateway_per_zone_and_dev_is_smaller() -> None:
    production, dev = (plan(load(EXAMPLE, environment)) for environment in ("production", "dev"))
    assert (len(production.network.nat_gateways), len(dev.network.nat_gateways)) == (2, 1)
    assert (production.node_groups[0].desired_size, dev.node_groups[0].desired_size) == (3, 1)
    assert dev.workloads[0].max_replicas < production.workloads[0].max_replicas


def test_the_local_command_runs_the_api_folder(planned: Plan) -> None:
    (local,) = planned.local
    assert (EXAMPLE.parent / local.folder / "app.py").is_file()
    assert local.image == planned.workloads[0].containers[0].image
