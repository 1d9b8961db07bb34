"""``gitops/``: what Argo CD needs to run the platform from Git, for all environments together.

Each environment has its own cluster with its own Argo CD, and a folder here: a project that limits what may be done, a root
application (the app of apps), one application per chart in sync waves, and the values that say which images run. The files are
the same in the bundles of all environments, so that one repository holds them and ``helm/<platform>`` once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wavetank.plan.gitops import values_file
from wavetank.plan.model import Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.chart.images import image_values
from wavetank.render.chart.names import Naming
from wavetank.render.gitops import applications, project
from wavetank.render.gitops.parts import FOLDER, head
from wavetank.render.kubernetes.storage import chosen_file_systems, file_system_id
from wavetank.render.terraform.file_systems import id_output
from wavetank.render.trace import Line, Traced

_BOOTSTRAP = "# Once, after Argo CD is installed: kubectl apply -f project.yaml -f root.yaml"
_IMAGES = "# The images that run; a pipeline changes a tag here and commits it. Over the values of the chart."
_CHOSEN = (
    "`terraform output -raw {output}` says it after the first apply: commit it before Argo CD comes, it cannot change."
)


def files(plans: Mapping[str, Plan], objects: Mapping[str, Sequence[Traced]]) -> dict[str, RenderedFile]:
    """File name → content; nothing for environments whose plan has no GitOps."""
    return {
        name: file
        for environment, plan in plans.items()
        if plan.gitops is not None
        for name, file in _environment_files(plan, objects[environment]).items()
    }


def _environment_files(plan: Plan, objects: Sequence[Traced]) -> dict[str, RenderedFile]:
    folder = f"{FOLDER}/{plan.environment}"
    children = applications.of_components(plan) | {plan.name: applications.of_platform(plan, objects)}
    return {
        f"{folder}/project.yaml": _file(plan, project.app_project(plan, objects)),
        f"{folder}/root.yaml": _file(plan, applications.root(plan), Line(_BOOTSTRAP)),
        **{f"{folder}/applications/{name}.yaml": _file(plan, item) for name, item in children.items()},
        values_file(plan.environment): _file(plan, _values(plan), Line(_IMAGES)),
    }


def _values(plan: Plan) -> Traced:
    """What somebody else writes: images by pipelines, ids by whoever has run Terraform."""
    root: dict[str, Any] = dict(image_values(plan))
    chosen = chosen_file_systems(plan)
    for each in plan.storage_classes:
        if each.file_system in chosen:
            path = f"storageClasses[{each.name}].fileSystem"
            *outer, last = Naming().name_of(path)
            inner = root
            for step in outer:
                inner = inner.setdefault(step, {})
            note = _CHOSEN.format(output=id_output(plan, each.file_system))
            inner[last] = Traced(file_system_id(each.file_system), path, note)
    return Traced(root, "workloads")


def _file(plan: Plan, item: Traced, *comments: Line) -> RenderedFile:
    return RenderedFile((head(plan), *comments, *yaml.document(item)))
