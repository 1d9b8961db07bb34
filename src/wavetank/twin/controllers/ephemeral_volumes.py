"""Generic ephemeral volumes: a claim of its own for each, that goes with the pod.

Upstream: ``pkg/controller/volume/ephemeral/controller.go``.
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj

from .base import Controller, Key
from .claim_binding import CLAIMS
from .informer import controller_of
from .ownership import owner_reference


class EphemeralVolumeController(Controller):
    name = "ephemeral_volume"

    def watch(self) -> None:
        self.on("pods", lambda pod: self.itself(pod) if _templates(pod) else ())

    def reconcile(self, key: Key) -> None:
        pod = self.cluster.find("pods", *key)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        for name, template in _templates(pod):
            self._ensure(pod, f"{key[1]}-{name}", template)

    def _ensure(self, pod: Obj, claim_name: str, template: Obj) -> None:
        namespace = pod["metadata"]["namespace"]
        existing = self.cluster.find(CLAIMS, namespace, claim_name)
        if existing is not None:
            if (controller_of(existing) or {}).get("uid") != pod["metadata"]["uid"]:
                text = f'PVC "{namespace}/{claim_name}" was not created for pod "{namespace}/{pod["metadata"]["name"]}"'
                self.event(pod, "Warning", "FailedBinding", f"ephemeral volume: {text} (pod is not owner)")
            return
        source = template.get("metadata") or {}
        metadata = {k: source[k] for k in ("labels", "annotations") if source.get(k)}
        metadata |= {"name": claim_name, "namespace": namespace, "ownerReferences": [owner_reference(pod)]}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"]}
        try:
            self.cluster.create(claim, manager="kube-controller-manager")
        except ApiError as error:
            self.event(pod, "Warning", "FailedBinding", f"ephemeral volume: create PVC {claim_name}: {error.message}")
            raise


def _templates(pod: Obj) -> list[tuple[str, Obj]]:
    """(volume, claim template) of a pod's ephemeral volumes."""
    volumes = pod["spec"].get("volumes") or ()
    return [(v["name"], v["ephemeral"]["volumeClaimTemplate"]) for v in volumes if v.get("ephemeral")]
