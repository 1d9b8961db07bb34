"""``wavetank twin import DUMP...``: a twin that begins with the objects of another cluster."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from wavetank.cli.verbs.twin.running import run_options


@click.command()
@click.argument("dumps", nargs=-1, metavar="[DUMP]...")
@click.option(
    "--from-cluster",
    metavar="CONTEXT|FILE",
    help="Everything that a live cluster lists, by kubectl: a context of your kubeconfig, or a kubeconfig file.",
)
@click.option("--version", metavar="MINOR", help="Version of Kubernetes.  [default: that of the nodes]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything that is random in the cluster.")
@click.option("--with-events", is_flag=True, help="Keep Events, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken in, and what not.")
@run_options
def command(
    dumps: tuple[str, ...],
    from_cluster: str | None,
    version: str | None,
    seed: int,
    with_events: bool,
    dry_run: bool,
    kubeconfig: Path,
    speed: float,
    port: int,
    output_format: str,
) -> None:
    """Run a cluster made of the objects of another one, until Ctrl-C: dumps in YAML or JSON, snapshots, or a live cluster.

    Names, uids, owners, addresses and statuses stay as they were; machines that do as they are told stand behind the nodes, and
    what runs goes on. The cluster's clock begins when the dump was taken.

    \b
    kubectl get all,cm,secret,ing,pvc,pv,nodes,crd -A -o yaml > prod.yaml
    wavetank twin import prod.yaml --kubeconfig kc
    kubectl get pods -A -o yaml | wavetank twin import -
    wavetank twin import --from-cluster my-eks-context
    """
    from wavetank.app.bare import BareTwin, KubeconfigFile, supported_version
    from wavetank.app.imported import ImportWords, from_live_cluster, imported_world, report, report_json
    from wavetank.app.imports import read_dumps
    from wavetank.cli.verbs.twin.run import run_twin

    if not dumps and not from_cluster:
        raise click.UsageError("name dumps, `-` for standard input, or --from-cluster")
    written = None if dry_run else KubeconfigFile(kubeconfig)
    found = read_dumps(dumps, sys.stdin.buffer)
    if from_cluster:
        found += from_live_cluster(from_cluster, os.environ)
    words = ImportWords(supported_version(version) if version else "", seed, with_events, speed, port)
    made = imported_world(found, words)
    if written is None:
        click.echo(json.dumps(report_json(made), indent=2) if output_format == "json" else report(made))
        return
    # Standard output is that of `wavetank twin`: one line, when the cluster answers.
    click.echo(report(made), err=True)
    run_twin(lambda: BareTwin(made.world.options, lambda _: made.started()), written, output_format)
