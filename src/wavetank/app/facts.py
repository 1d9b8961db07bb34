"""Facts fetched from AWS with somebody's own credentials: instance types and prices of regions, kept in a file of his.

Called by ``wavetank facts``. What the answers mean is known in ``catalog``; here they are asked for, written and read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from wavetank import catalog
from wavetank.base.errors import InputError, OperationFailed, Problem, ToolMissing
from wavetank.catalog.described import described
from wavetank.catalog.instances import row_of
from wavetank.catalog.learned import Learned, as_document, from_document
from wavetank.catalog.price_list import Question, machine_prices, machine_question, product_price, product_questions

#: where the Pricing API answers, whatever region it is asked about
PRICING_REGION = "us-east-1"


#: makes a client of an AWS service (first) in a region: boto3's, or in tests one with prepared answers
Clients: TypeAlias = Callable[[str, str], Any]


def session() -> Clients:
    """A boto3 session with the caller's credentials; ToolMissing without boto3, OperationFailed without credentials."""
    try:
        import boto3
    except ImportError:
        raise ToolMissing("facts are fetched with boto3: pip install 'wavetank[up]'") from None
    own = boto3.Session()
    if own.get_credentials() is None:
        raise OperationFailed(
            "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
            "ec2:DescribeInstanceTypes and pricing:GetProducts are asked for"
        )
    make: Any = own.client
    return lambda service, region: make(service, region_name=region)


def fetched(clients: Clients, regions: Sequence[str], on: date, prices: bool = True) -> Learned:
    """The instance types and prices of regions. OperationFailed when AWS refuses."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        types = {name: row for region in regions for name, row in _types(clients, region)}
        machines = {region: _machine_prices(clients, region) for region in regions} if prices else {}
        others = {region: _product_prices(clients, region) for region in regions} if prices else {}
    except (ClientError, BotoCoreError) as refused:
        raise OperationFailed(f"AWS refused: {refused}") from None
    return Learned(f"AWS APIs, fetched for {', '.join(regions)}", on, types, machines, others)


def _types(clients: Clients, region: str) -> Iterator[tuple[str, list[Any]]]:
    pages = clients("ec2", region).get_paginator("describe_instance_types").paginate()
    for description in (each for page in pages for each in page["InstanceTypes"]):
        with suppress(KeyError, IndexError):  # a kind of machine that EC2 describes otherwise: Macs, previews
            found = described(description, _packaged(description["InstanceType"]))
            yield found.name, row_of(found)


def _packaged(name: str) -> catalog.InstanceType | None:
    return catalog.instance_type(name) if name in catalog.instance_type_names() else None


def _machine_prices(clients: Clients, region: str) -> Any:
    return machine_prices(_answers(clients, machine_question(region)))


def _product_prices(clients: Clients, region: str) -> dict[str, Any]:
    """Products that share a question are asked for once."""
    questions = product_questions(region)
    distinct = {(each.service_code, tuple(each.filters.items())): each for each in questions.values()}
    answers = {key: list(_answers(clients, question)) for key, question in distinct.items()}
    found = {
        key: product_price(key, answers[question.service_code, tuple(question.filters.items())])
        for key, question in questions.items()
    }
    return {key: usd for key, usd in found.items() if usd is not None}


def _answers(clients: Clients, question: Question) -> Iterable[str]:
    pages = (
        clients("pricing", PRICING_REGION)
        .get_paginator("get_products")
        .paginate(
            ServiceCode=question.service_code,
            Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in question.filters.items()],
        )
    )
    return (text for page in pages for text in page["PriceList"])


# --- the file ---------------------------------------------------------------------------------------------------------


def write_facts(path: Path, facts: Learned) -> None:
    """As JSON, in one piece: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(as_document(facts), indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def read_facts(path: Path) -> Learned | None:
    """What a file holds; None when there is none. InputError when it holds something else."""
    if not path.is_file():
        return None
    try:
        return from_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as wrong:
        remedy = "Fetch them again with `wavetank facts update`, or remove the file."
        raise InputError([Problem(str(path), 0, 0, f"holds no facts of wavetank: {wrong!r}", remedy)]) from None
