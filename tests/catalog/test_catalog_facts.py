"""The catalog's facts: what others compute with is here, typed, with its source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from wavetank import catalog


def test_pods_of_a_node_follow_the_documented_formula() -> None:
    machines = [catalog.instance_type(name) for name in catalog.instance_type_names()]
    assert len(machines) > 400
    assert all(machine.max_pods == machine.max_enis * (machine.ipv4_per_eni - 1) + 2 for machine in machines)


def test_t3_medium_admits_17_pods_and_110_with_prefixes() -> None:
    machine = catalog.instance_type("t3.medium")
    assert (machine.vcpu, machine.memory_mib, machine.allocatable_cpu_milli) == (2, 4096, 1930)
    assert (machine.pods_per_node(prefix_delegation=False), machine.pods_per_node(prefix_delegation=True)) == (17, 110)
    assert machine.accelerator is None
    assert catalog.burstable_baseline_percent("t3.medium") == 20


def test_gpus_and_neuron_devices_name_their_extended_resource() -> None:
    gpu, neuron = catalog.instance_type("g5.xlarge"), catalog.instance_type("inf2.xlarge")
    assert gpu.accelerator is not None
    assert (gpu.accelerator.count, gpu.accelerator.resource) == (1, "nvidia.com/gpu")
    assert neuron.accelerator is not None
    assert (neuron.accelerator.count, neuron.accelerator.resource) == (1, "aws.amazon.com/neuron")


def test_an_unknown_instance_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        catalog.instance_type("t3.mediun")


def test_every_price_is_a_decimal_with_its_source() -> None:
    for region in catalog.regions():
        for key in catalog.price_keys():
            price = catalog.price(region, key)
            assert price is None or (isinstance(price.usd, Decimal) and price.usd > 0 and price.source)


def test_ec2_prices_know_the_region_and_say_when_there_is_none() -> None:
    price = catalog.ec2_price_usd_hour("ap-southeast-2", "t3.medium")
    assert price is not None
    assert (price.usd, price.date, price.confirmed) == (Decimal("0.0528"), date(2026, 2, 17), True)
    assert catalog.ec2_price_usd_hour("ap-southeast-1", "p5.48xlarge") is None
    assert catalog.ec2_price_usd_hour("mars-north-1", "t3.medium") is None
    assert catalog.price("us-west-1", "natGatewayHour") is None


def test_prices_that_no_document_confirms_say_so() -> None:
    price = catalog.price("ap-southeast-2", "natGatewayHour")
    assert price is not None
    assert (price.usd, price.confirmed) == (Decimal("0.059"), False)


def test_internet_traffic_is_graded() -> None:
    price = catalog.internet_out_price("ap-southeast-2")
    assert price is not None
    assert price.free_gb_month == 100
    assert price.tiers[0] == catalog.Tier(10240, Decimal("0.114"))
    assert price.tiers[-1].up_to_gb is None


def test_support_of_a_version_ends_after_its_named_day() -> None:
    version = catalog.eks_version("1.34")
    assert version is not None
    assert version.support(date(2026, 12, 2)) == "standard"
    assert version.support(date(2026, 12, 3)) == "extended"
    assert version.support(date(2027, 12, 3)) == "unsupported"
    assert version.support(date(2025, 1, 1)) == "unreleased"
    assert catalog.eks_version("1.99") is None


def test_supported_versions_are_those_of_the_day_newest_first() -> None:
    supported = catalog.supported_eks_versions(date(2026, 11, 21))
    assert [version.minor for version in supported] == ["1.36", "1.35", "1.34", "1.33", "1.32", "1.31"]


def test_addons_know_their_service_account_and_what_only_helm_installs() -> None:
    cni = catalog.addon("vpc-cni")
    assert cni is not None
    assert (cni.service_account, cni.managed_policies, cni.before_nodes) == (
        "aws-node",
        ("AmazonEKS_CNI_Policy",),
        True,
    )
    assert catalog.addon("aws-load-balancer-controller") is None
    assert "aws-load-balancer-controller" in catalog.installed_with_helm()


def test_controller_policies_are_iam_statements() -> None:
    statements = catalog.load_balancer_controller_policy()
    assert len(statements) == 16
    assert all(statement["Effect"] == "Allow" and isinstance(statement["Action"], list) for statement in statements)


def test_every_chart_is_pinned_and_every_region_has_two_zones() -> None:
    assert all((facts := catalog.chart(name)) and facts.version for name in catalog.chart_names())
    assert all(len(catalog.zones(region)) >= 2 for region in catalog.regions())
    assert catalog.zones("ap-southeast-2")[:2] == ("ap-southeast-2a", "ap-southeast-2b")
