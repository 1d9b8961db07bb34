"""Options that several verbs share, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

#: No ``exists=True``: a missing file is told like every other problem of a spec.
platform_argument = click.argument("platform", type=click.Path(path_type=Path), metavar="PLATFORM.YAML")

environment_option = click.option(
    "-e", "--environment", default="production", show_default=True, metavar="NAME", help="Environment of the platform."
)

#: Where the chosen format is kept for whoever reports the end of the verb.
_FORMAT = "wavetank.format"


def _keep_format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    ctx.meta[_FORMAT] = value
    return value


def asks_for_json(ctx: click.Context) -> bool:
    """Whether the verb of this context was called with ``--format json``."""
    return ctx.meta.get(_FORMAT) == "json"


def formats_option(*formats: str) -> Callable[[F], F]:
    """``--format`` with these choices, the first being the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help='Output format; JSON also tells what is wrong with the input, as {"problems": [...]} on stdout.',
        callback=_keep_format,
    )


format_option = formats_option("text", "json")


class Day(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"{value!r} is not a date like 2026-11-21", param, ctx)


on_option = click.option(
    "--on",
    type=Day(),
    default=None,
    metavar="DATE",
    help="Judge support periods and fees as of this day (default: today).",
)


def today() -> date:
    """The day in UTC, as AWS counts support periods."""
    from datetime import UTC

    return datetime.now(UTC).date()
