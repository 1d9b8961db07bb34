"""The options that every verb has that runs a cluster of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from wavetank.cli.options import formats_option
from wavetank.cli.verbs.twin import Speed

F = TypeVar("F", bound=Callable[..., Any])


def run_options(function: F) -> F:
    """``--kubeconfig``, ``--speed``, ``--port`` and ``--format``, as ``wavetank twin`` has them."""
    options = (
        click.option(
            "--kubeconfig",
            type=click.Path(path_type=Path),
            metavar="FILE",
            default=Path("twin.kubeconfig"),
            show_default=True,
            help="Written when the API answers, removed at the end.",
        ),
        click.option(
            "--speed",
            type=Speed(),
            default="1",
            show_default=True,
            metavar="N|max",
            help="Pace of the cluster's clock.",
        ),
        click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one."),
        formats_option("text", "json"),
    )
    for option in reversed(options):
        function = option(function)
    return function
