#!/bin/sh
# Rendered by wavetank, environment production: change the spec and render again.
# usage: build.sh <workload> <tag>
# Builds, scans, signs and tags the image of a workload, from the root of its sources. Afterwards, with VALUES naming the
# file of the GitOps repository, that file says what runs.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: $0 <workload> <tag>   workloads: model-operator, batch-scoring" >&2
  exit 2
fi
workload=$1
tag=$2
case "$workload" in
  model-operator)
    image=111122223333.dkr.ecr.us-east-1.amazonaws.com/model-operator
    folder=model-operator
    dockerfile=Dockerfile
    platforms=linux/amd64
    severity=CRITICAL,HIGH
    ignore_unfixed=true
    sign=true
    key=''
    set --
    ;;
  batch-scoring)
    image=111122223333.dkr.ecr.us-east-1.amazonaws.com/batch
    folder=batch
    dockerfile=Dockerfile
    platforms=linux/amd64
    severity=CRITICAL,HIGH
    ignore_unfixed=true
    sign=true
    key=''
    set --
    ;;
  *)
    echo "no image is built for $workload" >&2
    exit 2
    ;;
esac

metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT

aws ecr get-login-password --region us-east-1 | docker login --username AWS --password-stdin "${image%%/*}"

# By digest only: the tag comes when everything has passed.
docker buildx build "$folder" --file "$folder/$dockerfile" --platform "$platforms" --metadata-file "$metadata" \
  --provenance mode=max --sbom true \
  --output "type=image,name=$image,push-by-digest=true,name-canonical=true,push=true" "$@"
digest=$(sed -n 's/.*"containerimage.digest": *"\([^"]*\)".*/\1/p' "$metadata")

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

if [ -n "${VALUES:-}" ]; then
  WORKLOAD=$workload TAG=$tag DIGEST=$digest yq -i \
    '.[strenv(WORKLOAD)].image.tag = strenv(TAG) | .[strenv(WORKLOAD)].image.digest = strenv(DIGEST)' "$VALUES"
fi
