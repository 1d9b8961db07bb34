"""What is installed in a cluster: managed add-ons, charts, and the controllers among the workloads.

Rules ask ``case.components.installs("metrics-server")``. Names are those of the EKS add-on or of the Helm chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .aws import Aws, HelmRelease
from .manifests import Manifest, Manifests, mapping
from .model import Place
from .workloads import Workload

if TYPE_CHECKING:
    from .case import Given

#: EKS puts these into every new cluster by itself.
BY_DEFAULT = ("vpc-cni", "coredns", "kube-proxy")
#: the last part of an image's name -> the component that it is
IMAGES: Mapping[str, str] = {
    "metrics-server": "metrics-server",
    "cluster-autoscaler": "cluster-autoscaler",
    "aws-load-balancer-controller": "aws-load-balancer-controller",
    "aws-ebs-csi-driver": "aws-ebs-csi-driver",
    "aws-efs-csi-driver": "aws-efs-csi-driver",
    "amazon-k8s-cni": "vpc-cni",
    "coredns": "coredns",
    "kube-proxy": "kube-proxy",
    "eks-pod-identity-agent": "eks-pod-identity-agent",
    "keda": "keda",
    "keda-operator": "keda",
    "prometheus-adapter": "prometheus-adapter",
    "k8s-prometheus-adapter": "prometheus-adapter",
    "prometheus-adapter-amd64": "prometheus-adapter",
    "vpa-updater": "vertical-pod-autoscaler",
    "vpa-recommender": "vertical-pod-autoscaler",
    "k8s-device-plugin": "nvidia-device-plugin",
    "gpu-operator": "gpu-operator",
    "external-dns": "external-dns",
    "cert-manager-controller": "cert-manager",
    "argocd": "argo-cd",
    "argo-rollouts": "argo-rollouts",
    "external-secrets": "external-secrets",
    "sealed-secrets-controller": "sealed-secrets",
    "pilot": "istiod",
    "velero": "velero",
    "falco": "falco",
    "gatekeeper": "gatekeeper",
    "prometheus-operator": "kube-prometheus-stack",
    "nginx-ingress": "nginx-ingress",
    "nginx-ingress-controller": "ingress-nginx",
    "calico-node": "calico",
    "cilium": "cilium",
    "karpenter": "karpenter",
    "aws-node-termination-handler": "aws-node-termination-handler",
    "opencost": "opencost",
    "secrets-store-csi-driver": "secrets-store-csi-driver",
}
#: charts that bring another component along, or are it under another name
PROVIDES: Mapping[str, tuple[str, ...]] = {
    "kube-prometheus-stack": ("prometheus", "prometheus-operator-crds"),
    "gpu-operator": ("nvidia-device-plugin",),
    "tigera-operator": ("calico",),
    "vpa": ("vertical-pod-autoscaler",),
    "aws-vpc-cni": ("vpc-cni",),
    "bitnami-metrics-server": ("metrics-server",),
}
#: service accounts under which charts run: who makes a role for one of them installs the chart from elsewhere, if not here
ACCOUNTS: Mapping[str, str] = {
    "aws-load-balancer-controller": "aws-load-balancer-controller",
    "cert-manager": "cert-manager",
    "cluster-autoscaler": "cluster-autoscaler",
    "external-dns": "external-dns",
    "external-secrets": "external-secrets",
    "karpenter": "karpenter",
    "keda-operator": "keda",
    "velero-server": "velero",
}


@dataclass(frozen=True, eq=False)
class Components:
    """Installed components by name, each with the place that installs it."""

    found: Mapping[str, Place]
    #: whether what is not found is not there; otherwise it may be somewhere else
    all_known: bool
    #: those among the found whose own objects are in the input, recognized by their images
    rendered: frozenset[str]
    #: charts from every source, Argo CD Applications and Flux HelmReleases among the manifests included
    helm_releases: Sequence[HelmRelease]
    #: for which an IAM role waits, though nothing in the input installs them: something else does
    awaited: frozenset[str] = frozenset()

    def installs(self, *names: str) -> bool | None:
        """Whether any of these is installed: True, False, or None where the input cannot tell."""
        if any(name in self.found for name in names):
            return True
        return False if self.all_known and self.awaited.isdisjoint(names) else None

    def release(self, chart: str) -> HelmRelease | None:
        return next((r for r in self.helm_releases if r.chart == chart), None)

    def lacks(self, *names: str) -> bool:
        """Known not to be installed, none of them."""
        return self.installs(*names) is False


def components_of(manifests: Manifests, workloads: Sequence[Workload], aws: Aws, given: Given) -> Components:
    """All that is installed. What is missing is known when the cluster's own files were given, too."""
    releases = (*aws.helm_releases, *_applications(manifests))
    found: dict[str, Place] = {}
    for workload in workloads:
        for container in workload.containers:
            name = IMAGES.get(last_part(container.image))
            if name:
                found.setdefault(name, container.at("image"))
    rendered = frozenset(found)
    for release in releases:
        for name in (release.chart, *PROVIDES.get(release.chart, ())):
            found.setdefault(name, release.at("chart"))
    for add_on in aws.add_ons:
        found.setdefault(add_on.name, add_on.at())
    if aws.cluster and aws.cluster.default_add_ons:
        for name in BY_DEFAULT:
            found.setdefault(name, aws.cluster.at())
    all_known = given.whole or (given.cluster and given.kubernetes)
    return Components(found, all_known, rendered, releases, frozenset() if given.whole else _awaited(aws))


def _awaited(aws: Aws) -> frozenset[str]:
    accounts = {account for role in aws.roles for _, account in role.service_accounts or ()}
    return frozenset(ACCOUNTS[account] for account in accounts if account in ACCOUNTS)


def last_part(image: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _applications(manifests: Manifests) -> list[HelmRelease]:
    """Charts that Argo CD or Flux install."""
    argo = [
        _of_argo(application, mapping(source))
        for application in manifests.of_kind("Application", group="argoproj.io")
        for source in (application.spec.get("sources") or [application.spec.get("source")])
        if mapping(source).get("chart")
    ]
    flux = [_of_flux(m) for m in manifests.of_kind("HelmRelease") if m.group == "helm.toolkit.fluxcd.io"]
    return [*argo, *(release for release in flux if release.chart)]


def _of_argo(application: Manifest, source: dict[str, object]) -> HelmRelease:
    helm = mapping(source.get("helm"))
    namespace = mapping(application.spec.get("destination")).get("namespace")
    values = helm.get("valuesObject")
    return HelmRelease(
        name=application.name,
        where=application.where,
        chart=str(source["chart"]).rpartition("/")[2],
        repository=str(source.get("repoURL") or "") or None,
        version=str(source.get("targetRevision") or "") or None,
        namespace=str(namespace) if namespace else None,
        values=values if isinstance(values, dict) else ({} if not helm else None),
        has_role=None,
    )


def _of_flux(manifest: Manifest) -> HelmRelease:
    chart = mapping(mapping(manifest.spec.get("chart")).get("spec"))
    return HelmRelease(
        name=manifest.name,
        where=manifest.where,
        chart=str(chart.get("chart") or "").rpartition("/")[2],
        repository=None,
        version=str(chart.get("version") or "") or None,
        namespace=str(manifest.spec.get("targetNamespace") or manifest.namespace),
        values=mapping(manifest.spec.get("values")),
        has_role=None,
    )
