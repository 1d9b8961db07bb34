"""``wavetank facts``: what is known about AWS, and fetching it anew with one's own credentials."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wavetank import catalog
from wavetank.app.facts import fetched, read_facts, session, write_facts
from wavetank.catalog.learned import Learned
from wavetank.cli.facts_file import facts_file
from wavetank.cli.options import format_option, today
from wavetank.cli.table import table


@click.group()
def command() -> None:
    """Show the facts about AWS that everything is computed with, or fetch them anew.

    \b
    wavetank facts show
    wavetank facts update --region eu-west-1
    """


@command.command()
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Repeatable. Default: us-east-1.")
@click.option("--output", type=click.Path(path_type=Path), help="Another file than the one that is read by default.")
@click.option("--no-prices", is_flag=True, help="Instance types only.")
def update(regions: tuple[str, ...], output: Path | None, no_prices: bool) -> None:
    """Fetch instance types (EC2) and prices (Pricing API) into a file that all verbs prefer to what is packaged.

    Needs credentials that may call ec2:DescribeInstanceTypes and pricing:GetProducts; both cost nothing.
    """
    path = output or facts_file()
    facts = fetched(session(), regions or ("us-east-1",), today(), prices=not no_prices)
    write_facts(path, facts)
    click.echo(f"{_summary(facts)} in {path}")


@command.command()
@click.option("--file", "path", type=click.Path(path_type=Path), help="Default: the file that all verbs read.")
@format_option
def show(path: Path | None, output_format: str) -> None:
    """Say what is known: packaged facts, and your own that come before them."""
    chosen = path or facts_file()
    own = read_facts(chosen)
    told = _told(chosen, own)
    click.echo(json.dumps(told, indent=2) if output_format == "json" else table([("fact", ""), *told.items()]))


def _told(path: Path, own: Learned | None) -> dict[str, str]:
    packaged = {
        "instance types": str(len(catalog.instance_type_names())),
        "regions with prices": ", ".join(catalog.regions()),
        "prices by key": str(len(catalog.price_keys())),
        "EKS versions": ", ".join(version.minor for version in catalog.supported_eks_versions(today())),
        "charts": str(len(catalog.chart_names())),
        "managed add-ons": str(len(catalog.addon_names())),
        "own file": str(path),
    }
    return packaged | {"own facts": "none" if own is None else f"{_summary(own)} ({own.source}, {own.date})"}


def _summary(facts: Learned) -> str:
    machines, others = (sum(map(len, prices.values())) for prices in (facts.ec2_usd_hour, facts.usd))
    return f"{len(facts.types)} instance types, {machines} prices of machines, {others} other prices"
