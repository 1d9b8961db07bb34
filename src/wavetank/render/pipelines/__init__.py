"""``pipelines/``: how images are built: a GitHub workflow per workload, and ``build.sh`` with the same commands for any machine.

An image is pushed by its digest, without a tag; then it is scanned, then signed, and only then tagged and rolled out. What fails
the scan never has a tag, is never signed, and expires with the repository's untagged images.
"""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.pipelines.script import script
from wavetank.render.pipelines.workflow import workflow
from wavetank.render.trace import Line

FOLDER = "pipelines"


def files(plan: Plan) -> dict[str, RenderedFile]:
    """File name → content; nothing for a plan whose images somebody else builds."""
    if not plan.pipelines:
        return {}
    workflows = {
        f"{FOLDER}/.github/workflows/{each.name}.yml": RenderedFile(
            (*_head(plan), *yaml.document(workflow(plan, each)))
        )
        for each in plan.pipelines
    }
    return {**workflows, f"{FOLDER}/build.sh": script(plan)}


def _head(plan: Plan) -> tuple[Line, ...]:
    return (
        Line(f"# Rendered by wavetank, environment {plan.environment}: copy it into the repository of the sources."),
    )
