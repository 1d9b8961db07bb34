"""``$(NAME)`` references in environment values, commands and arguments (third_party/forked/golang/expansion)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(\$|\(([^()]*)\))")


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with references replaced; ``$$`` is a dollar sign, an unknown reference stays as it is."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return variables.get(match[2], match[0])

    return _REFERENCE.sub(value, text)
