"""Pipelines of images, and the IAM role that they push and sign with."""

from __future__ import annotations

import re

from wavetank import catalog
from wavetank.plan.gitops import values_file
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.aws import NodeGroup, Repository
from wavetank.plan.model.kubernetes import Workload
from wavetank.plan.model.security import ImagePolicy, Pipeline, PushRole
from wavetank.plan.reasons import Default
from wavetank.spec.builds import Build
from wavetank.spec.platform import PlatformFile

DOCKERFILE = Default("workloads.build.dockerfile", "where Docker looks")
MAIN = Default("workloads.build.branch", "the usual main branch")
SERIOUS = Default("workloads.build.scan.severity", "what is serious and has a fix stops the pipeline")
NO_ARGS = Default("workloads.build.buildArgs", "nothing was asked for")
SIGNED = Default("workloads.build.sign", "a signature shows that the image passed the scan of this pipeline")
UNKNOWN_SOURCE = Default("workloads.build.source", "no repository is named: replace it before use")
PLACEHOLDER = "example/sources"
_GIT_URL = re.compile(r"[/:]([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+?)(?:\.git)?/?$")
_PLATFORMS = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}


def pipelines(
    written: PlatformFile,
    workloads: tuple[Workload, ...],
    repositories: tuple[Repository, ...],
    groups: tuple[NodeGroup, ...],
    policy: ImagePolicy | None,
    environment: str,
    ledger: Ledger,
) -> tuple[Pipeline, ...]:
    """One for each workload that is built."""
    platforms = _architectures(groups)
    found: list[Pipeline] = []
    for stated in written.workloads or ():
        if stated.build is None:
            continue
        workload = next(each for each in workloads if each.name == stated.name)
        image = workload.containers[0].image
        repository = next(each for each in repositories if image.startswith(each.url))
        found.append(_pipeline(stated.name, stated.build, repository, platforms, policy, written, environment, ledger))
    return tuple(found)


def _architectures(groups: tuple[NodeGroup, ...]) -> tuple[str, ...]:
    """Docker's names of the machines' architectures."""
    facts = [catalog.instance_type(name) for group in groups for name in group.instance_types]
    return tuple(sorted({_PLATFORMS.get(each.arch, "linux/amd64") for each in facts}))


def _pipeline(
    name: str,
    build: Build,
    repository: Repository,
    platforms: tuple[str, ...],
    policy: ImagePolicy | None,
    written: PlatformFile,
    environment: str,
    ledger: Ledger,
) -> Pipeline:
    path = f"pipelines[{name}]"
    at = _written_at(path)
    ledger.stated(path, build, at)
    scan, sign = build.scan, build.sign
    severity: tuple[str, ...] | None = scan.severity if scan else None
    key = (sign.key if sign else None) or (policy.signer.key if policy and policy.signer else None)
    return Pipeline(
        name=name,
        folder=build.folder,
        dockerfile=ledger.chosen(f"{path}.dockerfile", build.dockerfile, "Dockerfile", DOCKERFILE, f"{at}.dockerfile"),
        platforms=_platforms(build, platforms, path, ledger),
        build_args=ledger.chosen(f"{path}.buildArgs", build.build_args, {}, NO_ARGS, f"{at}.buildArgs"),
        target=build.target or "",
        branch=ledger.chosen(f"{path}.branch", build.branch, "main", MAIN, f"{at}.branch"),
        repository=repository.url,
        repository_name=repository.name,
        scan_severity=ledger.chosen(
            f"{path}.scanSeverity", severity, ("CRITICAL", "HIGH"), SERIOUS, f"{at}.scan.severity"
        ),
        ignore_unfixed=scan is None or scan.ignore_unfixed is not False,
        sign=ledger.chosen(f"{path}.sign", None if sign is None else sign.enabled, True, SIGNED, f"{at}.sign"),
        sign_key=key or "",
        source=_source(build, written, path, ledger),
        gitops_repository=_owner_and_name(written.gitops.repository) if written.gitops else "",
        values_file=_values_file(written, environment),
        gitops_branch=(written.gitops.revision if written.gitops else None) or "main",
    )


def _owner_and_name(url: str) -> str:
    """A Git URL's `owner/name`: of https://github.com/owner/name.git and of git@github.com:owner/name.git."""
    found = _GIT_URL.search(url)
    return f"{found[1]}/{found[2]}" if found else ""


def _values_file(written: PlatformFile, environment: str) -> str:
    folder = (written.gitops.path if written.gitops else None) or ""
    return f"{folder}/{values_file(environment)}".lstrip("/")


def _platforms(build: Build, of_machines: tuple[str, ...], path: str, ledger: Ledger) -> tuple[str, ...]:
    at = f"{path}.platforms"
    if build.platforms:
        return ledger.stated(at, build.platforms, f"{_written_at(path)}.platforms")
    return ledger.derived(at, of_machines, ("nodeGroups",), "the architectures of the machines")


def _written_at(path: str) -> str:
    """Where the author wrote what a pipeline is made of."""
    return f"{path.replace('pipelines', 'workloads', 1)}.build"


def _source(build: Build, written: PlatformFile, path: str, ledger: Ledger) -> str:
    if build.source is not None:
        return ledger.stated(f"{path}.source", build.source, f"{_written_at(path)}.source")
    own = _owner_and_name(written.gitops.repository) if written.gitops else ""
    if own:
        return ledger.derived(
            f"{path}.source", own, ("gitops.repository",), "sources and rendered files share a repository"
        )
    return ledger.because(f"{path}.source", PLACEHOLDER, UNKNOWN_SOURCE)


def push_role(
    found: tuple[Pipeline, ...], policy: ImagePolicy | None, cluster_name: str, ledger: Ledger
) -> PushRole | None:
    """The role that the pipelines of the platform share; None without pipelines."""
    how = "pipelines push images" if found else "no workload is built"
    ledger.derived("pushRole", None, ("pipelines",), how)
    if not found:
        return None
    subjects = tuple(dict.fromkeys(f"repo:{each.source}:ref:refs/heads/{each.branch}" for each in found))
    keys = {each.sign_key for each in found if each.sign and each.sign_key}
    signer = policy.signer if policy else None
    arns = sorted(key.removeprefix("awskms:///") for key in keys if key.startswith("awskms:///arn:"))
    return PushRole(
        name=f"{cluster_name}-image-push"[:64],
        subjects=subjects,
        repositories=tuple(dict.fromkeys(each.repository_name for each in found)),
        key_alias=signer.key_alias if signer is not None and signer.key in keys else None,
        key_arn=arns[0] if arns else None,
    )
