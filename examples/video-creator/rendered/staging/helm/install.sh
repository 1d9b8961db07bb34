#!/bin/sh
# Rendered by wavetank from platform.yaml, environment staging: change it there and render again.
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

helm upgrade --install keda \
  keda --repo https://kedacore.github.io/charts \
  --version 2.18.0 \
  --namespace keda --create-namespace \
  --values values/keda.yaml \
  --wait --timeout 10m

helm upgrade --install nginx-ingress \
  oci://ghcr.io/nginx/charts/nginx-ingress \
  --version 2.7.2 \
  --namespace nginx-ingress --create-namespace \
  --values values/nginx-ingress.yaml \
  --wait --timeout 10m

helm upgrade --install cert-manager \
  cert-manager --repo https://charts.jetstack.io \
  --version v1.21.2 \
  --namespace cert-manager --create-namespace \
  --values values/cert-manager.yaml \
  --wait --timeout 10m

helm upgrade --install external-dns \
  external-dns --repo https://kubernetes-sigs.github.io/external-dns \
  --version 1.20.0 \
  --namespace external-dns --create-namespace \
  --values values/external-dns.yaml \
  --wait --timeout 10m

helm upgrade --install external-secrets \
  external-secrets --repo https://charts.external-secrets.io \
  --version 2.0.0 \
  --namespace external-secrets --create-namespace \
  --values values/external-secrets.yaml \
  --wait --timeout 10m

helm upgrade --install sealed-secrets \
  sealed-secrets --repo https://bitnami-labs.github.io/sealed-secrets \
  --version 2.17.4 \
  --namespace kube-system --create-namespace \
  --values values/sealed-secrets.yaml \
  --wait --timeout 10m

helm upgrade --install argo-cd \
  argo-cd --repo https://argoproj.github.io/argo-helm \
  --version 9.5.13 \
  --namespace argocd --create-namespace \
  --values values/argo-cd.yaml \
  --wait --timeout 10m

helm upgrade --install argo-rollouts \
  argo-rollouts --repo https://argoproj.github.io/argo-helm \
  --version 2.41.0 \
  --namespace argo-rollouts --create-namespace \
  --values values/argo-rollouts.yaml \
  --wait --timeout 10m

helm upgrade --install kube-prometheus-stack \
  kube-prometheus-stack --repo https://prometheus-community.github.io/helm-charts \
  --version 87.17.0 \
  --namespace monitoring --create-namespace \
  --values values/kube-prometheus-stack.yaml \
  --wait --timeout 10m

helm upgrade --install opentelemetry-collector \
  opentelemetry-collector --repo https://open-telemetry.github.io/opentelemetry-helm-charts \
  --version 0.158.3 \
  --namespace observability --create-namespace \
  --values values/opentelemetry-collector.yaml \
  --wait --timeout 10m

helm upgrade --install jaeger \
  jaeger --repo https://jaegertracing.github.io/helm-charts \
  --version 4.6.0 \
  --namespace observability --create-namespace \
  --values values/jaeger.yaml \
  --wait --timeout 10m

helm upgrade --install gatekeeper \
  gatekeeper --repo https://open-policy-agent.github.io/gatekeeper/charts \
  --version 3.23.1 \
  --namespace gatekeeper-system --create-namespace \
  --values values/gatekeeper.yaml \
  --wait --timeout 10m

helm upgrade --install trivy-operator \
  trivy-operator --repo https://aquasecurity.github.io/helm-charts \
  --version 0.26.1 \
  --namespace trivy-system --create-namespace \
  --values values/trivy-operator.yaml \
  --wait --timeout 10m
