"""What the AWS Price List says, as the catalog's prices: which products to ask for, and how to read the answers. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wavetank.catalog.files import data


@dataclass(frozen=True)
class Question:
    """One GetProducts request: a service and the attributes its products must have."""

    service_code: str
    filters: Mapping[str, str]


def machine_question(region: str) -> Question:
    """Asks for the on-demand Linux prices of all instance types of a region."""
    row = data("price-list")["ec2"]
    return Question(row["serviceCode"], {"regionCode": region, **row["filters"]})


def product_questions(region: str) -> dict[str, Question]:
    """By price key: what to ask for in a region. A usage type begins with the region's abbreviation, so all are read."""
    found = {}
    for key, row in data("price-list")["products"].items():
        family = {"productFamily": row["productFamily"]} if "productFamily" in row else {}
        found[key] = Question(row["serviceCode"], {"regionCode": region, **family})
    return found


def machine_prices(answers: Iterable[str]) -> dict[str, Decimal]:
    """USD an hour by instance type; ``answers`` are the JSON texts of ``PriceList``."""
    products = [json.loads(text) for text in answers]
    priced = ((each["product"]["attributes"].get("instanceType"), _usd(each)) for each in products)
    return {name: usd for name, usd in priced if name and usd}


def product_price(key: str, answers: Iterable[str]) -> Decimal | None:
    """The price of a key among all products of its question, the first step where there are several."""
    ending = data("price-list")["products"][key]["usagetype"]
    for text in answers:
        product = json.loads(text)
        usage = str(product["product"]["attributes"].get("usagetype", ""))
        usd = _usd(product)
        if usd and (usage == ending or usage.endswith(f"-{ending}")):
            return usd
    return None


def _usd(product: Mapping[str, Any]) -> Decimal | None:
    """Of the on-demand term, the dimension that begins at 0; None when there is none or it is free."""
    terms = (product.get("terms") or {}).get("OnDemand") or {}
    for term in terms.values():
        for dimension in term["priceDimensions"].values():
            usd = Decimal(dimension["pricePerUnit"].get("USD", "0"))
            if Decimal(dimension.get("beginRange") or "0") == 0 and usd > 0:
                return usd.normalize()
    return None
