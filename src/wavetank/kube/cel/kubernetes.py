"""The libraries that Kubernetes adds to CEL: URLs, quantities, addresses, semantic versions, formats.

Upstream: ``apiserver/pkg/cel/library``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from .. import quantity
from ..quantity import InvalidQuantityError
from .functions import Table
from .values import NONE, EvaluationError, Optional, Quantity, Semver

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Url:
    parts: SplitResult
    cel_type = "kubernetes.URL"


@dataclass(frozen=True)
class Ip:
    address: _Address
    cel_type = "net.IP"


@dataclass(frozen=True)
class Cidr:
    address: _Address
    bits: int
    cel_type = "net.CIDR"

    @property
    def network(self) -> _Network:
        return ipaddress.ip_network(f"{self.address}/{self.bits}", strict=False)


@dataclass(frozen=True)
class NamedFormat:
    name: str
    problems: Callable[[str], list[str]]
    cel_type = "kubernetes.NamedFormat"


# URLs --------------------------------------------------------------------------------------------------------------


def _read_url(text: str) -> Url | None:
    """``url.ParseRequestURI``: absolute, or an absolute path."""
    if not text or any(c <= " " or c == "\x7f" for c in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    if not text.startswith("/") and not (parts.scheme and (parts.netloc or parts.path.startswith("/"))):
        return None
    return Url(parts)


def _url(text: str) -> Url:
    read = _read_url(text)
    if read is None:
        raise EvaluationError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return read


def _hostname(url: Url) -> str:
    return re.sub(r":\d*$", "", url.parts.netloc.rpartition("@")[2]).strip("[]")


# Quantities --------------------------------------------------------------------------------------------------------


def _is_quantity(text: str) -> bool:
    try:
        quantity.parse(text)
    except (InvalidQuantityError, ValueError):
        return False
    return True


def _quantity(text: str) -> Quantity:
    if not _is_quantity(text):
        raise EvaluationError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    return Quantity(text)


def _is_whole(value: Quantity) -> bool:
    parsed = quantity.parse(value.text)
    return parsed == parsed.to_integral_value() and abs(parsed) < 2**63


def _whole(value: Quantity) -> int:
    if not _is_whole(value):
        raise EvaluationError("cannot convert value to integer")
    return int(quantity.parse(value.text))


def _sign(value: Quantity) -> int:
    parsed = quantity.parse(value.text)
    return (parsed > 0) - (parsed < 0)


def _text_of(value: Quantity | int) -> str:
    return value.text if isinstance(value, Quantity) else str(value)


# Addresses ---------------------------------------------------------------------------------------------------------


def _read_ip(text: str) -> Ip | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or "%" in text)
    return None if mapped else Ip(address)


def _ip(text: str) -> Ip:
    read = _read_ip(text)
    if read is None:
        raise EvaluationError(
            f'IP Address "{text}" parse error during conversion from string: ParseAddr("{text}"): unable to parse IP'
        )
    return read


def _read_cidr(text: str) -> Cidr | None:
    host, slash, bits = text.partition("/")
    read = _read_ip(host)
    if not slash or read is None or not re.fullmatch("0|[1-9][0-9]*", bits) or int(bits) > read.address.max_prefixlen:
        return None
    return Cidr(read.address, int(bits))


def _cidr(text: str) -> Cidr:
    read = _read_cidr(text)
    if read is None:
        raise EvaluationError(
            f"network address parse error during conversion from string: netip.ParsePrefix(\"{text}\"): no '/'"
        )
    return read


def _is_global_unicast(ip: Ip) -> bool:
    a = ip.address
    return not (a.is_unspecified or a.is_loopback or a.is_multicast or a.is_link_local or str(a) == "255.255.255.255")


def _contains_ip(cidr: Cidr, ip: Ip | str) -> bool:
    return (_ip(ip) if isinstance(ip, str) else ip).address in cidr.network


def _contains_cidr(cidr: Cidr, other: Cidr | str) -> bool:
    inner = _cidr(other) if isinstance(other, str) else other
    same_family = inner.address.version == cidr.address.version
    return same_family and inner.bits >= cidr.bits and inner.address in cidr.network


def _is_canonical(text: str) -> bool:
    return str(_ip(text).address) == text


# Versions ----------------------------------------------------------------------------------------------------------


def _normalized(text: str) -> str:
    """``v1.02`` as ``1.2.0``."""
    plain = text.removeprefix("v")
    core = re.split("[-+]", plain)[0]
    numbers = core.split(".")
    numbers = [*numbers, "0", "0"][: max(3, len(numbers))]
    return ".".join(n.lstrip("0") or "0" if n.isdigit() else n for n in numbers) + plain[len(core) :]


def _semver(text: str, normalize: bool = False) -> Semver:
    read = Semver.read(_normalized(text) if normalize else text)
    if read is None:
        raise EvaluationError(
            "No Major.Minor.Patch elements found" if text.count(".") < 2 else f"invalid version {text}"
        )
    return read


def _is_semver(text: str, normalize: bool = False) -> bool:
    return Semver.read(_normalized(text) if normalize else text) is not None


def _ranked(a: Semver, b: Semver) -> int:
    return (a.rank > b.rank) - (a.rank < b.rank)


# Formats -----------------------------------------------------------------------------------------------------------


def _formats() -> dict[str, NamedFormat]:
    from ..validation import names

    def uri(text: str) -> list[str]:
        return [] if _read_url(text) else ["invalid URI"]

    def prefix(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
        return lambda text: check(text[:-1] + "a" if text.endswith("-") else text)

    def matching(pattern: str, why: str) -> Callable[[str], list[str]]:
        return lambda text: [] if re.fullmatch(pattern, text) else [why]

    checks: dict[str, Callable[[str], list[str]]] = {
        "dns1123Label": names.dns_label,
        "dns1123Subdomain": names.dns_subdomain,
        "dns1035Label": names.dns_1035_label,
        "qualifiedName": names.qualified_name_problems,
        "dns1123LabelPrefix": prefix(names.dns_label),
        "dns1123SubdomainPrefix": prefix(names.dns_subdomain),
        "dns1035LabelPrefix": prefix(names.dns_1035_label),
        "labelValue": names.label_value_problems,
        "uri": uri,
        "uuid": matching(
            "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "does not match the UUID format"
        ),
        "byte": matching("[A-Za-z0-9+/]*={0,2}", "invalid base64"),
        "date": matching(r"\d{4}-\d{2}-\d{2}", "invalid date"),
        "datetime": matching(r"\d{4}-\d{2}-\d{2}[Tt].*", "invalid datetime"),
    }
    return {name: NamedFormat(name, check) for name, check in checks.items()}


def _named(name: str) -> Optional:
    found = _formats().get(name)
    return Optional(True, found) if found else NONE


def _validate(form: NamedFormat, text: str) -> Optional:
    problems = form.problems(text)
    return Optional(True, problems) if problems else NONE


_FORMAT_NAMES = (
    "dns1123Label dns1123Subdomain dns1035Label qualifiedName dns1123LabelPrefix dns1123SubdomainPrefix dns1035LabelPrefix "
    "labelValue uri uuid byte date datetime"
)
_Q, _IP, _CIDR, _V, _F = "kubernetes.Quantity", "net.IP", "net.CIDR", "kubernetes.Semver", "kubernetes.NamedFormat"

TABLE: Table = {
    "isURL(string): bool": lambda text: _read_url(text) is not None,
    "url(string): kubernetes.URL": _url,
    "kubernetes.URL.getScheme(): string": lambda url: url.parts.scheme,
    "kubernetes.URL.getHost(): string": lambda url: url.parts.netloc.rpartition("@")[2],
    "kubernetes.URL.getHostname(): string": _hostname,
    "kubernetes.URL.getPort(): string": lambda url: "" if url.parts.port is None else str(url.parts.port),
    "kubernetes.URL.getEscapedPath(): string": lambda url: quote(url.parts.path, safe="/%:@!$&'()*+,;=~"),
    "kubernetes.URL.getQuery(): map(string, list(string))": lambda url: parse_qs(url.parts.query, True),
    "isQuantity(string): bool": _is_quantity,
    f"quantity(string): {_Q}": _quantity,
    f"{_Q}.sign(): int": _sign,
    f"{_Q}.isInteger(): bool": _is_whole,
    f"{_Q}.asInteger(): int": _whole,
    f"{_Q}.asApproximateFloat(): double": lambda q: float(quantity.parse(q.text)),
    f"{_Q}.isGreaterThan({_Q}): bool": lambda a, b: a.compared(b) > 0,
    f"{_Q}.isLessThan({_Q}): bool": lambda a, b: a.compared(b) < 0,
    f"{_Q}.compareTo({_Q}): int": Quantity.compared,
    **{f"{_Q}.add({kind}): {_Q}": lambda a, b: Quantity(quantity.add(a.text, _text_of(b))) for kind in (_Q, "int")},
    **{
        f"{_Q}.sub({kind}): {_Q}": lambda a, b: Quantity(quantity.subtract(a.text, _text_of(b))) for kind in (_Q, "int")
    },
    "isIP(string): bool": lambda text: _read_ip(text) is not None,
    f"ip(string): {_IP}": _ip,
    "ip.isCanonical(string): bool": _is_canonical,
    f"string({_IP}): string": lambda ip: str(ip.address),
    f"{_IP}.family(): int": lambda ip: ip.address.version,
    f"{_IP}.isUnspecified(): bool": lambda ip: ip.address.is_unspecified,
    f"{_IP}.isLoopback(): bool": lambda ip: ip.address.is_loopback,
    f"{_IP}.isLinkLocalMulticast(): bool": lambda ip: bool(re.match(r"224\.0\.0\.|ff02:", str(ip.address))),
    f"{_IP}.isLinkLocalUnicast(): bool": lambda ip: ip.address.is_link_local,
    f"{_IP}.isGlobalUnicast(): bool": _is_global_unicast,
    "isCIDR(string): bool": lambda text: _read_cidr(text) is not None,
    f"cidr(string): {_CIDR}": _cidr,
    f"string({_CIDR}): string": lambda cidr: f"{cidr.address}/{cidr.bits}",
    f"{_CIDR}.containsIP({_IP}): bool": _contains_ip,
    f"{_CIDR}.containsIP(string): bool": _contains_ip,
    f"{_CIDR}.containsCIDR({_CIDR}): bool": _contains_cidr,
    f"{_CIDR}.containsCIDR(string): bool": _contains_cidr,
    f"{_CIDR}.ip(): {_IP}": lambda cidr: Ip(cidr.address),
    f"{_CIDR}.masked(): {_CIDR}": lambda cidr: Cidr(cidr.network.network_address, cidr.bits),
    f"{_CIDR}.prefixLength(): int": lambda cidr: cidr.bits,
    "isSemver(string): bool": _is_semver,
    "isSemver(string, bool): bool": _is_semver,
    f"semver(string): {_V}": _semver,
    f"semver(string, bool): {_V}": _semver,
    f"{_V}.major(): int": lambda v: v.major,
    f"{_V}.minor(): int": lambda v: v.minor,
    f"{_V}.patch(): int": lambda v: v.patch,
    f"{_V}.isGreaterThan({_V}): bool": lambda a, b: _ranked(a, b) > 0,
    f"{_V}.isLessThan({_V}): bool": lambda a, b: _ranked(a, b) < 0,
    f"{_V}.compareTo({_V}): int": _ranked,
    **{f"format.{name}(): {_F}": (lambda name=name: _formats()[name]) for name in _FORMAT_NAMES.split()},
    f"format.named(string): optional_type({_F})": _named,
    f"{_F}.validate(string): optional_type(list(string))": _validate,
}
