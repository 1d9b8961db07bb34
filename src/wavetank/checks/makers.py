"""What else may make objects that the input only refers to: operators, charts, jobs. Where any may, "missing" is not known.

Called by rules about references. Reads objects, judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, texts_within
from wavetank.checks.workloads import TEMPLATES
from wavetank.kube.kinds import BUILT_IN

BUILT_IN_GROUPS = frozenset(resource.group for resource in BUILT_IN)
#: groups of custom resources that make no pods and no Services
_IDLE_GROUPS = (
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "keda.sh",
    "external-secrets.io",
    "bitnami.com",
    "cert-manager.io",
    "karpenter.sh",
    "karpenter.k8s.aws",
    "velero.io",
    "snapshot.storage.k8s.io",
    "elbv2.k8s.aws",
    "templates.gatekeeper.sh",
    "constraints.gatekeeper.sh",
    "autoscaling.k8s.io",
    "traefik.io",
    "k8s.nginx.org",
    "kyverno.io",
)
_IDLE_KINDS = (
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "Probe",
    "ScrapeConfig",
    "AlertmanagerConfig",
    "AnalysisTemplate",
    "ClusterAnalysisTemplate",
    "AppProject",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "ReferenceGrant",
    "GatewayClass",
    "BackendTLSPolicy",
)
#: kinds that install whole applications, anywhere
_INSTALLERS = ("Application", "ApplicationSet", "HelmRelease", "HelmChart", "Kustomization")


def all_pods_are_known(case: Case, namespace: str) -> bool:
    """Whether every pod of the namespace comes from a workload of the input, of which there is at least one."""
    return bool(case.workloads_in(namespace)) and not may_get_objects(case, namespace)


def may_get_objects(case: Case, namespace: str) -> bool:
    """Whether an operator or a chart may put pods and Services into the namespace beside the input."""
    if case.manifests.of_kind(*_INSTALLERS):
        return True
    if any(release.namespace in (None, namespace) for release in case.aws.helm_releases):
        return True
    return any(m.namespace in (namespace, "") and _makes_pods(m) for m in case.manifests)


def _makes_pods(manifest: Manifest) -> bool:
    custom = manifest.group not in BUILT_IN_GROUPS and manifest.kind not in TEMPLATES
    return custom and manifest.kind not in _IDLE_KINDS and not manifest.group.endswith(_IDLE_GROUPS)


def is_mentioned(case: Case, namespace: str, name: str) -> bool:
    """Whether anything that may make an object says its name: a custom resource, or a program by its arguments or roles.

    A certificate names its Secret, a job gets ``--secret-name``, a role allows a controller to change one ConfigMap.
    """
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(word.search(text) for text in _words(case, namespace))


def _words(case: Case, namespace: str) -> Iterator[str]:
    for manifest in case.manifests:
        if manifest.kind in ("Role", "ClusterRole") or manifest.group not in BUILT_IN_GROUPS:
            yield from texts_within(manifest.obj.get("rules") if "rules" in manifest.obj else manifest.spec)
            if manifest.namespace == namespace:
                yield manifest.name
    for workload in case.workloads_in(namespace):
        for container in (*workload.init_containers, *workload.containers):
            yield from texts_within([container.obj.get("args"), container.obj.get("command")])
