"""Who asks for a certificate is stated by the server, not by the request.

Upstream this is the strategy of the kind (``registry/certificates/certificates/strategy.go``, ``PrepareForCreate``).
"""

from __future__ import annotations

from typing import Any

from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

KEY = "certificatesigningrequests.certificates.k8s.io"


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates(KEY):
        return attempt.obj
    user = attempt.call.user
    stated: dict[str, Any] = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    stated["extra"] = {key: list(values) for key, values in user.extra}
    spec = {key: value for key, value in attempt.obj.get("spec", {}).items() if key not in stated}
    return {**attempt.obj, "spec": {**spec, **{key: value for key, value in stated.items() if value}}}


SIGNING_REQUESTS = Plugin("CertificateSigningRequestRequester", admit=_admit, kinds=(KEY,))
