"""Terraform files of the author's own, as they are, beside the rendered ones.

They may use every resource and variable of the configuration, and a file ``*_override.tf`` may change any of it.
"""

from __future__ import annotations

from collections.abc import Collection

from wavetank.plan.model import Plan
from wavetank.render.bundle import RenderedFile
from wavetank.render.trace import Line


def files(plan: Plan, taken: Collection[str]) -> dict[str, RenderedFile]:
    """File name → content; a name that is taken by a rendered file gets ``own_`` before it."""
    names = {file.name: f"own_{file.name}" if file.name in taken else file.name for file in plan.terraform_files}
    return {
        names[file.name]: RenderedFile(tuple(Line(line, f"terraformFiles[{file.name}]") for line in file.lines))
        for file in plan.terraform_files
    }
