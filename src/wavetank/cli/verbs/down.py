"""``wavetank down``: ends what ``up`` started, and removes what a killed one left."""

from __future__ import annotations

from pathlib import Path

import click

from wavetank.app.session import sessions_beside
from wavetank.app.up import take_down


@click.command()
@click.argument("platform", type=click.Path(path_type=Path), metavar="[PLATFORM.YAML]", default=Path("platform.yaml"))
@click.option(
    "-e", "--environment", default=None, metavar="NAME", help="Only this environment (default: all that run)."
)
def command(platform: Path, environment: str | None) -> None:
    """Take down what runs of PLATFORM.YAML (default: the one in this folder).

    \b
    wavetank down platform.yaml -e dev
    """
    folders = [f for f in sessions_beside(platform) if environment in (None, f.environment)]
    if not folders:
        click.echo(f"nothing of {platform} runs here")
    for folder in folders:
        record = take_down(folder)
        how = (
            f"process {record.process_id} has ended"
            if record
            else "its process was gone already; its files are removed"
        )
        click.echo(f"{folder.environment}: {how}")
