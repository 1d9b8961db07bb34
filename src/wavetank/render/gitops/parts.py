"""Small pieces that the GitOps files share."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from wavetank.plan.model import GitOps, Plan
from wavetank.render.kubernetes.parts import manifest, metadata
from wavetank.render.trace import Line, Traced

FOLDER = "gitops"
API = "argoproj.io/v1alpha1"
#: the cluster in which Argo CD itself runs
IN_CLUSTER = "https://kubernetes.default.svc"


def head(plan: Plan) -> Line:
    source = PurePath(plan.spec_file).name
    return Line(
        f"# Rendered by wavetank from {source}, environment {plan.environment}: change it there and render again."
    )


def gitops_of(plan: Plan) -> GitOps:
    assert plan.gitops is not None, "asked only for plans with GitOps"
    return plan.gitops


def in_repository(plan: Plan, folder: str) -> Traced:
    """The path of a rendered folder in the Git repository."""
    root = gitops_of(plan).path
    return Traced(f"{root}/{folder}" if root else folder, "gitops.path")


def argo_object(plan: Plan, kind: str, name: str, path: str, annotations: dict[str, Any], **content: Any) -> Traced:
    """An object of Argo CD, in its namespace."""
    framed = metadata(plan, path, name, annotations=annotations).value
    place = {"name": framed["name"], "namespace": Traced(gitops_of(plan).namespace, "gitops.namespace")}
    return manifest(API, kind, Traced({**place, **framed}, path), path, **content)
