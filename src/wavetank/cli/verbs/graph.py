"""``wavetank graph``: the topology of a platform's environment, as SVG or as a Mermaid flowchart."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from wavetank.app.design import design
from wavetank.base.errors import OperationFailed
from wavetank.cli.options import environment_option, on_option, platform_argument, today
from wavetank.render.graph import mermaid, svg, topology

_WRITERS = {"svg": svg, "mermaid": mermaid}
_ENDINGS = {".mmd": "mermaid", ".mermaid": "mermaid", ".md": "mermaid"}


@click.command()
@platform_argument
@environment_option
@on_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: stdout.")
@click.option(
    "--format", "output_format", type=click.Choice(sorted(_WRITERS)), default=None,
    help="Default: by the file's ending (.svg, .mmd), else svg.",
)  # fmt: skip
def command(platform: Path, environment: str, on: date | None, output: Path | None, output_format: str | None) -> None:
    """Draw PLATFORM.YAML: internet, load balancers, workloads, what they call, and the machines below them.

    \b
    wavetank graph platform.yaml -e production -o platform.svg
    wavetank graph platform.yaml -e dev --format mermaid
    """
    chosen = output_format or (_ENDINGS.get(output.suffix, "svg") if output else "svg")
    text = _WRITERS[chosen](topology(design(platform, environment, on or today()).plan))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text)
    except OSError as error:
        raise OperationFailed(f"cannot write {output}: {error.strerror or error}") from error
    click.echo(f"wrote {output}")
