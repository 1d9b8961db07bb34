"""ServiceAccount: every pod runs as an account that exists, with a token volume unless it or the account declines.

Upstream ``plugin/pkg/admission/serviceaccount/admission.go``.
"""

from __future__ import annotations

from typing import Any

from wavetank.kube.errors import forbidden
from wavetank.kube.names import generated_name
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607
MIRROR = "kubernetes.io/config.mirror"
_NAMESPACE = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
#: What is in the volume; all pods share it.
_SOURCES: Obj = {
    "defaultMode": 420,
    "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": _NAMESPACE}]}},
    ],
}


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("pods") or MIRROR in (attempt.obj["metadata"].get("annotations") or {}):
        return attempt.obj
    spec = dict(attempt.obj["spec"])
    name = spec.get("serviceAccountName") or "default"
    spec |= {"serviceAccountName": name, "serviceAccount": name}
    account = attempt.world.find("serviceaccounts", attempt.namespace, name)
    if account is None:
        why = f'error looking up service account {attempt.namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(attempt.resource, attempt.name, why)
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = account["imagePullSecrets"]
    if _wants_token(spec, account):
        spec = _with_token(spec, attempt)
    return {**attempt.obj, "spec": spec}


def _wants_token(spec: Obj, account: Obj) -> bool:
    for said in (spec.get("automountServiceAccountToken"), account.get("automountServiceAccountToken")):
        if said is not None:
            return bool(said)
    return True


def _with_token(spec: dict[str, Any], attempt: Attempt) -> dict[str, Any]:
    volumes = list(spec.get("volumes") or ())
    name = next((v["name"] for v in volumes if v["name"].startswith("kube-api-access-")), "")
    mounting = [c for kind in ("initContainers", "containers") for c in spec.get(kind) or () if not _mounts_token(c)]
    if not mounting:
        return spec
    if not name:
        name = generated_name("kube-api-access-", attempt.randomness("names"))
        volumes.append({"name": name, "projected": _SOURCES})
    mount = {"name": name, "readOnly": True, "mountPath": TOKEN_MOUNT}
    changed = {**spec, "volumes": volumes}
    for kind in ("initContainers", "containers"):
        if spec.get(kind):
            changed[kind] = [c if _mounts_token(c) else _with_mount(c, mount) for c in spec[kind]]
    return changed


def _mounts_token(container: Obj) -> bool:
    return any(m.get("mountPath") == TOKEN_MOUNT for m in container.get("volumeMounts") or ())


def _with_mount(container: Obj, mount: Obj) -> Obj:
    return {**container, "volumeMounts": [*(container.get("volumeMounts") or ()), mount]}


SERVICE_ACCOUNT = Plugin("ServiceAccount", admit=_admit, kinds=("pods",))
