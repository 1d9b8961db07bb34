"""``wavetank init``: a copy of an example platform to start from."""

from __future__ import annotations

from pathlib import Path

import click

from wavetank.app.examples import copy_example, example_names


@click.command()
@click.argument("example", required=False)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--list", "listing", is_flag=True, help="List the examples and stop.")
def command(example: str | None, folder: Path | None, listing: bool) -> None:
    """Copy EXAMPLE into FOLDER (default: a folder of the example's name).

    \b
    wavetank init --list
    wavetank init ml-inference my-platform
    """
    if listing or example is None:
        click.echo("\n".join(example_names()))
        return
    target = folder or Path(example)
    for file in copy_example(example, target):
        click.echo(target / file)
    click.echo(f"\nNext: wavetank check {target / 'platform.yaml'} -e dev")
