"""``wavetank cost``: monthly bills of one environment or all side by side, what-ifs, and what changed since."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import click

from wavetank.app.bills import Priced, Terms, compared, priced
from wavetank.app.price_files import price_file
from wavetank.cli.bills.documents import comparison_document, document_of
from wavetank.cli.bills.one import sheet_of, totals_of
from wavetank.cli.bills.several import differences_of, side_by_side
from wavetank.cli.bills.sheet import Sheet, as_csv, as_markdown, as_text
from wavetank.cli.options import formats_option, on_option, platform_argument, today
from wavetank.cost import By, WhatIf, by, what_if

Writer: TypeAlias = Callable[[Sheet], str]
WRITERS: dict[str, Writer] = {"text": as_text, "csv": as_csv, "markdown": as_markdown}
FORMATS = ("text", "json", "csv", "markdown")


class WhatIfType(click.ParamType[WhatIf]):
    """``spot=GROUP:70%``, ``savings-plan=1y-no-upfront``, ..."""

    name = "what-if"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> WhatIf:
        try:
            return what_if(str(value))
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


@click.command()
@platform_argument
@click.option("-e", "--environment", default=None, metavar="NAME", help="One environment, in detail. Default: all.")
@click.option("--all", "all_environments", is_flag=True, help="All environments side by side, also where there is one.")
@click.option(
    "--by",
    "view",
    type=click.Choice(["line", "component", "workload", "team"]),
    default="line",
    show_default=True,
    help="What amounts are added up by. Nodes are shared by what pods ask for.",
)
@click.option(
    "--what-if", "what_ifs", type=WhatIfType(), multiple=True, metavar="CHANGE", help="See below. Repeatable."
)
@click.option(
    "--compare", metavar="FILE|REVISION", help="What differs from another file or a git revision of this one."
)
@click.option(
    "--price-file",
    type=click.Path(path_type=Path),
    help="Your own prices (YAML or JSON), key: USD or key: {usd, source}; the file's cost.prices win over them.",
)
@formats_option(*FORMATS)
@on_option
def command(
    platform: Path,
    environment: str | None,
    all_environments: bool,
    view: By,
    what_ifs: tuple[WhatIf, ...],
    compare: str | None,
    price_file: Path | None,
    output_format: str,
    on: date | None,
) -> None:
    """Price PLATFORM.YAML for a month.

    Each line is quantity × unit price: the floor is paid when nothing happens, expected follows the spec's assumptions, the
    ceiling is what the plan's own limits allow. Prices marked * are not confirmed for the region; cost.prices overrides them.

    \b
    --what-if spot=GROUP[:PERCENT%]       GROUP on Spot machines, so much below on demand
    --what-if on-demand=GROUP             GROUP on demand
    --what-if savings-plan=TERM[:PERCENT%][@GROUP,...]   e.g. 1y-no-upfront: PERCENT of the expected hours, paid in any case
    --what-if reserved=TERM[:PERCENT%][@GROUP,...]       e.g. 3y-all-upfront

    \b
    wavetank cost platform.yaml
    wavetank cost platform.yaml -e production --by team
    wavetank cost platform.yaml -e dev --format json
    wavetank cost platform.yaml --what-if spot=workers:70% --compare HEAD~1
    """
    terms = Terms(on or today(), _prices(price_file), what_ifs)
    if compare is not None:
        click.echo(_differences(platform, compare, environment, terms, output_format))
        return
    found = priced(platform, environment, terms)
    side = all_environments or (environment is None and len(found) > 1)
    if output_format == "json":
        click.echo(json.dumps(_document(found, environment), indent=2))
    else:
        click.echo(WRITERS[output_format](_side_by_side(found, view) if side else _one(found[0], view)))


def _prices(path: Path | None) -> Any:
    return price_file(path) if path is not None else {}


def _one(each: Priced, view: By) -> Sheet:
    return sheet_of(each.bill) if view == "line" else totals_of(each.bill, view, by(each.plan, each.bill, view))


def _side_by_side(found: Sequence[Priced], view: By) -> Sheet:
    return side_by_side([each.bill for each in found], view, [by(each.plan, each.bill, view) for each in found])


def _document(found: Sequence[Priced], environment: str | None) -> dict[str, Any]:
    """With an environment its bill; without one a list of all bills, however many there are."""
    bills = [_shared(each) for each in found]
    return bills[0] if environment is not None else {"environments": bills}


def _shared(each: Priced) -> dict[str, Any]:
    views: tuple[By, ...] = ("workload", "team")
    return document_of(each.bill, {view: by(each.plan, each.bill, view) for view in views})


def _differences(platform: Path, other: str, environment: str | None, terms: Terms, output_format: str) -> str:
    found = compared(platform, other, environment, terms)
    if output_format == "json":
        return json.dumps({name: comparison_document(each) for name, each in found.items()}, indent=2)
    return "\n\n".join(WRITERS[output_format](differences_of(each)) for each in found.values())
