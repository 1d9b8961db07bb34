"""What the External Secrets Operator does here: a Secret for every ExternalSecret, so that pods which need one can start.

Acts only while a pod of the operator is Ready. No provider is asked: each key gets a placeholder that says what would stand
there (upstream ``pkg/controllers/externalsecret`` reads the provider). ``dataFrom`` names no keys, so nothing is made of it.
"""

from __future__ import annotations

import base64
from typing import Any

from wavetank.kube.conditions import with_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .presence import belongs_to, is_running

CONTROLLER = "external-secrets"
EXTERNAL_SECRETS = "externalsecrets.external-secrets.io"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
REACTION_SECONDS = 0.3


class ExternalSecrets:
    """One Secret per ExternalSecret; it goes with its owner, as ``creationPolicy: Owner`` says."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ends = (
            cluster.subscribe(EXTERNAL_SECRETS, lambda change: self._plan(change.namespace, change.name)),
            cluster.subscribe("pods", self._note_pod),
        )

    def close(self) -> None:
        for end in self._ends:
            end()

    def _plan(self, namespace: str, name: str) -> None:
        self._cluster.engine.call_later(REACTION_SECONDS, lambda: self._reconcile(namespace, name))

    def _note_pod(self, change: Change) -> None:
        """When the operator itself comes up it looks at everything."""
        if belongs_to(change.object, CONTROLLER) and self._knows_them():
            for each in self._cluster.list(EXTERNAL_SECRETS):
                self._plan(each["metadata"]["namespace"], each["metadata"]["name"])

    def _knows_them(self) -> bool:
        return self._cluster.find(DEFINITIONS, "", EXTERNAL_SECRETS) is not None

    def _reconcile(self, namespace: str, name: str) -> None:
        wanted = self._cluster.find(EXTERNAL_SECRETS, namespace, name) if self._knows_them() else None
        if wanted is None or not is_running(self._cluster, CONTROLLER):
            return
        try:
            self._make(wanted)
        except ApiError as error:
            self._cluster.engine.record(CONTROLLER, "refused", f"{namespace}/{name}", error.message)

    def _make(self, wanted: Obj) -> None:
        """The Secret, and the word that it is there; each unless that has been done."""
        secret = secret_of(wanted)
        if not secret["data"]:
            return
        if self._cluster.find("secrets", secret["metadata"]["namespace"], secret["metadata"]["name"]) is None:
            self._cluster.create(secret, manager=CONTROLLER)
        if not (wanted.get("status") or {}).get("conditions"):
            self._cluster.update({**wanted, "status": self._synced(wanted)}, subresource="status", manager=CONTROLLER)

    def _synced(self, wanted: Obj) -> Obj:
        now = self._cluster.now
        told = with_condition((), "Ready", "True", now, reason="SecretSynced", message="secret synced")
        return {**(wanted.get("status") or {}), "conditions": told}


def secret_of(wanted: Obj) -> Obj:
    """The Secret that an ExternalSecret asks for, each value naming its place at the provider."""
    metadata, target = wanted["metadata"], wanted["spec"].get("target") or {}
    owner = {key: wanted[key] for key in ("apiVersion", "kind")} | {key: metadata[key] for key in ("name", "uid")}
    owners = [{**owner, "controller": True, "blockOwnerDeletion": True}]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": (target.get("template") or {}).get("type", "Opaque"),
        "metadata": {
            "name": target.get("name") or metadata["name"],
            "namespace": metadata["namespace"],
            "ownerReferences": owners if target.get("creationPolicy", "Owner") == "Owner" else [],
        },
        "data": {each["secretKey"]: _placeholder(each["remoteRef"]) for each in wanted["spec"].get("data") or ()},
    }


def _placeholder(remote: dict[str, Any]) -> str:
    place = ":".join(part for part in (remote["key"], remote.get("property", "")) if part)
    return base64.b64encode(f"placeholder for {place}".encode()).decode()
