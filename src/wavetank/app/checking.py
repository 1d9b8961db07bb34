"""``wavetank check`` without its printing: specs in their environments, foreign files, rules that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wavetank.app.design import Design, design, designs
from wavetank.app.inputs import inputs_of
from wavetank.base.errors import InputError, Problem
from wavetank.checks import Rule, Verdict, case_of_files, judge

_CANDIDATES = (Path(__file__).parents[1] / "docs" / "checks", Path(__file__).parents[3] / "docs" / "checks")


@dataclass(frozen=True)
class Checked:
    """The verdict on one platform in one environment, or on a set of foreign files."""

    #: how the summary calls it: "shop (production)", "12 files"
    name: str
    verdict: Verdict
    #: what could not be looked at, in sentences
    left_out: tuple[str, ...] = ()


def checked_platform(
    path: Path, environment: str, all_environments: bool, on: date, rules: Sequence[Rule]
) -> list[Checked]:
    """A spec, in one environment or in all of them."""
    found = designs(path, on).values() if all_environments else [design(path, environment, on)]
    return [_checked(each, rules) for each in found]


def _checked(design_: Design, rules: Sequence[Rule]) -> Checked:
    return Checked(f"{design_.plan.name} ({design_.plan.environment})", judge(design_.case, rules))


def checked_files(
    paths: Sequence[Path], environment: str | None, on: date, rules: Sequence[Rule], variables: Mapping[str, str]
) -> Checked:
    """Foreign files and folders together. InputError when there is nothing in them to check."""
    inputs = inputs_of(paths, environment, variables)
    foreign = case_of_files(inputs.files, on, environment)
    left_out = (*inputs.left_out, *foreign.left_out)
    given = foreign.case.given
    if not (given.kubernetes or given.terraform or foreign.case.aws.clusters or foreign.case.programs):
        names = ", ".join(map(str, paths))
        why = "".join(f"; {sentence}" for sentence in left_out)
        remedy = "Name a platform.yaml, or Kubernetes, Helm, Terraform or eksctl files."
        raise InputError([Problem(names, 0, 0, f"nothing to check{why}", remedy)])
    count = len(inputs.files)
    return Checked(f"{count} file{'' if count == 1 else 's'}", judge(foreign.case, rules), left_out)


def page(rule_id: str) -> str | None:
    """The page of a check; None when there is no such check."""
    files = (folder / f"{rule_id}.md" for folder in _CANDIDATES)
    found = next((file for file in files if file.is_file()), None)
    return found.read_text() if found else None
