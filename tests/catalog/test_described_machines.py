"""What EC2 says about an instance type becomes the same facts as those that are packaged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from wavetank import catalog
from wavetank.catalog.described import described
from wavetank.catalog.instances import row_of
from wavetank.catalog.learned import Learned, as_document, from_document, learned

TYPES = ("t3.medium", "m5.large", "c6g.xlarge", "g5.xlarge", "i3.xlarge", "inf2.xlarge", "c5.metal", "r6i.32xlarge")


@pytest.fixture(scope="module")
def descriptions() -> dict[str, Any]:
    with mock_aws():
        client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        names: Any = list(TYPES)
        found = client.describe_instance_types(InstanceTypes=names)["InstanceTypes"]
    return {each["InstanceType"]: each for each in found}


@pytest.mark.parametrize("name", TYPES)
def test_a_description_leads_to_the_packaged_facts(descriptions: dict[str, Any], name: str) -> None:
    packaged = catalog.instance_type(name)
    found = described(descriptions[name], packaged)
    if packaged.hypervisor != "nitro":  # the packaged facts leave out what does not matter there
        found = replace(found, hypervisor=packaged.hypervisor, max_pods_prefix=packaged.max_pods_prefix)
    assert found == packaged


def test_learned_facts_come_before_packaged_ones_and_only_inside() -> None:
    odd = replace(catalog.instance_type("m5.large"), name="m99.large", vcpu=3)
    prices = {"us-east-1": {"m99.large": Decimal("0.5"), "m5.large": Decimal("0.09")}}
    facts = Learned(
        "mine", date(2026, 11, 21), {"m99.large": row_of(odd)}, prices, {"us-east-1": {"kmsKeyMonth": Decimal(2)}}
    )
    with learned(from_document(as_document(facts))):
        assert catalog.instance_type("m99.large") == odd
        assert "m99.large" in catalog.instance_type_names()
        price = catalog.ec2_price_usd_hour("us-east-1", "m5.large")
        key = catalog.price("us-east-1", "kmsKeyMonth")
        assert price is not None
        assert key is not None
        assert (price.usd, price.source, key.usd) == (Decimal("0.09"), "mine", Decimal(2))
        elsewhere = catalog.price("us-west-2", "kmsKeyMonth")
        assert elsewhere is not None
        assert elsewhere.usd == 1
    assert "m99.large" not in catalog.instance_type_names()
