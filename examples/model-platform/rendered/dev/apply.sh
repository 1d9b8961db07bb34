#!/bin/sh
# Rendered by wavetank from platform.yaml, environment dev: change it there and render again.
# Applies kubernetes/. Run it after `terraform apply` and helm/install.sh, with kubectl pointing at the cluster.
set -eu
cd "$(dirname "$0")"
files="$(mktemp -d)"
trap 'rm -rf "$files"' EXIT
cp kubernetes/*.yaml "$files"

# Gatekeeper makes the kinds of the policies from these templates, some seconds after it has them.
kubectl apply -f "$files/03-policy-templates.yaml"
kubectl wait --for='jsonpath={.status.created}=true' --timeout=2m -f "$files/03-policy-templates.yaml"
kubectl wait --for=condition=Established --timeout=2m crd/platformregistries.constraints.gatekeeper.sh crd/platformversions.constraints.gatekeeper.sh crd/platformresources.constraints.gatekeeper.sh

kubectl apply -f "$files"
