"""A GitHub Actions workflow for one workload. Actions are pinned by commit: a tag of somebody else's can be moved."""

from __future__ import annotations

from typing import Any

from wavetank import catalog
from wavetank.plan.model import Pipeline, Plan
from wavetank.render.kubernetes.parts import present
from wavetank.render.trace import Traced

_RUNNER = "ubuntu-24.04"
_MINUTES = 45
_DIGEST = "${{ steps.build.outputs.digest }}"
_TAG = "${{ github.sha }}"
_PINNED = "${{ env.IMAGE }}@${{ steps.build.outputs.digest }}"
#: where the GitOps repository is checked out when it is another one
_GITOPS_FOLDER = "gitops-repository"


def workflow(plan: Plan, pipeline: Pipeline) -> Traced:
    """Runs for pushes to the branch that touch the workload's folder."""
    path = f"pipelines[{pipeline.name}]"
    touched = [f"{pipeline.folder.strip('/')}/**", f".github/workflows/{pipeline.name}.yml"]
    pushes = {
        "branches": Traced([pipeline.branch], f"{path}.branch"),
        "paths": Traced(touched, f"{path}.folder"),
    }
    body = {
        "name": f"Image of {pipeline.name}",
        "on": {"push": pushes, "workflow_dispatch": {}},
        # The tag is pushed last; two runs at once would race for the values of GitOps.
        "concurrency": {"group": f"image-{pipeline.name}", "cancel-in-progress": False},
        "permissions": {"contents": "read"},
        "jobs": {"image": _job(plan, pipeline, path)},
    }
    return Traced(body, path)


def _job(plan: Plan, pipeline: Pipeline, path: str) -> dict[str, Any]:
    same = bool(pipeline.gitops_repository) and pipeline.gitops_repository == pipeline.source
    return {
        "runs-on": _RUNNER,
        "timeout-minutes": _MINUTES,
        "permissions": {"contents": "write" if same else "read", "id-token": "write"},
        "env": {"IMAGE": Traced(pipeline.repository, f"{path}.repository")},
        "steps": [*_steps(plan, pipeline, path), *_roll_out(pipeline, same, path)],
    }


def _action(name: str, step: str, where: str, /, **inputs: Any) -> Traced:
    uses, version = catalog.pinned_action(name)
    content = {"name": step, "uses": Traced(uses, where, f"{name} {version}"), "with": inputs}
    return Traced(present(content), where)


def _steps(plan: Plan, pipeline: Pipeline, path: str) -> list[Traced]:
    assert plan.push_role is not None, "a plan with pipelines has the role that they push with"
    role = Traced(f"arn:aws:iam::{plan.account_id}:role/{plan.push_role.name}", "pushRole.name")
    account = {"role-to-assume": role, "aws-region": Traced(plan.region, "region")}
    foreign = [_action("docker/setup-qemu-action", "Emulate other architectures", path)]
    steps = [
        _action("actions/checkout", "Sources", path),
        _action("aws-actions/configure-aws-credentials", "Role of the pipeline", path, **account),
        _action("aws-actions/amazon-ecr-login", "Log in to the registry", path),
        *(foreign if "linux/arm64" in pipeline.platforms else []),
        _action("docker/setup-buildx-action", "Builder", path),
        _build(pipeline, path),
        _scan(pipeline, path),
    ]
    return [*steps, *_sign(pipeline, path), _tag(path)]


def _build(pipeline: Pipeline, path: str) -> Traced:
    """By digest only: the tag comes when everything has passed."""
    inputs = {
        "context": Traced(pipeline.folder, f"{path}.folder"),
        "file": Traced(f"{pipeline.folder.rstrip('/')}/{pipeline.dockerfile}", f"{path}.dockerfile"),
        "target": pipeline.target,
        "platforms": Traced(",".join(pipeline.platforms), f"{path}.platforms"),
        "build-args": "\n".join(f"{key}={value}" for key, value in pipeline.build_args.items()),
        "outputs": "type=image,name=${{ env.IMAGE }},push-by-digest=true,name-canonical=true,push=true",
        "provenance": "mode=max",
        "sbom": True,
    }
    step = _action("docker/build-push-action", "Build and push by digest", path, **present(inputs))
    return Traced({"name": step.value["name"], "id": "build", **step.value}, path)


def _scan(pipeline: Pipeline, path: str) -> Traced:
    return _action(
        "aquasecurity/trivy-action",
        "Stop for vulnerabilities",
        f"{path}.scanSeverity",
        **{
            "image-ref": _PINNED,
            "severity": Traced(",".join(pipeline.scan_severity), f"{path}.scanSeverity"),
            "ignore-unfixed": Traced(pipeline.ignore_unfixed, f"{path}.ignoreUnfixed"),
            "exit-code": "1",
            "format": "table",
        },
    )


def _sign(pipeline: Pipeline, path: str) -> list[Traced]:
    if not pipeline.sign:
        return []
    key = f" --key {pipeline.sign_key} --tlog-upload=false" if pipeline.sign_key else ""
    command = f'cosign sign --yes{key} "$IMAGE@$DIGEST"'
    step = {"name": "Sign", "env": {"DIGEST": _DIGEST}, "run": command}
    return [_action("sigstore/cosign-installer", "Cosign", f"{path}.sign"), Traced(step, f"{path}.sign")]


def _tag(path: str) -> Traced:
    command = 'docker buildx imagetools create --tag "$IMAGE:$TAG" "$IMAGE@$DIGEST"'
    return Traced({"name": "Tag", "env": {"DIGEST": _DIGEST, "TAG": _TAG}, "run": command}, path)


def _roll_out(pipeline: Pipeline, same: bool, path: str) -> list[Traced]:
    """The environment's values name the new image; Argo CD does the rest."""
    if not pipeline.gitops_repository:
        return []
    folder = "." if same else _GITOPS_FOLDER
    other = {
        "repository": Traced(pipeline.gitops_repository, f"{path}.gitopsRepository"),
        "ref": Traced(pipeline.gitops_branch, f"{path}.gitopsBranch"),
        "path": _GITOPS_FOLDER,
        "token": "${{ secrets.GITOPS_TOKEN }}",
    }
    checkout = [] if same else [_action("actions/checkout", "Values of the environments", path, **other)]
    step = {
        "name": "Roll out",
        "working-directory": folder,
        "env": {
            "DIGEST": _DIGEST,
            "TAG": _TAG,
            "WORKLOAD": pipeline.name,
            "VALUES": Traced(pipeline.values_file, f"{path}.valuesFile"),
        },
        "run": _BUMP,
    }
    return [*checkout, Traced(step, path)]


#: another pipeline may have pushed in between: then its commit is taken along and the push tried again
_BUMP = """\
yq -i '.[strenv(WORKLOAD)].image.tag = strenv(TAG) | .[strenv(WORKLOAD)].image.digest = strenv(DIGEST)' "$VALUES"
git config user.name "image pipeline"
git config user.email "image-pipeline@users.noreply.github.com"
git add "$VALUES"
git commit -m "$WORKLOAD runs $TAG"
for attempt in 1 2 3; do
  git push && exit 0
  echo "attempt $attempt: somebody else was faster"
  git pull --rebase
done
exit 1
"""
