"""The files around a chart's templates: Chart.yaml, values, helpers, notes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from wavetank.plan.model import Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.chart.emit import Helpers
from wavetank.render.trace import Line, Traced

CHART_VERSION = "0.1.0"
_IMAGE = """{{{{/* An image reference from its repository, tag and digest. */}}}}
{{{{- define "{chart}.image" -}}}}
{{{{- .repository -}}}}
{{{{- with .tag }}}}:{{{{ . }}}}{{{{ end -}}}}
{{{{- with .digest }}}}@{{{{ . }}}}{{{{ end -}}}}
{{{{- end }}}}
"""
_TITLES = {
    "labels": "What all objects of the chart carry.",
    "selectorLabels": "By which the pods are selected; they cannot change.",
}


def head(plan: Plan) -> Line:
    """The first line of a chart's files: they are the same for every environment."""
    return Line(f"# Rendered by wavetank from {PurePath(plan.spec_file).name}: change it there and render again.")


def yaml_file(first: Line, value: Any, comment: str = "") -> RenderedFile:
    comments = [Line(f"# {line}".rstrip()) for line in comment.splitlines()]
    return RenderedFile((first, *comments, *yaml.document(value)))


def chart_file(plan: Plan, name: str, description: str, app_version: str, subcharts: Sequence[str]) -> RenderedFile:
    """Chart.yaml; the charts of workloads lie in ``charts/`` and can be switched off."""
    path = f"workloads[{name}].name" if not subcharts and name != plan.name else "name"
    content: dict[str, Any] = {
        "apiVersion": "v2",
        "name": Traced(name, path),
        "description": description,
        "type": "application",
        "version": CHART_VERSION,
        "appVersion": app_version,
    }
    if subcharts:
        content["dependencies"] = [
            Traced({"name": each, "version": CHART_VERSION, "condition": f"{each}.enabled"}, f"workloads[{each}].name")
            for each in subcharts
        ]
    return yaml_file(head(plan), Traced(content, path))


def json_file(value: Any) -> RenderedFile:
    return text_file(json.dumps(value, indent=2, ensure_ascii=False))


def text_file(text: str) -> RenderedFile:
    """Text that speaks of the platform as a whole."""
    return RenderedFile(tuple(Line(line, "name" if line else "") for line in text.splitlines()))


def helpers_file(chart: str, helpers: Helpers, uses_images: bool) -> RenderedFile | None:
    """_helpers.tpl with the helpers that the chart's templates call; None without any."""
    parts = [_label_helper(chart, name, labels) for name, labels in helpers.items() if labels]
    if uses_images:
        parts.append(_IMAGE.format(chart=chart))
    return text_file("\n".join(parts)) if parts else None


def _label_helper(chart: str, name: str, labels: Mapping[str, Any]) -> str:
    lines = "\n".join(line.text.replace("{{", '{{ "{{" }}') for line in yaml.document(dict(labels)))
    return f'{{{{/* {_TITLES[name]} */}}}}\n{{{{- define "{chart}.{name}" -}}}}\n{lines}\n{{{{- end }}}}\n'


def notes_file(plan: Plan, environments: Sequence[str], subcharts: Sequence[str]) -> RenderedFile:
    """What ``helm install`` prints."""
    namespaces = "".join(
        f"\n    kubectl get pods --namespace {name}"
        for name in dict.fromkeys(item.namespace for item in plan.workloads)
    )
    others = ", ".join(f"values-{name}.yaml" for name in environments)
    return text_file(
        f"{plan.name} is installed as release {{{{ .Release.Name }}}}, revision {{{{ .Release.Revision }}}}.\n\n"
        f"Workloads:{''.join(f'{chr(10)}  - {name}' for name in subcharts) or ' none'}\n\n"
        f"Watch them start:\n{namespaces}\n\n"
        f"Values of the environments: {others}.\n"
        "Do not install it over objects that `kubectl apply` or Argo CD made: one owner per object.\n"
    )
