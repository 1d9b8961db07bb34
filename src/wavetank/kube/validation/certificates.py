"""Rules of certificate signing requests (``pkg/apis/certificates/validation``)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, invalid, not_supported, required
from .metadata import immutable, metadata, metadata_update
from .names import dns_subdomain, path_segment

_USAGES = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"),
    *("decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"),
    *("ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)
_LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
_LEAST_SECONDS = 600
_PEM_TYPE = b"-----BEGIN CERTIFICATE REQUEST-----"


def signing_request(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, path_segment)
    spec = obj.get("spec") or {}
    if _PEM_TYPE not in base64.b64decode(spec.get("request") or ""):
        why = "PEM block type must be CERTIFICATE REQUEST"
        yield invalid("spec.request", spec.get("request"), why)
    yield from _usages(spec.get("usages") or [])
    yield from _signer(spec.get("signerName") or "")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _LEAST_SECONDS:
        why = f"may not specify a duration less than {_LEAST_SECONDS} seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", seconds, why)


def _usages(usages: list[str]) -> Iterator[Cause]:
    if not usages:
        yield required("spec.usages")
    for index, usage in enumerate(usages):
        if usage not in _USAGES:
            yield not_supported(f"spec.usages[{index}]", usage, _USAGES)
        if usage in usages[:index]:
            yield duplicate(f"spec.usages[{index}]", usage)


def _signer(name: str) -> Iterator[Cause]:
    path, (domain, _, rest) = "spec.signerName", name.partition("/")
    if name == _LEGACY_SIGNER:
        yield invalid(path, name, "the legacy signerName is not allowed via this API version")
    elif not name:
        yield required(path)
    elif not domain or not rest or "/" in rest:
        yield invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
    else:
        for part, problems in ((domain, dns_subdomain(domain)), (rest, dns_subdomain(rest))):
            for problem in problems:
                yield invalid(path, part, problem)
        if "." not in domain:
            yield invalid(path, domain, "should be a domain with at least two segments separated by dots")


def signing_request_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new.get("spec"), old.get("spec"), "spec")
