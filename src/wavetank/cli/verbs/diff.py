"""``wavetank diff``: what two states of a platform differ in, object by object; exit 1 when there is a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import click

from wavetank.app.comparison import compared
from wavetank.base.errors import EXIT_FINDINGS, EXIT_OK
from wavetank.cli.options import environment_option, format_option, on_option, today
from wavetank.render.difference import Change, FieldChange

_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
#: a longer value is cut in text; JSON has all of it
_LONGEST = 100


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@environment_option
@on_option
@format_option
def command(old: str, new: str, environment: str, on: date | None, output_format: str) -> int:
    """Compare A with B: objects and resources, not text.

    A and B are spec files, rendered folders, or either at a git revision (REVISION:PATH). Of a spec the environment is that
    of -e, or its own: platform.yaml:dev. Like `diff`, it ends with 0 when both are the same, 1 when not, 2 on bad input.

    \b
    wavetank diff platform.yaml:dev platform.yaml:production
    wavetank diff HEAD~1:platform.yaml platform.yaml -e production
    wavetank diff build/ platform.yaml -e production
    wavetank diff main:examples/chatbot/platform.yaml examples/chatbot/platform.yaml --format json
    """
    found = compared(old, new, environment, on or today())
    if output_format == "json":
        click.echo(json.dumps({"changes": [change.to_json() for change in found]}, indent=2, ensure_ascii=False))
    else:
        for line in _lines(found):
            click.echo(line)
    return EXIT_FINDINGS if found else EXIT_OK


def _lines(found: Sequence[Change]) -> Iterator[str]:
    for change in found:
        sign, colour = _SIGNS[change.change]
        yield click.style(f"{sign} {change.name}", fg=colour)
        yield from (f"    {_field(field)}" for field in change.fields)
    counts = [(sum(change.change == kind for change in found), kind) for kind in ("added", "removed", "changed")]
    yield ", ".join(f"{count} {kind}" for count, kind in counts) if found else "no differences"


def _field(field: FieldChange) -> str:
    sign, colour = _SIGNS[field.change]
    match field.change:
        case "changed":
            return f"{field.path}: {_shown(field.old)} → {_shown(field.new)}"
        case "added":
            return click.style(f"{sign} {field.path}: {_shown(field.new)}", fg=colour)
        case "removed":
            return click.style(f"{sign} {field.path}: {_shown(field.old)}", fg=colour)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
