"""What names, keys and ports may look like: each function says why a text is not one, in upstream's words.

Upstream: apimachinery ``util/validation`` and ``api/validate/content``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from ..errors import Cause
from ..label_syntax import label_value_problems, qualified_name_problems
from .causes import invalid, required

__all__ = ["label_value_problems", "qualified_name_problems"]

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
MAX_LABEL_BYTES = 63
MAX_SUBDOMAIN_BYTES = 253
_PORT_NAME_CHARACTERS = 15

_LABEL_SHAPE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
_SUBDOMAIN_SHAPE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
_DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_DNS_1035_SHAPE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    f"and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{_DNS_1035}')"
)
_WILDCARD = rf"\*\.{SUBDOMAIN}"
_WILDCARD_SHAPE = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower "
    "case alphanumeric characters, '-' or '.' and end with an alphanumeric character "
    f"(e.g. '*.example.com', regex used for validation is '{_WILDCARD}')"
)
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_CONFIG_KEY_SHAPE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    f"(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY}')"
)
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_HTTP_PATH_SHAPE = f"Invalid path (e.g. 'foo', regex used for validation is '{_HTTP_PATH}')"
_ENV_NAME_SHAPE = "a valid environment variable name must consist only of printable ASCII characters other than '='"

#: Why a text is not a name of some kind; empty when it is one.
Names = Callable[[str], list[str]]


def _shaped(value: str, most_bytes: int, pattern: str, shape: str) -> list[str]:
    problems = [f"must be no more than {most_bytes} bytes"] if len(value.encode()) > most_bytes else []
    return problems if _compiled(pattern).fullmatch(value) else [*problems, shape]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """``re`` keeps patterns as well, but asks more questions each time."""
    return re.compile(pattern)


def dns_label(value: str) -> list[str]:
    return _shaped(value, MAX_LABEL_BYTES, LABEL, _LABEL_SHAPE)


def dns_subdomain(value: str) -> list[str]:
    return _shaped(value, MAX_SUBDOMAIN_BYTES, SUBDOMAIN, _SUBDOMAIN_SHAPE)


def dns_1035_label(value: str) -> list[str]:
    return _shaped(value, MAX_LABEL_BYTES, _DNS_1035, _DNS_1035_SHAPE)


def wildcard_subdomain(value: str) -> list[str]:
    return _shaped(value, MAX_SUBDOMAIN_BYTES, _WILDCARD, _WILDCARD_SHAPE)


def config_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret: it may become a file name."""
    problems = _shaped(value, MAX_SUBDOMAIN_BYTES, _CONFIG_KEY, _CONFIG_KEY_SHAPE)
    if value == ".":
        return [*problems, "must not be '.'"]
    if value == "..":
        return [*problems, "must not be '..'"]
    return [*problems, "must not start with '..'"] if value.startswith("..") else problems


def environment_name(value: str) -> list[str]:
    good = value and all(" " <= c <= "~" and c != "=" for c in value)
    return [] if good else [_ENV_NAME_SHAPE]


def path_segment(value: str) -> list[str]:
    """A name that has to fit one segment of a URL path: roles and bindings."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{c}'" for c in "/%" if c in value]


def domain_prefixed_path(value: str, path: str) -> Iterator[Cause]:
    """A name such as ``example.com/controller`` (``IsDomainPrefixedPath``)."""
    domain, _, rest = value.partition("/")
    if not value:
        yield required(path)
    elif not domain or not rest:
        yield invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        for problem in dns_subdomain(domain):
            yield invalid(path, domain, problem)
        if not _compiled(_HTTP_PATH).fullmatch(rest):
            yield invalid(path, rest, _HTTP_PATH_SHAPE)


def port_name(value: str) -> list[str]:
    problems = []
    if len(value) > _PORT_NAME_CHARACTERS:
        problems.append(f"must be no more than {_PORT_NAME_CHARACTERS} characters")
    if not re.fullmatch("[-a-z0-9]+", value):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number(value: object) -> list[str]:
    good = isinstance(value, int) and 1 <= value <= 65535
    return [] if good else ["must be between 1 and 65535, inclusive"]
