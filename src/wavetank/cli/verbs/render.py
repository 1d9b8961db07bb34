"""``wavetank render``: writes the bundle of a platform's environment."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from wavetank.app.design import design
from wavetank.cli.options import environment_option, on_option, platform_argument, today
from wavetank.render import write


@click.command()
@platform_argument
@environment_option
@on_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("build"), show_default=True,
    help="Folder to write into; files that wavetank did not write are left alone.",
)  # fmt: skip
def command(platform: Path, environment: str, on: date | None, output: Path) -> None:
    """Write the Terraform, Kubernetes and Helm files of PLATFORM.YAML.

    The same input gives the same bytes. `wavetank explain build/terraform/eks.tf:12` says why a line is what it is.

    \b
    wavetank render platform.yaml -e production -o build/
    cd build/terraform && terraform init && terraform plan
    """
    written = write(design(platform, environment, on or today()).bundle, output)
    for name in written.written:
        lost = " (over what was there: not as wavetank had written it)" if name in written.overwritten else ""
        click.echo(f"wrote      {output / name}{lost}")
    for name in written.removed:
        click.echo(f"removed    {output / name}")
    for name in written.kept:
        click.echo(f"kept       {output / name} (no longer rendered, but edited since)")
    click.echo(f"{len(written.written)} written, {len(written.unchanged)} unchanged, {len(written.removed)} removed")
