"""``wavetank twin snapshot FILE``: a running cluster into a file that ``restore`` runs on from."""

from __future__ import annotations

from pathlib import Path

import click

from wavetank.app.saved import save_snapshot
from wavetank.cli.verbs.twin.asking import kubeconfig_option, twin_client


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@kubeconfig_option
def command(file: Path, kubeconfig: Path | None) -> None:
    """Save the cluster as it is now: its objects, and all that came in from outside since it began.

    The file holds Secrets and the keys of the cluster; only you can read it. The cluster runs on.

    \b
    wavetank twin snapshot monday.twin --kubeconfig kc
    wavetank twin restore monday.twin --kubeconfig kc
    """
    with twin_client(kubeconfig) as client:
        saved = save_snapshot(client, file)
    what = f"{len(saved.objects)} objects"
    if not saved.obstacles:
        click.echo(f"{file}: {what} and {len(saved.lines)} inputs, at {saved.utc} of the cluster's time")
        return
    click.echo(
        f"{file}: {what} without a history, so `restore` cannot run it on; `wavetank twin import` can begin with it"
    )
    for obstacle in saved.obstacles:
        click.echo(f"  because {obstacle}")
