"""What every namespace is given so that pods can run in it: the account ``default`` and the cluster's certificate.

Upstream: ``pkg/controller/serviceaccount/serviceaccounts_controller.go`` and
``pkg/controller/certificates/rootcacertpublisher/publisher.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj

from .base import Controller, Key

ACCOUNT = "default"
CERTIFICATE_MAP = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class _NamespaceFurnisher(Controller):
    """Keys are ("", namespace)."""

    def watch_for(self, resource_key: str, name: str) -> None:
        def keys(obj: Obj) -> Sequence[Key]:
            return (("", obj["metadata"]["namespace"]),) if obj["metadata"]["name"] == name else ()

        self.on("namespaces", self.itself)
        self.on(resource_key, keys)

    def is_active(self, namespace: str) -> bool:
        found = self.cluster.find("namespaces", "", namespace)
        return found is not None and not found["metadata"].get("deletionTimestamp")

    def create_unless_going(self, obj: Obj) -> None:
        """Create; a namespace that is going away takes nothing any more, and that is fine."""
        try:
            self.cluster.create(obj, manager="kube-controller-manager")
        except ApiError as error:
            if not any(cause.reason == "NamespaceTerminating" for cause in error.causes):
                raise


class ServiceAccountsController(_NamespaceFurnisher):
    name = "serviceaccount-controller"

    def watch(self) -> None:
        self.watch_for("serviceaccounts", ACCOUNT)

    def reconcile(self, key: Key) -> None:
        namespace = key[1]
        if self.is_active(namespace) and self.cluster.find("serviceaccounts", namespace, ACCOUNT) is None:
            metadata = {"name": ACCOUNT, "namespace": namespace}
            self.create_unless_going({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


class RootCertificatePublisher(_NamespaceFurnisher):
    name = "root-ca-certificate-publisher-controller"

    def watch(self) -> None:
        self.watch_for("configmaps", CERTIFICATE_MAP)

    def reconcile(self, key: Key) -> None:
        namespace = key[1]
        if not self.is_active(namespace):
            return
        live = self.cluster.find("configmaps", namespace, CERTIFICATE_MAP)
        data = {"ca.crt": self.settings.ca_pem}
        annotations = {"kubernetes.io/description": DESCRIPTION}
        if live is None:
            metadata = {"name": CERTIFICATE_MAP, "namespace": namespace, "annotations": annotations}
            self.create_unless_going({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        elif live.get("data") != data:
            annotations = {**(live["metadata"].get("annotations") or {}), **annotations}
            self.cluster.update({**live, "metadata": {**live["metadata"], "annotations": annotations}, "data": data})
