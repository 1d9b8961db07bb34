"""``wavetank twin journal``: what happened in a running cluster, and because of what."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from wavetank.app.bare_access import TwinClient
from wavetank.base.errors import OperationFailed
from wavetank.cli.verbs.twin.asking import kubeconfig_option, twin_client

POLL_SECONDS = 0.5


@click.command()
@click.option(
    "--object",
    "place",
    metavar="KIND[/NAMESPACE[/NAME]]",
    help="Only what happened to it: pods/shop/web-0, nodes/node-1.",
)
@click.option("--actor", metavar="NAME", help="Only what it did: deployment-controller, kubelet/node-1, admin.")
@click.option("--since", metavar="WHEN", help="A duration before now, such as 90s or 1h30m, or a time of the cluster.")
@click.option("--until", metavar="WHEN", help="As --since.")
@click.option(
    "--because", type=click.IntRange(1), metavar="N", help="Entry N and what led to it, the first cause last."
)
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@kubeconfig_option
@click.option("--format", "-o", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    place: str | None,
    actor: str | None,
    since: str | None,
    until: str | None,
    because: int | None,
    follow: bool,
    kubeconfig: Path | None,
    output_format: str,
) -> None:
    """Show every write, every request from outside and what machines did, in order; JSON is one object a line.

    \b
    wavetank twin journal --object pods/shop --since 10m
    wavetank twin journal --because 4711        why entry 4711 happened
    """
    given = {"object": place, "actor": actor, "since": since, "until": until}
    query = {name: value for name, value in given.items() if value}
    if because is not None and (query or follow):
        raise click.UsageError("--because N stands alone: it shows one chain, whatever and whenever its links are")
    with twin_client(kubeconfig) as client:
        entries = client.get(f"journal/{because}/because")["entries"] if because else _entries(client, query, follow)
        found = False
        for entry in entries:
            found = True
            click.echo(json.dumps(entry) if output_format == "json" else as_text(entry))
    if because and not found:
        raise OperationFailed(f"the journal has no entry {because}, or not any more")


def _entries(client: TwinClient, query: dict[str, str], follow: bool) -> Iterator[dict[str, Any]]:
    """Page by page; ``--since`` counts from the first question."""
    after = 0
    while True:
        page = client.get("journal", {**query, "after": str(after)})
        yield from page["entries"]
        done, after = page["next"] >= page["newest"], page["next"]
        if done and not follow:
            return
        if done:
            # After the first look everything that comes is new enough.
            query.pop("since", None)
            time.sleep(POLL_SECONDS)


def as_text(entry: dict[str, Any]) -> str:
    """One line: time, number, who, what, to what, how, and the number of its cause."""
    detail = f": {entry['detail']}" if entry["detail"] else ""
    cause = f"  <- #{entry['because']}" if entry["because"] else ""
    moment = f"{entry['time'][:-4]}Z"
    return f"{moment} #{entry['number']} {entry['actor']} {entry['action']} {entry['subject']}{detail}{cause}"
