"""``wavetank explain``: why a line of a rendered file is what it is, from the trace beside the files alone."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wavetank.base.errors import InputError, Problem
from wavetank.cli.options import format_option
from wavetank.render.explain import explain


@click.command()
@click.argument("place", metavar="FILE:LINE")
@format_option
def command(place: str, output_format: str) -> None:
    """Say which plan value a line of a rendered file carries, why it has that value, and the line of the spec behind it.

    \b
    wavetank explain build/terraform/cluster.tf:12
    wavetank explain build/kubernetes/40-workloads.yaml:31 --format json
    """
    explanation = explain(*_file_and_line(place))
    click.echo(json.dumps(explanation.to_json(), indent=2) if output_format == "json" else str(explanation))


def _file_and_line(place: str) -> tuple[Path, int]:
    file, _, line = place.rpartition(":")
    if not file or not line.isascii() or not line.isdigit() or line == "0":
        raise InputError(
            [Problem(place, 0, 0, "does not name a line", "write FILE:LINE, for example build/terraform/cluster.tf:12")]
        )
    return Path(file), int(line)
