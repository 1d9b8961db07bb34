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

helm upgrade --install cluster-autoscaler \
  cluster-autoscaler --repo https://kubernetes.github.io/autoscaler \
  --version 9.59.0 \
  --namespace kube-system --create-namespace \
  --values values/cluster-autoscaler.yaml \
  --wait --timeout 10m

helm upgrade --install nvidia-device-plugin \
  nvidia-device-plugin --repo https://nvidia.github.io/k8s-device-plugin \
  --version 0.18.0 \
  --namespace kube-system --create-namespace \
  --values values/nvidia-device-plugin.yaml \
  --wait --timeout 10m

helm upgrade --install istio-base \
  base --repo https://istio-release.storage.googleapis.com/charts \
  --version 1.30.1 \
  --namespace istio-system --create-namespace \
  --values values/istio-base.yaml \
  --wait --timeout 10m

helm upgrade --install istiod \
  istiod --repo https://istio-release.storage.googleapis.com/charts \
  --version 1.30.1 \
  --namespace istio-system --create-namespace \
  --values values/istiod.yaml \
  --wait --timeout 10m

helm upgrade --install istio-cni \
  cni --repo https://istio-release.storage.googleapis.com/charts \
  --version 1.30.1 \
  --namespace istio-system --create-namespace \
  --values values/istio-cni.yaml \
  --wait --timeout 10m

helm upgrade --install argo-cd \
  argo-cd --repo https://argoproj.github.io/argo-helm \
  --version 9.5.13 \
  --namespace argocd --create-namespace \
  --values values/argo-cd.yaml \
  --wait --timeout 10m

helm upgrade --install kube-prometheus-stack \
  kube-prometheus-stack --repo https://prometheus-community.github.io/helm-charts \
  --version 87.17.0 \
  --namespace monitoring --create-namespace \
  --values values/kube-prometheus-stack.yaml \
  --wait --timeout 10m

helm upgrade --install gatekeeper \
  gatekeeper --repo https://open-policy-agent.github.io/gatekeeper/charts \
  --version 3.23.1 \
  --namespace gatekeeper-system --create-namespace \
  --values values/gatekeeper.yaml \
  --wait --timeout 10m
