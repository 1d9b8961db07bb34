"""Charts that are installed beside the managed add-ons: ``helm/releases.yaml`` as data, ``helm/install.sh`` as commands.

The data is what programs read (GitOps, the laptop's twin); the script is for people without GitOps and does the same. Two values
of the AWS side go to charts: a role's ARN, known before an apply, and the VPC's id, which the script asks Terraform for.
"""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import Any

from wavetank.catalog import chart
from wavetank.plan.model import HelmRelease, Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.roles import role_arn
from wavetank.render.trace import Line, Traced, tree

FOLDER = "helm"
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"


def files(plan: Plan) -> dict[str, RenderedFile]:
    """File name → content; nothing for a plan without releases."""
    if not plan.helm_releases:
        return {}
    values = {f"{FOLDER}/values/{release.name}.yaml": _values_file(plan, release) for release in plan.helm_releases}
    return {f"{FOLDER}/releases.yaml": _releases(plan), f"{FOLDER}/install.sh": _script(plan), **values}


def _path(release: HelmRelease) -> str:
    return f"helmReleases[{release.name}]"


def _head(plan: Plan) -> str:
    source = PurePath(plan.spec_file).name
    return f"# Rendered by wavetank from {source}, environment {plan.environment}: change it there and render again."


def _releases(plan: Plan) -> RenderedFile:
    releases = [_release(plan, release) for release in plan.helm_releases]
    return RenderedFile((Line(_head(plan)), *yaml.document(Traced({"releases": releases}, "helmReleases"))))


def _release(plan: Plan, release: HelmRelease) -> Traced:
    path = _path(release)
    fields = ("name", "chart", "repository", "version", "namespace")
    stated = {field: Traced(getattr(release, field), f"{path}.{field}") for field in fields}
    return Traced(stated | {"values": values_of(plan, release)}, path)


def values_of(plan: Plan, release: HelmRelease) -> Traced:
    """The chart's values: those of the plan, and the service account with the role it assumes."""
    path = _path(release)
    values = tree(release.values, f"{path}.values").value
    if not release.service_account:
        return Traced(values, f"{path}.values")
    return Traced(_with(values, _service_account_keys(release), _account(plan, release, path)), f"{path}.values")


def _service_account_keys(release: HelmRelease) -> tuple[str, ...]:
    facts = chart(release.chart.rsplit("/", 1)[-1])
    return facts.service_account_keys if facts else ("serviceAccount",)


def _account(plan: Plan, release: HelmRelease, path: str) -> dict[str, Any]:
    account: dict[str, Any] = {"create": True, "name": Traced(release.service_account, f"{path}.serviceAccount")}
    if release.role and plan.pod_identity == "irsa":
        account["annotations"] = {ROLE_ANNOTATION: Traced(role_arn(plan, release.role), f"{path}.role")}
    return account


def _with(values: dict[str, Any], keys: tuple[str, ...], content: dict[str, Any]) -> dict[str, Any]:
    """``values`` with ``content`` merged in below ``keys``; what the author wrote there wins."""
    if not keys:
        return content | values
    inner = values.get(keys[0])
    inner_value = inner.value if isinstance(inner, Traced) else (inner or {})
    merged = _with(dict(inner_value), keys[1:], content)
    return values | {keys[0]: Traced(merged, inner.path) if isinstance(inner, Traced) else merged}


def _values_file(plan: Plan, release: HelmRelease) -> RenderedFile:
    return RenderedFile((Line(_head(plan)), *yaml.document(values_of(plan, release))))


# --- the script -------------------------------------------------------------------------------------------------------


def _script(plan: Plan) -> RenderedFile:
    head = (
        "#!/bin/sh",
        _head(plan),
        "# Installs or upgrades the charts. Run it after `terraform apply`, with kubectl pointing at the cluster.",
        "set -eu",
        'cd "$(dirname "$0")"',
    )
    commands = [line for release in plan.helm_releases for line in _commands(release)]
    return RenderedFile((*(Line(text) for text in head), *commands), executable=True)


def _commands(release: HelmRelease) -> list[Line]:
    path = _path(release)
    source = [shlex.quote(release.chart), f"--repo {shlex.quote(release.repository)}"]
    if release.repository.startswith("oci://"):
        source = [shlex.quote(f"{release.repository.rstrip('/')}/{release.chart}")]
    options = [
        (" ".join(source), f"{path}.repository"),
        (f"--version {shlex.quote(release.version)}", f"{path}.version"),
        (f"--namespace {shlex.quote(release.namespace)} --create-namespace", f"{path}.namespace"),
        (f"--values {shlex.quote(f'values/{release.name}.yaml')}", f"{path}.values"),
        *_asked_of_terraform(release, path),
        ("--wait --timeout 10m", path),
    ]
    lines = [Line(""), Line(f"helm upgrade --install {shlex.quote(release.name)} \\", f"{path}.name")]
    texts = [text + (" \\" if at < len(options) - 1 else "") for at, (text, _) in enumerate(options)]
    return lines + [Line(f"  {text}", where) for text, (_, where) in zip(texts, options, strict=True)]


def _asked_of_terraform(release: HelmRelease, path: str) -> list[tuple[str, str]]:
    facts = chart(release.chart.rsplit("/", 1)[-1])
    key = facts.vpc_id_key if facts else None
    return [(f'--set {key}="$(terraform -chdir=../terraform output -raw vpc_id)"', path)] if key else []
