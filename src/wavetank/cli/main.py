"""The entry point: the verbs, loaded when they are called, and how every ending becomes an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

import click

from wavetank import __version__
from wavetank.base.errors import EXIT_BAD_INPUT, EXIT_OUR_BUG, InputError, WavetankError
from wavetank.base.garbage import favour_long_lives
from wavetank.cli import problems
from wavetank.cli.facts_file import facts_file
from wavetank.cli.options import asks_for_json

#: verb -> (module under ``verbs``, one line of help): help needs no import of the verb's world.
VERBS = {
    "init": ("init", "Copy an example platform into a new folder."),
    "check": ("check", "Find the mistakes between the layers of a platform."),
    "cost": ("cost", "Price a platform for a month, line by line."),
    "facts": ("facts", "Show the facts about AWS, or fetch them anew."),
    "render": ("render", "Write the Terraform, Kubernetes and Helm files of a platform."),
    "diff": ("diff", "Compare two states of a platform, object by object."),
    "graph": ("graph", "Draw a platform: what runs where, and who talks to whom."),
    "explain": ("explain", "Say why a line of a rendered file is what it is."),
    "schema": ("schema", "Print the JSON Schema of platform.yaml, for editors."),
    "up": ("up", "Run a platform on this machine: embedded AWS, cluster, real pods."),
    "status": ("status", "Show what is running."),
    "down": ("down", "Take down what `up --detach` started."),
    "twin": ("twin", "Run a bare Kubernetes cluster for tests, or ask a running one."),
    "demo": ("demo", "Run the main job end to end and say what happened."),
}
EXIT_INTERRUPTED = 130
#: What a shell reports for a program that SIGPIPE ended; 1 would say that there are findings.
EXIT_NOBODY_READS = 141


class LazyVerbs(click.Group):
    """A group whose commands are imported on use: `wavetank --help` must not load a cluster."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _ = VERBS[cmd_name]
        command = import_module(f"wavetank.cli.verbs.{module}").command
        assert isinstance(command, click.Command), f"{module} offers no click command"
        return command

    def invoke(self, ctx: click.Context) -> object:
        """A verb that was asked for JSON answers a wrong input in JSON, too, and on stdout: programs read it there."""
        try:
            return super().invoke(ctx)
        except InputError as wrong:
            if not asks_for_json(ctx):
                raise
            click.echo(problems.as_json(wrong))
            return wrong.exit_code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            ctx.fail(f"there is no verb {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyVerbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Exit codes: 0 clean, 1 findings or a refusal, 2 bad input, 3 a tool is missing, 70 our bug.",
)
@click.version_option(__version__, prog_name="wavetank")
def verbs() -> None:
    """Try a Kubernetes platform for AI workloads on AWS EKS before it goes to sea.

    Describe it once in platform.yaml; check it, price it, render its files, and run it on this machine.

    \b
    wavetank init ml-inference my-platform
    wavetank check my-platform/platform.yaml -e production
    wavetank cost  my-platform/platform.yaml -e production
    wavetank up    my-platform/platform.yaml -e dev
    """


def main() -> None:
    """Run a verb; never returns. A user's mistake is a message, a bug of ours is a traceback and exit code 70."""
    favour_long_lives()
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """What running with these arguments leaves as exit code, the messages printed."""
    # https://no-color.org: set and not empty means no colour, even on a terminal.
    color = False if os.environ.get("NO_COLOR") else None
    try:
        with _own_facts(arguments):
            result = verbs.main(arguments, prog_name="wavetank", standalone_mode=False, color=color)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as refused:
        refused.show()
        return EXIT_BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted", color)
        return EXIT_INTERRUPTED
    except SystemExit:
        # click ends the process by itself in one case only: its reader went away (`| head`).
        return EXIT_NOBODY_READS
    except InputError as wrong:
        _tell(problems.as_text(wrong.problems), color)
        return wrong.exit_code
    except WavetankError as error:
        _tell(click.style("error: ", fg="red", bold=True) + str(error), color)
        return error.exit_code
    except Exception:  # noqa: BLE001 - the last resort: whatever arrives here is a bug of ours
        traceback.print_exc()
        _tell("This is a bug of wavetank's, not of yours; please report it with the lines above.", color)
        return EXIT_OUR_BUG


@contextmanager
def _own_facts(arguments: list[str]) -> Iterator[None]:
    """The user's own facts come before those that are packaged; the verb that shows and renews them reads them itself."""
    path = facts_file()
    if arguments[:1] == ["facts"] or not path.is_file():
        yield
        return
    from wavetank.app.facts import read_facts
    from wavetank.catalog.learned import Learned, learned

    with learned(read_facts(path) or Learned()):
        yield


def _tell(text: str, color: bool | None) -> None:
    """To stderr; the exit code matters even when nobody reads the words."""
    with suppress(BrokenPipeError):
        click.echo(text, err=True, color=color)
