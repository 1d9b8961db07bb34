"""``wavetank schema``: the JSON Schema of a platform file."""

from __future__ import annotations

import json

import click

from wavetank.spec import json_schema


@click.command()
def command() -> None:
    """Print the JSON Schema of platform.yaml.

    \b
    wavetank schema > platform.schema.json
    # yaml-language-server: $schema=platform.schema.json
    """
    click.echo(json.dumps(json_schema(), indent=2))
