"""Approved certificate signing requests get their certificates.

Upstream: ``pkg/controller/certificates/signer/signer.go``. Who signs is a setting; without it requests stay approved and no more,
as where kube-controller-manager has no key of the authority.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from wavetank.kube.conditions import is_true
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

from .base import Controller, Key

KEY = "certificatesigningrequests.certificates.k8s.io"
_LIFETIME_SECONDS = 365 * 24 * 3600
_USUAL = ("digital signature", "key encipherment")
#: Signer -> the usage that its certificates are for.
_SIGNERS: Mapping[str, str] = {
    "kubernetes.io/kube-apiserver-client": "client auth",
    "kubernetes.io/kube-apiserver-client-kubelet": "client auth",
    "kubernetes.io/kubelet-serving": "server auth",
}


class CertificateSigningController(Controller):
    """Keys are ("", name of the request)."""

    name = "certificate-controller"

    def watch(self) -> None:
        if self.settings.sign is not None:
            self.on(KEY, self.itself)

    def reconcile(self, key: Key) -> None:
        found, sign = self.cluster.find(KEY, "", key[1]), self.settings.sign
        if found is None or sign is None or not _is_due(found):
            return
        spec = found["spec"]
        if _unfit(spec):
            self._store(found, conditions=[*found["status"]["conditions"], self._failure(_unfit(spec))])
            return
        seconds = min(spec.get("expirationSeconds", _LIFETIME_SECONDS), _LIFETIME_SECONDS)
        certificate = sign(base64.b64decode(spec["request"]), seconds, spec["usages"])
        self._store(found, certificate=base64.b64encode(certificate).decode())

    def _store(self, request: Obj, **status: Any) -> None:
        self.cluster.update({**request, "status": {**request["status"], **status}}, subresource="status")

    def _failure(self, why: str) -> Obj:
        now = rfc3339(self.cluster.now)
        failed = {"type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": why}
        return {**failed, "lastUpdateTime": now, "lastTransitionTime": now}


def _is_due(request: Obj) -> bool:
    status = request.get("status") or {}
    known = request["spec"].get("signerName") in _SIGNERS
    wanted = is_true(request, "Approved") and not is_true(request, "Denied") and not is_true(request, "Failed")
    return known and wanted and not status.get("certificate")


def _unfit(spec: Obj) -> str:
    usages: Sequence[str] = spec.get("usages") or ()
    needed = _SIGNERS[spec["signerName"]]
    kind = needed.removesuffix(" auth") if needed == "client auth" else "serving"
    fits = needed in usages and all(usage in (*_USUAL, needed) for usage in usages)
    return "" if fits else f"invalid usage for {kind} certificate: [{' '.join(usages)}]"
