"""``wavetank status``: which environments of a platform run here, and where they answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from wavetank.app.session import Record, sessions_beside
from wavetank.cli.options import format_option
from wavetank.cli.table import table


@click.command()
@click.argument("platform", type=click.Path(path_type=Path), metavar="[PLATFORM.YAML]", default=Path("platform.yaml"))
@format_option
def command(platform: Path, output_format: str) -> None:
    """Show what runs of PLATFORM.YAML (default: the one in this folder).

    \b
    wavetank status
    wavetank status platform.yaml --format json
    """
    records = [record for folder in sessions_beside(platform) if (record := folder.record()) is not None]
    if output_format == "json":
        click.echo(json.dumps({"sessions": [as_json(record) for record in records]}, indent=2))
    elif not records:
        click.echo(f"nothing of {platform} runs here")
    else:
        click.echo(as_text(records))


def state(record: Record) -> str:
    """As recorded, or "dead" when its process is gone (then `down` or the next `up` clears it)."""
    return record.state if record.alive else "dead"


def as_json(record: Record) -> dict[str, object]:
    fields = {key: value for key, value in asdict(record).items() if key not in ("process_started", "services")}
    return {**fields, "state": state(record), "services": dict(record.services)}


def as_text(records: list[Record]) -> str:
    head = ("environment", "state", "process", "since", "Kubernetes API", "AWS_ENDPOINT_URL")
    rows = [
        (r.environment, state(r), str(r.process_id), r.started_at, r.api_url or "-", r.aws_endpoint_url or "-")
        for r in records
    ]
    services = [f"{r.environment}: {name}  http://{address}" for r in records for name, address in r.services]
    return "\n".join([table([head, *rows]), *([""] if services else []), *services])
