"""``wavetank twin restore FILE``: a saved cluster, run on from where it was."""

from __future__ import annotations

from pathlib import Path

import click

from wavetank.cli.verbs.twin.running import run_options
from wavetank.kube.times import human_duration


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@run_options
def command(file: Path, kubeconfig: Path, speed: float, port: int, output_format: str) -> None:
    """Run a cluster that `wavetank twin snapshot` saved, on from that moment, until Ctrl-C.

    Everything that came in from outside is done again, at full speed and in the cluster's own time, and the result is compared
    with what was saved. Kubeconfigs and tokens of the saved cluster stay good; with the port of then, so does its address.
    """
    from wavetank.app.bare import KubeconfigFile
    from wavetank.app.restoring import restored_twin
    from wavetank.cli.verbs.twin.run import run_twin
    from wavetank.twin.history import read_snapshot

    written, snapshot = KubeconfigFile(kubeconfig), read_snapshot(file)
    past = human_duration(snapshot.seconds)
    # A replay of a long time takes as long as living it did at full speed: say what is going on.
    click.echo(f"replaying {past} of the cluster's time, {len(snapshot.lines)} inputs", err=True)
    run_twin(lambda: restored_twin(snapshot, port=port, speed=speed), written, output_format)
