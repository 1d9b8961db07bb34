"""``wavetank up``: a platform on this machine, in the foreground until Ctrl-C, or detached."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wavetank.app.design import design
from wavetank.app.progress import Progress
from wavetank.app.session import Record, SessionFolder
from wavetank.app.up import DEFAULT_API_PORT, DEFAULT_AWS_PORT, bring_up, start_detached, stay
from wavetank.app.voyage import Voyage, VoyageOptions
from wavetank.cli.options import environment_option, platform_argument, today
from wavetank.cli.progress import TerminalProgress
from wavetank.cli.signals import finish_undisturbed, terminated_as_interrupted


@click.command()
@platform_argument
@environment_option
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True, max=1000),
    default=1.0,
    show_default=True,
    help="Pace of the cluster's clock; only for platforms without local commands, a real pod lives in real time.",
)
@click.option("--detach", is_flag=True, help="Return once it is ready; `wavetank down` ends it.")
@click.option(
    "--aws-port", type=click.IntRange(0, 65535), default=DEFAULT_AWS_PORT, show_default=True, help="0 takes a free one."
)
@click.option(
    "--api-port", type=click.IntRange(0, 65535), default=DEFAULT_API_PORT, show_default=True, help="0 takes a free one."
)
def command(platform: Path, environment: str, speed: float, detach: bool, aws_port: int, api_port: int) -> None:
    """Run PLATFORM.YAML on this machine.

    Starts an embedded AWS, applies the rendered Terraform to it, runs the cluster that Terraform creates, applies the
    Kubernetes files, and prints how to reach it all with terraform, aws, kubectl and curl. Ctrl-C takes everything down.

    \b
    wavetank up platform.yaml -e dev
    wavetank up platform.yaml -e dev --detach && wavetank status platform.yaml && wavetank down platform.yaml -e dev
    """
    planned = design(platform, environment, today())
    if planned.plan.local and speed != 1:
        raise click.UsageError("a platform with local commands runs in real time: leave --speed out, or remove `local`")
    folder = SessionFolder(platform, environment)
    if detach:
        words = [str(platform), "-e", environment, "--speed", str(speed)]
        words += ["--aws-port", str(aws_port), "--api-port", str(api_port)]
        with terminated_as_interrupted():
            record = start_detached(folder, words, lambda line: click.echo(line, err=True))
        click.echo(
            how_to_connect(record, folder)
            + f"\nIt goes on in the background: wavetank down {platform} -e {environment}"
        )
        return
    options = VoyageOptions(dict(os.environ), aws_port, api_port, speed)
    with terminated_as_interrupted():
        _run(Voyage(planned, folder, options, Progress([TerminalProgress()])), folder)


def _run(voyage: Voyage, folder: SessionFolder) -> None:
    """Ctrl-C is how a platform that is up ends, so that is a success; before it was up the verb was interrupted."""
    was_up = False
    try:
        with voyage:
            try:
                record = bring_up(voyage)
                click.echo(how_to_connect(record, folder) + "\nCtrl-C takes it down.")
                was_up = True
                stay(voyage, record, lambda line: click.echo(line, err=True))
            finally:
                finish_undisturbed()
    except KeyboardInterrupt:
        click.echo("taken down: no process and no file is left", err=True)
        if not was_up:
            raise


def how_to_connect(record: Record, folder: SessionFolder) -> str:
    """What a person needs to reach everything."""
    services = [f"  {name:<40} http://{address}" for name, address in record.services]
    return "\n".join(
        [
            "",
            click.style(f"{record.platform} ({record.environment}) is up.", bold=True),
            "",
            f"  . {folder.root / 'env.sh'}     # AWS_ENDPOINT_URL, credentials, KUBECONFIG for this shell",
            "",
            f"  AWS_ENDPOINT_URL  {record.aws_endpoint_url}",
            f"  Kubernetes API    {record.api_url}",
            f"  KUBECONFIG        {record.kubeconfig}",
            f"  rendered files    {record.build}",
            "",
            *services,
            "",
            "  kubectl get pods -A -o wide",
            f"  terraform -chdir={record.build}/terraform plan",
        ]
    )
