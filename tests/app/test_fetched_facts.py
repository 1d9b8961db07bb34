"""Facts are fetched from EC2 (moto's) and the Pricing API (answers in its shape, since moto has none), written and read."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from wavetank import catalog
from wavetank.app.facts import fetched, read_facts, session, write_facts
from wavetank.base.errors import InputError, OperationFailed
from wavetank.catalog.learned import Learned, learned
from wavetank.catalog.price_list import product_price, product_questions

ON = date(2026, 11, 21)
KEYS: dict[str, Any] = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


def product(usd: str, begins: str = "0", **attributes: str) -> str:
    """One element of ``PriceList``, as the Pricing API writes it."""
    dimension = {"unit": "Hrs", "beginRange": begins, "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    terms = {"OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": {"SKU.JRTCKXETXF.6YS6EN2CT7": dimension}}}}
    return json.dumps({"product": {"productFamily": "x", "attributes": attributes, "sku": "SKU"}, "terms": terms})


ANSWERS = {
    "AmazonEC2": [
        product("0.1000000000", instanceType="m5.large", usagetype="BoxUsage:m5.large"),
        product("0.0000000000", instanceType="t3.medium", usagetype="Reservation:t3.medium"),
        product("0.0460000000", usagetype="NatGateway-Hours"),
        product("0.0470000000", usagetype="USE1-NatGateway-Bytes"),
    ],
    "AmazonEKS": [product("0.1100000000", usagetype="AmazonEKS-Hours:perCluster")],
}


class Answering:
    """Clients of one test: EC2 is moto's, the Pricing API gives prepared answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, service: str, region: str) -> Any:
        make: Any = boto3.client
        client = make(service, region_name=region, **KEYS)
        return client if service == "ec2" else self._prepared(client)

    def _prepared(self, client: Any) -> Any:
        get_paginator = client.get_paginator

        def answer(ServiceCode: str, Filters: list[dict[str, str]]) -> Any:  # noqa: N803 - the API's names
            self.asked.append(ServiceCode)
            stub = Stubber(client)
            expected = {"ServiceCode": ServiceCode, "Filters": ANY}
            stub.add_response("get_products", {"PriceList": ANSWERS.get(ServiceCode, [])}, expected)
            with stub:
                return list(get_paginator("get_products").paginate(ServiceCode=ServiceCode, Filters=Filters))

        return PreparedClient(answer)


class PreparedClient:
    def __init__(self, answer: Any) -> None:
        self.paginate = answer

    def get_paginator(self, operation: str) -> PreparedClient:
        assert operation == "get_products"
        return self


@pytest.fixture(scope="module")
def facts() -> Learned:
    with mock_aws():
        return fetched(Answering(), ("us-east-1",), ON)


def test_every_instance_type_of_the_region_is_there_with_the_packaged_ones_unchanged(facts: Learned) -> None:
    assert len(facts.types) > 500
    packaged = catalog.instance_type("m5.large")
    with learned(facts):
        assert catalog.instance_type("m5.large") == packaged


def test_prices_are_those_of_the_answers_and_free_ones_are_left_out(facts: Learned) -> None:
    assert facts.ec2_usd_hour == {"us-east-1": {"m5.large": Decimal("0.1")}}
    assert facts.usd["us-east-1"] == {
        "natGatewayHour": Decimal("0.046"),
        "natGatewayGB": Decimal("0.047"),
        "eksClusterHour": Decimal("0.11"),
    }


def test_what_is_written_is_read_again(facts: Learned, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "facts.json"
    write_facts(path, facts)
    assert read_facts(path) == facts
    assert [each.name for each in path.parent.iterdir()] == ["facts.json"]


def test_no_file_is_no_facts_and_another_file_is_refused(tmp_path: Path) -> None:
    assert read_facts(tmp_path / "none.json") is None
    other = tmp_path / "other.json"
    for text in ("[]", "{}", "not json", '{"date": "yesterday", "source": "", "instanceTypes": {}}'):
        other.write_text(text)
        with pytest.raises(InputError, match="holds no facts"):
            read_facts(other)


def test_without_credentials_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(OperationFailed, match="no AWS credentials"):
        session()


def test_each_key_of_the_price_list_is_a_key_of_the_catalog() -> None:
    assert set(product_questions("us-east-1")) <= set(catalog.price_keys())


def test_the_first_step_of_a_graded_price_is_taken() -> None:
    above = product("0.02", begins="51200", usagetype="TimedStorage-ByteHrs")
    first = product("0.023", usagetype="APS2-TimedStorage-ByteHrs")
    assert product_price("s3StandardGBMonth", [above, first]) == Decimal("0.023")
