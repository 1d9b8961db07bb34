"""What else may make objects that the input only refers to: operators, charts, jobs. Where any may, "missing" is not known.

Rules about references ask it as ``case.makers``. Reads objects, judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from wavetank.kube.kinds import BUILT_IN

from .manifests import Manifest, texts_within
from .workloads import TEMPLATES

if TYPE_CHECKING:
    from .case import Case

_WORD = re.compile(r"[A-Za-z0-9][\w.-]*")
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


class Makers:
    """Of one case; answers are kept, as many rules ask the same."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._words: dict[str, frozenset[str]] = {}

    def all_pods_are_known(self, namespace: str) -> bool:
        """Whether every pod of the namespace comes from a workload of the input, of which there is at least one."""
        return bool(self._case.workloads_in(namespace)) and not self.may_get_objects(namespace)

    def may_get_objects(self, namespace: str) -> bool:
        """Whether an operator or a chart may put pods and Services into the namespace beside the input."""
        if any(release.namespace in (None, namespace) for release in self._case.aws.helm_releases):
            return True
        return self._installs_anywhere or bool(self._busy & {namespace, ""})

    @cached_property
    def _installs_anywhere(self) -> bool:
        return bool(self._case.manifests.of_kind(*_INSTALLERS))

    @cached_property
    def _busy(self) -> frozenset[str]:
        """Namespaces with custom resources that may become pods; "" for those of the whole cluster."""
        return frozenset(m.namespace for m in self._case.manifests if _makes_pods(m))

    def mention(self, namespace: str, name: str) -> bool:
        """Whether anything that may make an object says its name: a custom resource, or a program by its arguments or roles.

        A certificate names its Secret, a job gets ``--secret-name``, a role allows a controller to change one ConfigMap.
        """
        return name in self._everywhere or name in self._words_in(namespace)

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        found = [m for m in self._case.manifests if _may_name(m)]
        values = [m.obj.get("rules") if "rules" in m.obj else m.spec for m in found]
        return frozenset(word for value in values for text in texts_within(value) for word in _names_in(text))

    def _words_in(self, namespace: str) -> frozenset[str]:
        if namespace not in self._words:
            workloads = self._case.workloads_in(namespace)
            containers = [c for w in workloads for c in (*w.init_containers, *w.containers)]
            said = [text for c in containers for text in texts_within([c.obj.get("args"), c.obj.get("command")])]
            titles = {m.name for m in self._case.manifests if m.namespace == namespace and _may_name(m)}
            self._words[namespace] = frozenset(titles | {word for text in said for word in _names_in(text)})
        return self._words[namespace]


def _may_name(manifest: Manifest) -> bool:
    return manifest.kind in ("Role", "ClusterRole") or manifest.group not in BUILT_IN_GROUPS


def _names_in(text: str) -> Iterator[str]:
    """What may be an object's name in a text: whole words, and what stands before a dot of one."""
    for word in _WORD.findall(text):
        parts = word.split(".")
        yield from (".".join(parts[: at + 1]) for at in range(len(parts)))


def _makes_pods(manifest: Manifest) -> bool:
    custom = manifest.group not in BUILT_IN_GROUPS and manifest.kind not in TEMPLATES
    return custom and manifest.kind not in _IDLE_KINDS and not manifest.group.endswith(_IDLE_GROUPS)
