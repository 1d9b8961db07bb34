#!/bin/sh
# Rendered by wavetank from platform.yaml, environment production: change it there and render again.
# Installs or upgrades the charts. Run it after `terraform apply`, with kubectl pointing at the cluster.
set -eu
cd "$(dirname "$0")"

helm upgrade --install aws-load-balancer-controller \
  aws-load-balancer-controller --repo https://aws.github.io/eks-charts \
  --version 3.4.0 \
  --namespace kube-system --create-namespace \
  --values values/aws-load-balancer-controller.yaml \
  --set vpcId="$(terraform -chdir=../terraform output -raw vpc_id)" \
  --wait --timeout 10m

helm upgrade --install prometheus-operator-crds \
  prometheus-operator-crds --repo https://prometheus-community.github.io/helm-charts \
  --version 29.0.0 \
  --namespace monitoring --create-namespace \
  --values values/prometheus-operator-crds.yaml \
  --wait --timeout 10m

helm upgrade --install cluster-autoscaler \
  cluster-autoscaler --repo https://kubernetes.github.io/autoscaler \
  --version 9.59.0 \
  --namespace kube-system --create-namespace \
  --values values/cluster-autoscaler.yaml \
  --wait --timeout 10m
