"""Certificates that somebody asks the cluster for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta

from controllers_kit import Bench
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from wavetank.kube.types import Obj
from wavetank.twin.apiserver.pki import Authority
from wavetank.twin.controllers import ControllerSettings
from wavetank.twin.controllers.certificates import KEY


def request_pem(user: str) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def asked(*usages: str, signer: str = "kubernetes.io/kube-apiserver-client") -> Obj:
    encoded = base64.b64encode(request_pem("jane")).decode()
    spec = {"request": encoded, "signerName": signer, "usages": list(usages), "expirationSeconds": 3600}
    approved = {"type": "Approved", "status": "True", "reason": "Tested"}
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "jane"},
        "spec": spec,
        "status": {"conditions": [approved]},
    }


def after(request: Obj) -> Obj:
    authority = Authority()

    def sign(pem: bytes, seconds: int, usages: Sequence[str]) -> bytes:
        return authority.sign(pem, timedelta(seconds=seconds), server="server auth" in usages)

    bench = Bench(ControllerSettings(sign=sign))
    bench.cluster.create(request)
    bench.settle()
    status: Obj = bench.cluster.get(KEY, "", "jane")["status"]
    return status


def test_an_approved_request_is_signed_for_who_it_names() -> None:
    pem = base64.b64decode(after(asked("client auth", "digital signature"))["certificate"])
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.subject.rfc4514_string() == "CN=jane"
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life == timedelta(hours=1, minutes=5)


def test_a_request_for_another_use_fails_and_that_of_another_signer_waits() -> None:
    wrong = after(asked("server auth"))
    assert wrong["conditions"][-1]["message"] == "invalid usage for client certificate: [server auth]"
    assert "certificate" not in after(asked("client auth", signer="example.com/mine"))
