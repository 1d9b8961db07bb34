"""Files that somebody has already → a case: Kubernetes YAML, Terraform (HCL and plan JSON), eksctl.

Called by ``app``, which reads the files and renders charts and kustomizations; nothing here touches a disk or runs a program.
What cannot be computed is unknown, and rules are silent about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from wavetank.checks.aws import Aws
from wavetank.checks.case import Case, Given
from wavetank.checks.manifests import Manifest, Manifests
from wavetank.checks.sources import PROGRAMS, SourceFile

from .documents import Document, UnreadableError, documents
from .eksctl import aws_of_eksctl, is_cluster_config
from .kubernetes import in_namespace, is_object, manifests, rendered_files
from .merge import merged
from .plan_json import aws_of_plan_json, is_plan_json
from .terraform import aws_of_terraform

__all__ = ["Foreign", "SourceFile", "case_of_files", "in_namespace", "rendered_files"]


@dataclass(frozen=True)
class Foreign:
    """The case of some files, and what could not be taken into it, in sentences."""

    case: Case
    left_out: tuple[str, ...]


def case_of_files(files: Sequence[SourceFile], on: date, environment: str | None = None) -> Foreign:
    """What the rules see of these files; their order does not matter."""
    ordered = sorted(files, key=lambda file: (file.name, file.text))
    left_out: list[str] = []
    found: list[Manifest] = []
    parts: list[Aws] = []
    for file in ordered:
        if file.base.endswith((".yaml", ".yml", ".json")):
            for document in _readable(file, left_out):
                if is_cluster_config(document):
                    parts.append(aws_of_eksctl(document))
                elif is_plan_json(document):
                    parts.append(aws_of_plan_json(document))
                elif is_object(document):
                    found += manifests(document)
    terraform, unread = aws_of_terraform(
        [f for f in ordered if f.base.endswith((".tf", ".tfvars", ".tf.json"))], environment
    )
    left_out += unread
    aws = merged([*parts, *terraform])
    found = _once(found)
    case = Case(
        manifests=Manifests(tuple(found)),
        aws=aws,
        given=_given(found, aws),
        on=on,
        file=ordered[0].name if ordered else "",
        environment=environment,
        programs=tuple(file for file in ordered if file.base.endswith(PROGRAMS)),
    )
    return Foreign(case, tuple(left_out))


def _once(found: Sequence[Manifest]) -> list[Manifest]:
    """An object that several files hold, a chart beside its output for instance, is one object, not a second one."""
    kept: dict[tuple[str, str, str, str], list[Manifest]] = {}
    for manifest in found:
        same = kept.setdefault((manifest.group, manifest.kind, manifest.namespace, manifest.name), [])
        if not manifest.name or all(manifest.obj != other.obj for other in same):
            same.append(manifest)
    chosen = {id(manifest) for same in kept.values() for manifest in same}
    return [manifest for manifest in found if id(manifest) in chosen]


def _readable(file: SourceFile, left_out: list[str]) -> Iterable[Document]:
    found: list[Document] = []
    try:
        found.extend(documents(file))
    except UnreadableError as error:
        left_out.append(f"{file.name}:{error.line}: cannot be read as YAML: {error}")
    return found


def _given(found: Sequence[Manifest], aws: Aws) -> Given:
    one = aws.cluster is not None
    karpenter = any(m.kind == "NodePool" for m in found)
    network = aws.network
    return Given(
        kubernetes=bool(found),
        cluster=one,
        nodes=one and (bool(aws.node_groups) or karpenter),
        network=one and network is not None and bool(network.subnets),
        iam=bool(aws.roles),
        terraform=bool(aws.resources),
    )
