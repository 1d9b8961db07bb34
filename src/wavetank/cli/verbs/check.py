"""``wavetank check``: findings as text, JSON, SARIF or JUnit; exit 1 at or above the threshold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import click

from wavetank.app.checking import Checked, checked_files, checked_platform, page
from wavetank.app.inputs import is_platform
from wavetank.base.errors import EXIT_FINDINGS, EXIT_OK, InputError, Problem
from wavetank.checks import (
    RULES,
    Accepted,
    Finding,
    Rule,
    Severity,
    baseline_of,
    baseline_text,
    chosen_rules,
    is_in_baseline,
    reaches,
)
from wavetank.checks.reports import junit, sarif
from wavetank.cli.options import formats_option, on_option, today

COLOURS = {Severity.ERROR: "red", Severity.WARN: "yellow", Severity.INFO: "blue"}
IN_BASELINE = "in the baseline"


def _explain(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """``--explain`` answers at once, whatever else is asked."""
    if value is None:
        return
    text = page(value.upper())
    if text is None:
        near = get_close_matches(value.upper(), [rule.id for rule in RULES], n=1)
        raise click.BadParameter(f"there is no check {value}." + (f" Did you mean {near[0]}?" if near else ""))
    click.echo(text, nl=False)
    ctx.exit(EXIT_OK)


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH...")
@click.option("-e", "--environment", default=None, metavar="NAME", help="Environment.  [default: production]")
@click.option("--all-environments", is_flag=True, help="Every environment of a platform.yaml.")
@formats_option("text", "json", "sarif", "junit")
@on_option
@click.option(
    "--fail-on",
    type=click.Choice(["info", "warn", "error", "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 when a finding is at least this grave.",
)
@click.option("--select", multiple=True, metavar="PREFIX", help="Only checks whose id begins so: CAP, NET00.")
@click.option("--ignore", multiple=True, metavar="PREFIX", help="No checks whose id begins so.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Findings in this file do not count.")
@click.option("--write-baseline", is_flag=True, help="Write the findings to the --baseline file instead.")
@click.option("--show-suppressed", is_flag=True, help="Show accepted findings, too, each with its reason.")
@click.option(
    "--explain",
    metavar="ID",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Print the page of a check.",
)
def command(
    paths: tuple[Path, ...],
    environment: str | None,
    all_environments: bool,
    output_format: str,
    on: date | None,
    fail_on: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    baseline: Path | None,
    write_baseline: bool,
    show_suppressed: bool,
) -> int:
    """Find the mistakes between the layers of a platform.

    PATH is a platform.yaml, or what you have already: Kubernetes YAML, Helm charts, kustomizations, Terraform (HCL or the JSON
    of a plan), eksctl. Files that are named together are one platform. Each finding has the numbers that prove it and the remedy.

    \b
    wavetank check platform.yaml
    wavetank check platform.yaml -e dev --format json
    wavetank check k8s/ terraform/ --fail-on warn
    wavetank check charts/web --select CAP --select NET
    wavetank check --explain CAP004
    """
    rules = chosen_rules(_prefixes("--select", select), _prefixes("--ignore", ignore))
    checked = _checked(paths, environment, all_environments, on or today(), rules)
    if write_baseline:
        return _write_baseline(baseline, checked)
    known = _known(baseline)
    counted = _once(f for each in checked for f in each.verdict.findings if not is_in_baseline(f, known))
    accepted = [a for each in checked for a in each.verdict.accepted]
    accepted += [
        Accepted(f, IN_BASELINE) for each in checked for f in each.verdict.findings if is_in_baseline(f, known)
    ]
    threshold = None if fail_on == "never" else Severity.of(fail_on)
    match output_format:
        case "json":
            click.echo(as_json(counted))
        case "sarif":
            click.echo(sarif(counted, accepted, rules))
        case "junit":
            click.echo(junit(counted, rules, threshold))
        case _:
            click.echo(as_text(checked, known, accepted if show_suppressed else [], len(rules)))
    return EXIT_FINDINGS if threshold is not None and reaches(counted, threshold) else EXIT_OK


def _prefixes(option: str, stated: tuple[str, ...]) -> list[str]:
    """A prefix of no id is a mistake: whoever misspells it would be told that all is well."""
    found = [prefix.strip().upper() for each in stated for prefix in each.split(",") if prefix.strip()]
    for prefix in found:
        if not any(rule.id.startswith(prefix) for rule in RULES):
            families = ", ".join(sorted({rule.id.rstrip("0123456789") for rule in RULES}))
            raise click.BadParameter(
                f"the id of no check begins with {prefix}; there are {families}", param_hint=option
            )
    return found


def _checked(
    paths: tuple[Path, ...], environment: str | None, all_environments: bool, on: date, rules: Sequence[Rule]
) -> list[Checked]:
    """Each spec by itself, everything else together."""
    specs = [path for path in paths if is_platform(path)]
    others = [path for path in paths if path not in specs]
    found = [
        each
        for path in specs
        for each in checked_platform(path, environment or "production", all_environments, on, rules)
    ]
    if others:
        found.append(checked_files(others, environment, on, rules, os.environ))
    return found


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """What several environments share is told once."""
    kept: list[Finding] = []
    for finding in findings:
        if finding not in kept:
            kept.append(finding)
    return kept


def _known(baseline: Path | None) -> frozenset[tuple[str, str, str]]:
    if baseline is None:
        return frozenset()
    try:
        return baseline_of(baseline.read_text())
    except OSError as error:
        raise InputError([Problem(str(baseline), 0, 0, error.strerror or str(error))]) from error
    except ValueError as error:
        remedy = "write one with --write-baseline"
        raise InputError([Problem(str(baseline), 0, 0, f"is no baseline: {error}", remedy)]) from error


def _write_baseline(baseline: Path | None, checked: Sequence[Checked]) -> int:
    if baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE to write to")
    found = [finding for each in checked for finding in each.verdict.findings]
    try:
        baseline.write_text(baseline_text(found))
    except OSError as error:
        raise InputError([Problem(str(baseline), 0, 0, error.strerror or str(error))]) from error
    click.echo(f"{baseline}: {len(found)} findings, which do not count from now on")
    return EXIT_OK


def as_json(found: Sequence[Finding]) -> str:
    return json.dumps({"findings": [finding.as_json() for finding in found]}, indent=2)


def as_text(
    checked: Sequence[Checked], known: frozenset[tuple[str, str, str]], shown: Sequence[Accepted], rules: int
) -> str:
    """A paragraph for each finding, then the count; each platform or set of files by itself."""
    parts = [part for each in checked for part in _parts(each, known, rules)]
    return "\n\n".join([*parts[:-1], *map(_accepted, shown), parts[-1]])


def _parts(checked: Checked, known: frozenset[tuple[str, str, str]], rules: int) -> list[str]:
    counted = [finding for finding in checked.verdict.findings if not is_in_baseline(finding, known)]
    silenced = len(checked.verdict.findings) - len(counted) + len(checked.verdict.accepted)
    counts = ", ".join(
        f"{count} {severity}"
        for severity in reversed(Severity)
        if (count := sum(finding.severity is severity for finding in counted))
    )
    nothing = click.style("no findings", fg="green") + f" from {rules} rules"
    end = f"{checked.name}: {counts or nothing}" + (f" ({silenced} suppressed)" if silenced else "")
    return [*map(paragraph, counted), *(f"not checked: {each}" for each in checked.left_out), end]


def paragraph(finding: Finding) -> str:
    mark = click.style(f"{finding.severity} {finding.id}", fg=COLOURS[finding.severity], bold=True)
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return f"{place}: {mark}: {finding.message}\n    remedy: {finding.remedy}"


def _accepted(accepted: Accepted) -> str:
    return f"{paragraph(accepted.finding)}\n    suppressed: {accepted.reason}"
