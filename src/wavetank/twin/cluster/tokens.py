"""Service-account tokens: signed JWTs as the TokenRequest API issues them, and their verification.

Owned by the cluster; the key lives as long as the cluster does. Upstream ``pkg/serviceaccount``.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from wavetank.kube.errors import ApiError, Cause, conflict, invalid
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj, Resource
from wavetank.twin.engine import Engine

from .calls import User

ISSUER = "https://kubernetes.default.svc"
DEFAULT_SECONDS, LEAST_SECONDS, MOST_SECONDS = 3600, 600, 1 << 32
CREDENTIAL = "authentication.kubernetes.io/credential-id"


class InvalidTokenError(Exception):
    """Not a token of this cluster, or not any more."""


class TokenIssuer:
    """Signs with ES256. Names of what a token is bound to are checked by ``Cluster``, which knows the objects."""

    def __init__(self, engine: Engine, issuer: str = ISSUER) -> None:
        #: Of whom the tokens say that they are; an EKS cluster has an issuer of its own.
        self.issuer = issuer
        #: For whom tokens are that name no audience: the API itself.
        self.audience = ISSUER
        self._engine = engine
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def key_pem(self) -> bytes:
        """The private key: for snapshots, which are secret."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def adopt_key(self, pem: bytes) -> None:
        """Sign with a key that was made earlier, so that its tokens stay good. ValueError when it is none of ours."""
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a private key of an elliptic curve")
        self._key = key

    def issue(self, account: Obj, audiences: list[str], seconds: int, bound: dict[str, Obj]) -> str:
        """A token for ``account``; ``bound`` are the objects it ends with, by claim (``pod``, ``node``, ``secret``)."""
        metadata, now = account["metadata"], int(self._engine.utc.timestamp())
        claims: dict[str, Any] = {
            "aud": audiences,
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": str(UUID(int=self._engine.random("uid").getrandbits(128), version=4)),
            "kubernetes.io": {"namespace": metadata["namespace"]}
            | {claim: _name_and_uid(obj) for claim, obj in bound.items()}
            | {"serviceaccount": _name_and_uid(account)},
            "nbf": now,
            "sub": f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}",
        }
        head = {"alg": "ES256", "kid": "wavetank"}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def claims(self, token: str) -> Obj:
        """The claims of a token that this cluster signed and that has not expired; InvalidTokenError otherwise."""
        try:
            head, body, signature = token.split(".")
            raw = _decoded(signature)
            der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            self._key.public_key().verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
            claims: Obj = json.loads(_decoded(body))
        except (ValueError, InvalidSignature) as error:
            raise InvalidTokenError("not a token of this cluster") from error
        if claims["exp"] < self._engine.utc.timestamp():
            raise InvalidTokenError("the token has expired")
        return claims


def _name_and_uid(obj: Obj) -> Obj:
    return {"name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def user_of(claims: Obj, uid: str) -> User:
    """Who a verified token speaks for."""
    bound = claims["kubernetes.io"]
    namespace, name = bound["namespace"], bound["serviceaccount"]["name"]
    extra: list[tuple[str, tuple[str, ...]]] = [(CREDENTIAL, (f"JTI={claims['jti']}",))]
    for kind in ("node", "pod"):
        if kind in bound:
            extra += [(f"authentication.kubernetes.io/{kind}-{k}", (bound[kind][k],)) for k in ("name", "uid")]
    return User(
        f"system:serviceaccount:{namespace}:{name}",
        ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"),
        uid,
        tuple(extra),
    )


def seconds_asked(spec: Obj) -> int:
    """The lifetime a TokenRequest asks for; ApiError 422 when it is out of bounds."""
    said = spec.get("expirationSeconds")
    seconds = DEFAULT_SECONDS if said is None else int(said)
    why = ""
    if seconds < LEAST_SECONDS:
        why = "may not specify a duration less than 10 minutes"
    elif seconds > MOST_SECONDS:
        why = "may not specify a duration larger than 2^32 seconds"
    if why:
        cause = Cause("FieldValueInvalid", f"Invalid value: {seconds}: {why}", "spec.expirationSeconds")
        raise invalid("authentication.k8s.io", "TokenRequest", "", [cause])
    return seconds


def check_bound_uid(resource: Resource, name: str, wanted: str, actual: str) -> None:
    if wanted and wanted != actual:
        raise conflict(
            resource, name, f"the UID in the bound object reference ({wanted}) does not match the UID in record"
        )


def answer(request: Obj, token: str, seconds: int, audiences: list[str], until: datetime) -> Obj:
    """The TokenRequest as it is answered."""
    spec = {**(request.get("spec") or {}), "audiences": audiences, "expirationSeconds": seconds}
    spec.setdefault("boundObjectRef", None)
    return {
        **request,
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": spec,
        "status": {"token": token, "expirationTimestamp": rfc3339(until)},
    }


__all__ = ["ApiError", "InvalidTokenError", "TokenIssuer", "answer", "check_bound_uid", "seconds_asked", "user_of"]
