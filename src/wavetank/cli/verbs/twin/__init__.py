"""``wavetank twin``: a bare cluster until Ctrl-C; and the verbs that ask a running one, one file each beside this.

The options of the cluster are read here and handed to ``run``; help and the asking verbs load no cluster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import click

from wavetank.cli.options import formats_option

#: verb -> (module beside this one, one line of help)
VERBS: dict[str, tuple[str, str]] = {
    "explain": ("explain", "Say why a pod is where it is, or why it is nowhere."),
    "journal": ("journal", "Show what happened, and because of what."),
    "snapshot": ("snapshot", "Save a running cluster to a file."),
    "import": ("import_", "Run a cluster made of the objects of another one: dumps, or a live cluster."),
    "restore": ("restore", "Run a saved cluster on from where it was."),
}


class TwinVerbs(click.Group):
    """A group that does something without a verb, too; its verbs are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = import_module(f"{__name__}.{VERBS[cmd_name][0]}").command
        assert isinstance(command, click.Command), f"twin {cmd_name} offers no click command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


class Speed(click.ParamType[float]):
    """A factor of real time; ``max`` is as fast as the computer can."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if value == "max":
            return math.inf
        try:
            speed = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a speed: write a number such as 1 or 60, or max.", param, ctx)
        if not 0 < speed < math.inf:
            self.fail(f"{value} is not a speed: a clock goes forward, by more than 0.", param, ctx)
        return speed


@dataclass(frozen=True)
class TwinWords:
    """The options as given; ``nodes`` None takes the usual ones, ``kubeconfig`` is where to write."""

    nodes: Path | None
    kubeconfig: Path
    speed: float
    version: str
    port: int
    seed: int
    kubelet: Literal["modelled", "scripted"]
    tie_break: Literal["first", "random"]
    components: tuple[str, ...]
    all_components: bool
    images: tuple[str, ...]
    output_format: str


@click.group(cls=TwinVerbs, invoke_without_command=True, subcommand_metavar="[VERB [ARGS]...]")
@click.option(
    "--nodes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON or YAML: a list of {name, ip, capacity, allocatable, labels, taints}.  [default: three nodes of 4 CPU, 16 GiB]",
)
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default=Path("twin.kubeconfig"),
    show_default=True,
    help="Written when the API answers, removed at the end.",
)
@click.option(
    "--speed", type=Speed(), default="1", show_default=True, metavar="N|max", help="Pace of the cluster's clock."
)
@click.option("--version", default="1.36", show_default=True, metavar="MINOR", help="Version of Kubernetes.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything that is random in the cluster.")
@click.option(
    "--kubelet",
    type=click.Choice(["modelled", "scripted"]),
    default="modelled",
    show_default=True,
    help="modelled: images are pulled, containers started, probed and restarted. scripted: every pod is Running after 0.3 s, "
    "Ready 0.7 s later, gone 0.3 s after its deletion; annotations fake/never-ready and fake/completes; fixed metrics.",
)
@click.option(
    "--tie-break",
    type=click.Choice(["first", "random"]),
    default="first",
    show_default=True,
    help="Which of several equally good nodes the scheduler takes.",
)
@click.option(
    "--component",
    "components",
    multiple=True,
    metavar="NAME",
    help="Install software that wavetank stands in for, such as metrics-server. Repeatable.",
)
@click.option("--bare-with-everything", "all_components", is_flag=True, help="Install every component that acts.")
@click.option(
    "--run",
    "images",
    multiple=True,
    metavar="IMAGE[=COMMAND]",
    help="Run containers of this image as processes ON THIS COMPUTER, with your rights: their own command, or COMMAND. "
    "Repeatable; only at speed 1.",
)
@formats_option("text", "json")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Run a bare Kubernetes cluster until Ctrl-C: API, controllers, scheduler, nodes; or, with a verb, ask a running one.

    \b
    wavetank twin --nodes nodes.json --kubeconfig kc &      then: kubectl --kubeconfig kc get nodes
    wavetank twin --speed 60                                an hour in a minute
    wavetank twin explain pod web-0 -n shop
    """
    if ctx.invoked_subcommand is None:
        from wavetank.cli.verbs.twin.run import run

        run(TwinWords(**options))
        return
    given = [name for name in options if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(
            f"{option} comes after the verb {ctx.invoked_subcommand!r}, or belongs to a cluster to run."
        )
