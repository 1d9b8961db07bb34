"""``wavetank up``: a platform on this machine, in the foreground until Ctrl-C, or detached."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from wavetank.app.bare import commands_of
from wavetank.app.charts import Installed
from wavetank.app.courses import Course, PlatformCourse, SourceFiles, files_course
from wavetank.app.courses.files import ENVIRONMENT
from wavetank.app.design import design
from wavetank.app.progress import Progress
from wavetank.app.session import Record, SessionFolder
from wavetank.app.up import DEFAULT_API_PORT, DEFAULT_AWS_PORT, bring_up, start_detached, stay
from wavetank.app.voyage import Voyage, VoyageOptions
from wavetank.cli.options import environment_option, today
from wavetank.cli.progress import TerminalProgress
from wavetank.cli.signals import finish_undisturbed, terminated_as_interrupted
from wavetank.twin.nodes.runtime.local_command import LocalCommand

#: the folder that `status` and `down` look in when they are told no platform
HERE = Path("platform.yaml")
_WORDS = "wavetank.up.words"


class Repeatable(click.Command):
    """Keeps its words, so that a process of its own can be told the same."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = list(args)
        return super().parse_args(ctx, args)


@click.command(cls=Repeatable)
@click.argument("platform", type=click.Path(path_type=Path), metavar="[PLATFORM.YAML]", required=False)
@environment_option
@click.option(
    "--terraform",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Run this Terraform root, which wavetank did not write, instead of a platform. It runs in a copy.",
)
@click.option(
    "--manifests",
    type=click.Path(path_type=Path),
    metavar="PATH",
    multiple=True,
    help="With --terraform: manifests, a chart or a kustomization to apply to its cluster. May be repeated.",
)
@click.option(
    "--values", type=click.Path(path_type=Path), metavar="FILE", multiple=True, help="Values for charts of --manifests."
)
@click.option("--release", default="release", show_default=True, help="Release name of charts of --manifests.")
@click.option("--namespace", "-n", default="default", show_default=True, help="Namespace of charts of --manifests.")
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="A variable for Terraform.")
@click.option(
    "--var-file", type=click.Path(path_type=Path), metavar="FILE", multiple=True, help="Variables for Terraform."
)
@click.option(
    "--component",
    metavar="NAME[=VERSION]",
    multiple=True,
    help="With --terraform: a chart that runs in the cluster, such as cluster-autoscaler, stood in for by name.",
)
@click.option(
    "--cluster", default="", metavar="NAME", help="The cluster for the manifests, where Terraform makes several."
)
@click.option(
    "--run",
    "local",
    metavar="IMAGE[=COMMAND]",
    multiple=True,
    help="With --terraform: containers of IMAGE run on this computer, in this folder, as COMMAND (default: their own).",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True, max=1000),
    default=1.0,
    show_default=True,
    help="Pace of the cluster's clock; only without local commands, a real pod lives in real time.",
)
@click.option("--detach", is_flag=True, help="Return once it is ready; `wavetank down` ends it.")
@click.option(
    "--aws-port", type=click.IntRange(0, 65535), default=DEFAULT_AWS_PORT, show_default=True, help="0 takes a free one."
)
@click.option(
    "--api-port", type=click.IntRange(0, 65535), default=DEFAULT_API_PORT, show_default=True, help="0 takes a free one."
)
@click.pass_context
def command(
    ctx: click.Context,
    platform: Path | None,
    environment: str,
    terraform: Path | None,
    manifests: tuple[Path, ...],
    values: tuple[Path, ...],
    release: str,
    namespace: str,
    variables: tuple[str, ...],
    var_file: tuple[Path, ...],
    component: tuple[str, ...],
    cluster: str,
    local: tuple[str, ...],
    speed: float,
    detach: bool,
    aws_port: int,
    api_port: int,
) -> None:
    """Run PLATFORM.YAML on this machine, or files that wavetank did not write.

    Starts an embedded AWS, applies the Terraform to it, runs the cluster that Terraform creates, applies the
    Kubernetes files, and prints how to reach it all with terraform, aws, kubectl and curl. Ctrl-C takes everything down.

    \b
    wavetank up platform.yaml -e dev
    wavetank up platform.yaml -e dev --detach && wavetank status platform.yaml && wavetank down platform.yaml -e dev
    wavetank up --terraform infra/live/dev --manifests k8s/ --component metrics-server
    wavetank up --terraform infra --var-file dev.tfvars --manifests charts/shop --values dev-values.yaml \\
        --run shop/api='python -m shop.api --port {PORT}'
    """
    course: Course
    if terraform is None:
        course = _platform(ctx, platform, environment)
        folder = SessionFolder(Path(course.source), environment)
    else:
        if platform is not None:
            raise click.UsageError("--terraform runs files instead of a platform: leave PLATFORM.YAML out")
        charts = Installed(_stated(ctx, environment), values, release, namespace)
        files = SourceFiles(terraform, manifests, charts, variables, var_file, component, cluster, _region(os.environ))
        course = files_course(files, _commands(local), dict(os.environ))
        folder = SessionFolder(HERE, _stated(ctx, environment) or ENVIRONMENT)
    if course.local_commands and speed != 1:
        raise click.UsageError("real pods run in real time: leave --speed out, or their local commands")
    if detach:
        _detach(ctx, folder)
        return
    options = VoyageOptions(dict(os.environ), aws_port, api_port, speed)
    with terminated_as_interrupted():
        _run(Voyage(course, folder, options, Progress([TerminalProgress()])), folder)


#: options that mean something with --terraform only
_OF_FILES = ("manifests", "values", "release", "namespace", "variables", "var_file", "component", "cluster", "local")


def _platform(ctx: click.Context, platform: Path | None, environment: str) -> PlatformCourse:
    stated = [name for name in _OF_FILES if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
    if stated:
        option = next(p for p in ctx.command.params if p.name == stated[0]).opts[0]
        raise click.UsageError(f"{option} goes with --terraform")
    if platform is None:
        raise click.UsageError("name a PLATFORM.YAML, or the files to run with --terraform DIR --manifests PATH")
    return PlatformCourse(design(platform, environment, today()), platform.resolve().parent)


def _commands(images: Sequence[str]) -> dict[str, LocalCommand]:
    """Their programs are looked for from the folder in which the verb was called."""
    return {image: replace(each, folder=Path.cwd()) for image, each in commands_of(images).items()}


def _stated(ctx: click.Context, environment: str) -> str | None:
    """The environment if it was asked for: foreign files have none by default."""
    default = ctx.get_parameter_source("environment") is click.core.ParameterSource.DEFAULT
    return None if default else environment


def _region(variables: os._Environ[str]) -> str:
    return variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or "us-east-1"


def _detach(ctx: click.Context, folder: SessionFolder) -> None:
    """The same command in a process of its own."""
    words: Sequence[str] = [word for word in ctx.meta[_WORDS] if word != "--detach"]
    with terminated_as_interrupted():
        record = start_detached(folder, words, lambda line: click.echo(line, err=True))
    end = f"wavetank down {folder.spec_file} -e {folder.environment}"
    click.echo(how_to_connect(record, folder) + f"\nIt goes on in the background: {end}")


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
            f"  working copies    {record.build}",
            "",
            *services,
            "",
            "  kubectl get pods -A -o wide",
            f"  terraform -chdir={record.terraform} plan",
        ]
    )
