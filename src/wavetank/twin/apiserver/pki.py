"""Certificates of one cluster: its own authority, the server's, and one for the administrator.

Made at start, kept in memory; only ``kubeconfig`` and the TLS context see the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_LIFETIME = timedelta(days=365)
_UID_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")


@dataclass(frozen=True)
class Credential:
    """A certificate and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes


class Authority:
    """Signs certificates. The wall clock is right here: TLS peers check against theirs, not against the twin's."""

    def __init__(self, name: str = "kubernetes", known: Credential | None = None) -> None:
        """``known``: go on as an authority that was made earlier."""
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        if known is not None:
            self._key, self.certificate_pem = key_of_pem(known.key_pem), known.certificate_pem
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate_pem = self._self_signed()

    @property
    def credential(self) -> Credential:
        """The authority itself, for whoever makes it again."""
        return Credential(self.certificate_pem, _pem(self._key))

    def _self_signed(self) -> bytes:
        builder = _builder(self._name, self._name, self._key.public_key())
        usage = _key_usage(signs_certificates=True)
        signed = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return signed.public_bytes(serialization.Encoding.PEM)

    def server(self, hosts: Sequence[str]) -> Credential:
        """A server's certificate for addresses and names."""
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
        return self._issue(subject, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(self, user: str, groups: Sequence[str] = (), uid: str = "") -> Credential:
        """A client's certificate: user, groups and uid as the API server reads them."""
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
        if uid:
            attributes.append(x509.NameAttribute(_UID_OID, uid))
        return self._issue(x509.Name(attributes), ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def sign(self, request_pem: bytes, lifetime: timedelta, *, server: bool) -> bytes:
        """What a request asks for: its subject, names and key, for so long."""
        request = x509.load_pem_x509_csr(request_pem)
        key = request.public_key()
        if not isinstance(key, PublicKey):
            raise ValueError("a key of a kind that Kubernetes does not sign")
        builder = _builder(request.subject, self._name, key, lifetime)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        for extension in request.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName):
                builder = builder.add_extension(extension.value, extension.critical)
        signed = self._with_usual_extensions(builder, usage).sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _with_usual_extensions(
        self, builder: x509.CertificateBuilder, usage: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer, critical=False)
        )

    def _issue(
        self, subject: x509.Name, usage: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None
    ) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._with_usual_extensions(_builder(subject, self._name, key.public_key()), usage)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return Credential(signed.public_bytes(serialization.Encoding.PEM), _pem(key))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, lifetime: timedelta = _LIFETIME
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def key_of_pem(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """ValueError when it is not a private key of an elliptic curve."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a private key of an elliptic curve")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
