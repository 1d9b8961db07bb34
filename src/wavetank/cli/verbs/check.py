"""``wavetank check``: findings as text or JSON; exit 1 at or above the threshold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from wavetank.app.design import Design, design
from wavetank.base.errors import EXIT_FINDINGS, EXIT_OK
from wavetank.checks import RULES, Finding, Severity, reaches
from wavetank.cli.options import environment_option, format_option, on_option, platform_argument, today

COLOURS = {Severity.ERROR: "red", Severity.WARN: "yellow", Severity.INFO: "blue"}


@click.command()
@platform_argument
@environment_option
@format_option
@on_option
@click.option(
    "--fail-on",
    type=click.Choice(["info", "warn", "error", "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 when a finding is at least this grave.",
)
def command(platform: Path, environment: str, output_format: str, on: date | None, fail_on: str) -> int:
    """Find the mistakes between the layers of PLATFORM.YAML.

    Each finding names its line, the numbers that prove it and the remedy; docs/checks/ has a page for each rule.

    \b
    wavetank check platform.yaml
    wavetank check platform.yaml -e dev --format json
    wavetank check platform.yaml --fail-on warn
    """
    judged = design(platform, environment, on or today())
    click.echo(as_json(judged.findings) if output_format == "json" else as_text(judged))
    if fail_on != "never" and reaches(judged.findings, Severity.of(fail_on)):
        return EXIT_FINDINGS
    return EXIT_OK


def as_json(found: Sequence[Finding]) -> str:
    return json.dumps({"findings": [finding.as_json() for finding in found]}, indent=2)


def as_text(judged: Design) -> str:
    """One paragraph for each finding, then the count."""
    head = f"{judged.plan.name} ({judged.plan.environment}): "
    if not judged.findings:
        return head + click.style("no findings", fg="green") + f" from {len(RULES)} rules"
    counts = ", ".join(
        f"{count} {severity}"
        for severity in reversed(Severity)
        if (count := sum(finding.severity is severity for finding in judged.findings))
    )
    return "\n\n".join([*map(paragraph, judged.findings), head + counts])


def paragraph(finding: Finding) -> str:
    mark = click.style(f"{finding.severity} {finding.id}", fg=COLOURS[finding.severity], bold=True)
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return f"{place}: {mark}: {finding.message}\n    remedy: {finding.remedy}"
