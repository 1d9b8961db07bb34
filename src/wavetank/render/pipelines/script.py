"""build.sh: the commands of the workflows, for a machine with docker, trivy, cosign and the AWS CLI, and yq for the roll-out."""

from __future__ import annotations

import shlex

from wavetank.plan.model import Pipeline, Plan
from wavetank.render.bundle import RenderedFile
from wavetank.render.trace import Line

_HEAD = """\
#!/bin/sh
# Rendered by wavetank, environment {environment}: change the spec and render again.
# usage: build.sh <workload> <tag>
# Builds, scans, signs and tags the image of a workload, from the root of its sources. Afterwards, with VALUES naming the
# file of the GitOps repository, that file says what runs.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: $0 <workload> <tag>   workloads: {workloads}" >&2
  exit 2
fi
workload=$1
tag=$2
"""

_COMMANDS = """\
metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT

aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin "${{image%%/*}}"

# By digest only: the tag comes when everything has passed.
docker buildx build "$folder" --file "$folder/$dockerfile" --platform "$platforms" --metadata-file "$metadata" \\
  --provenance mode=max --sbom true \\
  --output "type=image,name=$image,push-by-digest=true,name-canonical=true,push=true" "$@"
digest=$(sed -n 's/.*"containerimage.digest": *"\\([^"]*\\)".*/\\1/p' "$metadata")

if [ "$ignore_unfixed" = true ]; then
  trivy image --severity "$severity" --exit-code 1 --ignore-unfixed "$image@$digest"
else
  trivy image --severity "$severity" --exit-code 1 "$image@$digest"
fi

if [ -n "$key" ]; then
  cosign sign --yes --key "$key" --tlog-upload=false "$image@$digest"
elif [ "$sign" = true ]; then
  cosign sign --yes "$image@$digest"
fi

docker buildx imagetools create --tag "$image:$tag" "$image@$digest"
echo "$image:$tag@$digest"

if [ -n "${{VALUES:-}}" ]; then
  WORKLOAD=$workload TAG=$tag DIGEST=$digest yq -i \\
    '.[strenv(WORKLOAD)].image.tag = strenv(TAG) | .[strenv(WORKLOAD)].image.digest = strenv(DIGEST)' "$VALUES"
fi
"""


def script(plan: Plan) -> RenderedFile:
    """One program for all workloads that are built."""
    workloads = ", ".join(each.name for each in plan.pipelines)
    lines = [Line(text) for text in _HEAD.format(environment=plan.environment, workloads=workloads).splitlines()]
    lines.append(Line('case "$workload" in'))
    for each in plan.pipelines:
        lines += _case(each)
    lines += [Line(text) for text in ("  *)", '    echo "no image is built for $workload" >&2', "    exit 2", "    ;;")]
    lines += [Line("esac"), Line("")]
    lines += [Line(text) for text in _COMMANDS.format(region=plan.region).splitlines()]
    return RenderedFile(tuple(lines), executable=True)


def _case(pipeline: Pipeline) -> list[Line]:
    """Arguments of the build become the script's own positional parameters: they may hold spaces."""
    path = f"pipelines[{pipeline.name}]"
    options = [word for key, value in pipeline.build_args.items() for word in ("--build-arg", f"{key}={value}")]
    options += ["--target", pipeline.target] if pipeline.target else []
    values = {
        "image": pipeline.repository,
        "folder": pipeline.folder,
        "dockerfile": pipeline.dockerfile,
        "platforms": ",".join(pipeline.platforms),
        "severity": ",".join(pipeline.scan_severity),
        "ignore_unfixed": str(pipeline.ignore_unfixed).lower(),
        "sign": str(pipeline.sign).lower(),
        "key": pipeline.sign_key if pipeline.sign else "",
    }
    assignments = [f"    {name}={shlex.quote(value)}" for name, value in values.items()]
    positional = "    set -- " + " ".join(map(shlex.quote, options)) if options else "    set --"
    return [Line(text, path) for text in (f"  {shlex.quote(pipeline.name)})", *assignments, positional, "    ;;")]
