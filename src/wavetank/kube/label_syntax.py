"""What a label key and a label value may look like, in the words of apimachinery's ``util/validation``.

Selectors and object validation call this; it judges strings and knows nothing of objects.
"""

from __future__ import annotations

import re

_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_NAME_RE, _VALUE_RE, _SUBDOMAIN_RE = (re.compile(rf"^{p}\Z") for p in (_NAME, f"({_NAME})?", _SUBDOMAIN))
_MUST = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)

_NAME_SHAPE = f"{_MUST} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
_VALUE_SHAPE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'({_NAME})?')"
)
_SUBDOMAIN_SHAPE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)


def qualified_name_problems(name: str) -> list[str]:
    """Why ``name`` is not a label key (``IsQualifiedName``); empty when it is one."""
    parts = name.split("/")
    if len(parts) > 2:
        shape = (
            f"a valid label key {_NAME_SHAPE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return [shape]
    prefix_problems = _prefix_problems(parts[0]) if len(parts) == 2 else []
    return prefix_problems + _name_part_problems(parts[-1])


def label_value_problems(value: str) -> list[str]:
    """Why ``value`` is not a label value (``IsValidLabelValue``); empty when it is one."""
    problems = ["must be no more than 63 bytes"] if len(value.encode()) > 63 else []
    return problems if _VALUE_RE.match(value) else [*problems, _VALUE_SHAPE]


def _prefix_problems(prefix: str) -> list[str]:
    if not prefix:
        return ["prefix part must be non-empty"]
    problems = ["prefix part must be no more than 253 bytes"] if len(prefix.encode()) > 253 else []
    return problems if _SUBDOMAIN_RE.match(prefix) else [*problems, f"prefix part {_SUBDOMAIN_SHAPE}"]


def _name_part_problems(name: str) -> list[str]:
    problems = [] if name else ["name part must be non-empty"]
    if len(name.encode()) > 63:
        problems.append("name part must be no more than 63 bytes")
    return problems if _NAME_RE.match(name) else [*problems, f"name part {_NAME_SHAPE}"]
