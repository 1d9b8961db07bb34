"""``wavetank twin explain pod NAME``: why a pod is where it is, or why it is nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from wavetank.cli.table import table
from wavetank.cli.verbs.twin.asking import kubeconfig_option, twin_client

#: Nodes beyond this many are counted, not listed; JSON has all.
SHOWN_NODES = 30
_KINDS = ("pod", "pods", "po")


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="pod NAME")
@click.option("-n", "--namespace", metavar="NAME", help="[default: that of the kubeconfig's context]")
@kubeconfig_option
@click.option("-o", "--output", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(what: tuple[str, ...], namespace: str | None, kubeconfig: Path | None, output_format: str) -> None:
    """Say which node a pod got and why, or which filter of the scheduler refuses it on every node.

    \b
    wavetank twin explain pod web-0 -n shop
    wavetank twin explain pod/web-0 -o json
    """
    name = _pod_name(what)
    with twin_client(kubeconfig) as client:
        place = quote(namespace or client.access.namespace, safe="")
        told = client.get(f"explain/namespaces/{place}/pods/{quote(name, safe='')}")
    click.echo(json.dumps(told, indent=2) if output_format == "json" else as_text(told))


def _pod_name(words: tuple[str, ...]) -> str:
    """The name in ``pod NAME``, ``pod/NAME``, or both at once, as ``kubectl get -o name`` gives it."""
    parts = list(words) if len(words) > 1 else words[0].split("/")
    if len(parts) == 2 and parts[1].partition("/")[0] in _KINDS:
        parts[1] = parts[1].partition("/")[2] or parts[1]
    if len(parts) != 2 or parts[0] not in _KINDS or not parts[1] or "/" in parts[1]:
        raise click.UsageError("say which pod: `explain pod NAME` or `explain pod/NAME`")
    return parts[1]


def as_text(told: dict[str, Any]) -> str:
    """The sentence that answers the question, then the nodes, then what else is known."""
    parts = [told["summary"], *_notes(told)]
    if told["nodes"]:
        parts += ["", _table(told["nodes"])]
    if len(told["nodes"]) > SHOWN_NODES:
        parts.append(f"... and {len(told['nodes']) - SHOWN_NODES} more nodes (-o json has all)")
    source = _source(told)
    return "\n".join([*parts, *(["", source] if source else [])])


def _source(told: dict[str, Any]) -> str:
    match told["source"]:
        case "recorded":
            return (
                f"Decided at {told['decidedAt']}; points as they were then, refusals of other nodes as they are now. "
                "Points are weighted."
            )
        case "recomputed":
            return "Worked out against the cluster as it is now. Points are weighted."
        case _:
            return ""


def _notes(told: dict[str, Any]) -> list[str]:
    notes = []
    preemption = told.get("preemption", {})
    if preemption.get("victims"):
        notes.append(f"Preemption: {', '.join(preemption['victims'])} would have to go from {preemption['node']}.")
    elif preemption.get("message"):
        notes.append(f"Preemption: {preemption['message']}")
    if "preempted" in told:
        victims = ", ".join(told["preempted"]["victims"])
        notes.append(f"Preempted for it on {told['preempted']['node']}: {victims}.")
    queue = told.get("queue", {})
    attempts = (
        f" after {queue['attempts']} {'try' if queue['attempts'] == 1 else 'tries'}" if "attempts" in queue else ""
    )
    if queue.get("waitsFor"):
        notes.append(
            f"Queue: waits{attempts} for {' or '.join(queue['waitsFor'])}; tried again at {queue['triedAgainAt']} in any case."
        )
    elif queue.get("backoffUntil"):
        notes.append(f"Queue: backs off{attempts} until {queue['backoffUntil']}.")
    return notes


def _table(nodes: list[dict[str, Any]]) -> str:
    """A row a node; a column for each plugin that tells any two nodes apart."""
    plugins = list(dict.fromkeys(plugin for node in nodes for plugin in node.get("scores", {})))
    telling = [p for p in plugins if len({node["scores"][p] for node in nodes if "scores" in node}) > 1]
    has_totals = any("total" in node for node in nodes)
    head = ["NODE", "VERDICT", *telling, *(["TOTAL"] if has_totals else [])]
    rows = [[*_verdict(node), *_points(node, telling, has_totals)] for node in nodes[:SHOWN_NODES]]
    return table([head, *rows], right=range(2, len(head)))


def _verdict(node: dict[str, Any]) -> list[str]:
    if node["feasible"]:
        return [node["name"], "chosen" if node["chosen"] else "fits"]
    plugin = f"{node['plugin']}: " if node["plugin"] else ""
    return [node["name"], f"{plugin}{', '.join(node['reasons'])}"]


def _points(node: dict[str, Any], plugins: list[str], has_totals: bool) -> list[str]:
    scores = node.get("scores", {})
    points = [str(scores.get(plugin, "")) for plugin in plugins]
    return [*points, *([str(node.get("total", ""))] if has_totals else [])]
