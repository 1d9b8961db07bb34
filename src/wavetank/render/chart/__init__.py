"""``helm/<platform>/``: the platform as an umbrella chart with a subchart per workload, for all environments together.

Made from the very objects of ``kubernetes/``: ``helm template`` with an environment's values yields exactly that environment's
objects. What the environments agree on is written out in the templates, what differs (and what people always want to set) is a
value. Belongs here: the split into charts, values and their schema. The charts of others are ``wavetank.render.helm``'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.plan.model import Plan, Workload
from wavetank.render.bundle import RenderedFile
from wavetank.render.chart import emit, frame
from wavetank.render.chart.alignment import Aligned, aligned
from wavetank.render.chart.frame import head
from wavetank.render.chart.names import Naming
from wavetank.render.chart.nodes import Node
from wavetank.render.chart.schema import closed, properties, schema
from wavetank.render.chart.unify import Unifier
from wavetank.render.chart.values import Values
from wavetank.render.trace import Line, Traced
from wavetank.spec import DEFAULT_ENVIRONMENT

FOLDER = "helm"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def default_environment(environments: Sequence[str]) -> str:
    """Whose values stand in values.yaml: production's where there is such an environment, else the first one's."""
    return DEFAULT_ENVIRONMENT if DEFAULT_ENVIRONMENT in environments else environments[0]


def folder_of(plan: Plan) -> str:
    """Where the platform's chart lies in a bundle."""
    return f"{FOLDER}/{plan.name}"


@dataclass(frozen=True)
class _Part:
    """One chart of the umbrella (or the umbrella itself, without a workload) with its templates made."""

    name: str
    workload: str
    #: whether the chart is there, per environment
    present: tuple[bool, ...]
    #: kind → its templates with their conditions
    templates: Mapping[str, Sequence[tuple[Node, str]]]
    values: Values
    helpers: Mapping[str, Mapping[str, Any]]
    uses_images: bool


def files(plans: Mapping[str, Plan], objects: Mapping[str, Sequence[Traced]]) -> dict[str, RenderedFile]:
    """File name → content, from the plans and objects by environment; nothing for a platform without objects."""
    things = aligned(plans, objects)
    if not things:
        return {}
    plan = plans[default_environment(tuple(plans))]
    owners = [item.name for item in _workloads(plans) if any(thing.owner == item.name for thing in things)]
    parts = [_part(plan, plans, name, [thing for thing in things if thing.owner == name], owners) for name in owners]
    platform = _part(plan, plans, "", [thing for thing in things if not thing.owner], owners)
    return _platform_files(plans, platform, parts) | {
        name: file for part in parts for name, file in _part_files(plan, part).items()
    }


def _workloads(plans: Mapping[str, Plan]) -> list[Workload]:
    """Of all environments, each as the default environment has it, if it does."""
    default = default_environment(tuple(plans))
    found: dict[str, Workload] = {}
    for plan in (plans[default], *plans.values()):
        for item in plan.workloads:
            found.setdefault(item.name, item)
    return list(found.values())


def _part(
    plan: Plan, plans: Mapping[str, Plan], workload: str, things: Sequence[Aligned], owners: Sequence[str]
) -> _Part:
    chart = workload or plan.name
    found = next((item for item in _workloads(plans) if item.name == workload), None)
    naming = Naming(workload, found.containers[0].name if found and found.containers else "")
    values = Values(len(plans), reserved=("global", "enabled") if workload else ("global", *owners))
    unifier = Unifier(naming, values, f"{chart}.image")
    present = tuple(not workload or any(thing.objects[at] is not None for thing in things) for at in range(len(plans)))
    templates: dict[str, list[tuple[Node, str]]] = {}
    for thing in things:
        node, condition = unifier.template(thing.objects), unifier.switch(thing.objects, present)
        templates.setdefault(thing.kind, []).append((node, condition))
    helpers = {name: _shared(maps) for name, maps in sorted(unifier.labels.items())}
    return _Part(chart, workload, present, templates, values, helpers, unifier.uses_images)


def _shared(maps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The labels that all maps have; of one map alone nothing is shared."""
    return {key: item for key, item in maps[0].items() if all(other.get(key) == item for other in maps)}


# --- files ------------------------------------------------------------------------------------------------------------


def _part_files(plan: Plan, part: _Part) -> dict[str, RenderedFile]:
    """A workload's chart. Its values stand in the umbrella's, where the environments' files override them."""
    folder = f"{folder_of(plan)}/charts/{part.name}"
    description = f"The workload {part.name} of {plan.name}"
    where = f"The values of this chart stand in the platform's values.yaml, below `{part.name}`."
    return {
        f"{folder}/Chart.yaml": frame.chart_file(plan, part.name, description, _app_version(part), ()),
        f"{folder}/values.yaml": RenderedFile((head(plan), Line(f"# {where}"), Line("{}", "name"))),
        **_templates(plan, folder, part),
    }


def _app_version(part: _Part) -> str:
    """The tag of the workload's first image."""
    tags = (value.known for value in part.values if value.name in (("image", "tag"), ("image", "digest")))
    return str(next(tags, (frame.CHART_VERSION,))[0])


def _templates(plan: Plan, folder: str, part: _Part) -> dict[str, RenderedFile]:
    helpers = frame.helpers_file(part.name, part.helpers, part.uses_images)
    found = {f"{folder}/templates/_helpers.tpl": helpers} if helpers else {}
    for kind, templates in part.templates.items():
        lines = [
            line for node, condition in templates for line in emit.document(node, condition, part.name, part.helpers)
        ]
        found[f"{folder}/templates/{_file_name(kind)}.yaml"] = RenderedFile((head(plan), *lines))
    return found


def _file_name(kind: str) -> str:
    return _WORD.sub("-", kind).lower()


def _platform_files(plans: Mapping[str, Plan], platform: _Part, parts: Sequence[_Part]) -> dict[str, RenderedFile]:
    environments = tuple(plans)
    default = environments.index(default_environment(environments))
    plan, names = plans[environments[default]], [part.name for part in parts]
    folder = folder_of(plan)
    trees = {environments[at]: _differences(platform, parts, at, default) for at in range(len(environments))}
    return {
        f"{folder}/Chart.yaml": frame.chart_file(
            plan, plan.name, f"The platform {plan.name}, all of its environments", _version_of(parts), names
        ),
        f"{folder}/values.yaml": frame.yaml_file(
            head(plan),
            _defaults(platform, parts, default),
            f"As in {environments[default]}; the others differ by theirs.",
        ),
        **{
            f"{folder}/values-{name}.yaml": frame.yaml_file(head(plan), content, f"What {name} sets differently.")
            for name, content in trees.items()
        },
        f"{folder}/values.schema.json": frame.json_file(_schema(plan, platform, parts)),
        f"{folder}/.helmignore": frame.text_file("*.swp\n*.orig\n.DS_Store\n.git/\n"),
        f"{folder}/templates/NOTES.txt": frame.notes_file(plan, environments, names),
        **_templates(plan, folder, platform),
    }


def _version_of(parts: Sequence[_Part]) -> str:
    """That of the workloads when they are released together."""
    versions = {_app_version(part) for part in parts}
    return versions.pop() if len(versions) == 1 else frame.CHART_VERSION


def _defaults(platform: _Part, parts: Sequence[_Part], default: int) -> Traced:
    subcharts = {
        part.name: Traced({"enabled": part.present[default], **part.values.tree(default)}, f"workloads[{part.name}]")
        for part in parts
    }
    return Traced({**subcharts, **platform.values.tree(default)}, "name")


def _differences(platform: _Part, parts: Sequence[_Part], at: int, default: int) -> Traced:
    found: dict[str, Any] = {}
    for part in parts:
        switch = {} if part.present[at] == part.present[default] else {"enabled": part.present[at]}
        own = {**switch, **(part.values.differences(at, default) if part.present[at] else {})}
        if own:
            found[part.name] = Traced(own, f"workloads[{part.name}]")
    return Traced({**found, **platform.values.differences(at, default)}, "environment")


def _schema(plan: Plan, platform: _Part, parts: Sequence[_Part]) -> dict[str, Any]:
    switch = {"type": "boolean", "description": "Whether the workload is there at all."}
    subcharts = {
        part.name: closed({"enabled": switch, "global": {"type": "object"}, **properties(part.values)})
        for part in parts
    }
    root = closed({"global": {"type": "object"}, **subcharts, **properties(platform.values)})
    return schema(f"Values of {plan.name}", root)
