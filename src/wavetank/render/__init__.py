"""Plan → files. ``render(plan, family)`` is a pure function: the same plans give the same bytes.

Here belong the formats (``hcl``, ``yaml``), the renderers (``terraform``, ``kubernetes``, ``helm``, ``chart``: one module per
file group, each listed in a visible tuple), the trace from each line to the plan, and ``explain``. Forbidden: network, processes,
and any disk access outside ``bundle.write`` and ``explain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from wavetank.plan.model import Plan
from wavetank.plan.reasons import ancestors
from wavetank.render import eksctl, helm, kubernetes, pipelines, terraform
from wavetank.render.bundle import Bundle, Origin, RenderedFile, Written, write
from wavetank.render.explain import Explanation, explain
from wavetank.render.family import Family
from wavetank.render.origins import origins_of
from wavetank.render.trace import Line, value_at

__all__ = ["Bundle", "Explanation", "Family", "RenderedFile", "Written", "explain", "render", "write"]

#: one line per folder of the bundle that one environment fills alone; beside them stand ``terraform`` and ``kubernetes``, whose
#: content others ask for as well, and what is shared
RENDERERS = (helm.files, eksctl.files, pipelines.files, kubernetes.scripts)


def render(
    plan: Plan, family: Family | None = None, terraform_files: Mapping[str, RenderedFile] | None = None
) -> Bundle:
    """All files of the platform in the plan's environment, with the thread from every line back to the plan.

    ``family``: the plans of all environments, this one among them; without it the platform has this environment alone.
    ``terraform_files``: the plan's ``terraform.files`` where they have been made.
    """
    family = family or Family.of(plan)
    files = dict(terraform.files(plan) if terraform_files is None else terraform_files)
    files |= {name: file for renderer in RENDERERS for name, file in renderer(plan).items()}
    files |= kubernetes.files(plan, family.manifests[plan.environment])
    files |= _of_this_plan(plan, family.shared_files)
    return Bundle(files, partial(_origins, plan, files), plan.spec_file, plan.environment)


def _origins(plan: Plan, files: Mapping[str, RenderedFile]) -> Mapping[str, Origin]:
    return origins_of(plan, {line.path for file in files.values() for line in file.lines if line.path})


def _of_this_plan(plan: Plan, shared: Mapping[str, RenderedFile]) -> dict[str, RenderedFile]:
    """Files of all environments, traced in this one: what only another one has is traced to what is around it here."""
    paths = {line.path for file in shared.values() for line in file.lines if line.path}
    here = {path: _nearest(plan, path) for path in paths}
    return {name: _retraced(file, here) for name, file in shared.items()}


def _retraced(file: RenderedFile, here: Mapping[str, str]) -> RenderedFile:
    lines = (line if here.get(line.path, "") == line.path else Line(line.text, here[line.path]) for line in file.lines)
    return RenderedFile(tuple(lines), file.executable)


def _nearest(plan: Plan, path: str) -> str:
    """The path itself, or the closest one around it that the plan has."""
    return next((each for each in ancestors(path) if _has(plan, each)), "name")


def _has(plan: Plan, path: str) -> bool:
    try:
        value_at(plan, path)
    except LookupError:
        return False
    return True
