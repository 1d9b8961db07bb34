"""``wavetank demo``: the main job end to end, with a summary of what happened."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from wavetank.app.demo import run_demo
from wavetank.app.progress import Progress, Step
from wavetank.app.voyage import VoyageOptions
from wavetank.base.errors import EXIT_FINDINGS, EXIT_OK
from wavetank.cli.options import today
from wavetank.cli.progress import TerminalProgress
from wavetank.cli.signals import terminated_as_interrupted
from wavetank.cli.table import table


@click.command()
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the summary as data.",
)
def command(json_file: Path | None) -> int:
    """Run the example platform from its spec to served predictions, and take it down again.

    check, cost, render, terraform apply, kubectl apply, predictions, a killed process that heals, terraform plan without
    changes, destroy. Needs no account and no Docker; terraform and kubectl are used where they are installed.

    \b
    wavetank demo
    wavetank demo --json summary.json
    """
    progress = Progress([TerminalProgress()])
    with terminated_as_interrupted():
        summary = run_demo(VoyageOptions(dict(os.environ)), today(), progress)
    if json_file is not None:
        json_file.write_text(json.dumps(summary, indent=2) + "\n")
    click.echo("\n" + as_text(progress.steps, summary["seconds"]))
    left = summary["left"]
    return EXIT_FINDINGS if left["processes"] or left["files"] else EXIT_OK


def as_text(steps: list[Step], seconds: float) -> str:
    rows = [(step.title, f"{step.seconds:.1f} s", step.notes[-1] if step.notes else "") for step in steps]
    return table(
        [("step", "took", "result"), *rows, ("all of it", f"{seconds:.1f} s", "")], right={1}, rule_before_last=True
    )
