"""Regular expressions of Go (RE2) as Python reads them.

Schemas and expressions in CEL hold patterns in RE2's syntax. What differs: ``$`` and ``\\z`` match only at the very end, flags
in the middle hold for the rest of their group, classes have names (``[[:alpha:]]``, ``\\pL``).
Backtracking is Python's.
"""

from __future__ import annotations

import re
from functools import lru_cache

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
#: The Unicode classes that patterns use, as far as Python has them.
_UNICODE = {"L": r"[^\W\d_]", "Lu": "[A-ZÀ-ÖØ-Þ]", "Ll": "[a-zß-öø-ÿ]", "N": r"\d", "Nd": r"\d"}
_PART = re.compile(
    r"(?P<escape>\\(?:[pP](?:\{\^?\w+\}|\w)|x\{[0-9A-Fa-f]+\}|.))|(?P<flags>\(\?[imsU]+(?:-[imsU]+)?\))|(?P<named>\(\?<(?![=!]))|(?P<rest>.)",
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, or ``re.error``."""
    return re.compile(translated(pattern), re.ASCII)


def translated(pattern: str) -> str:
    """The pattern in Python's syntax."""
    made: list[str] = []
    #: For each open group, how many groups of flags are open inside it.
    open_flags, at = [0], 0
    while at < len(pattern):
        if pattern[at] == "[":
            text, at = _class(pattern, at)
            made.append(text)
            continue
        part = _PART.match(pattern, at)
        assert part is not None, "some part matches everything"
        at = part.end()
        text = part[0]
        if part["escape"]:
            made.append(_escape(text))
        elif part["flags"]:
            made.append(text.replace("U", "")[:-1] + ":")
            open_flags[-1] += 1
        elif part["named"]:
            made.append("(?P<")
            open_flags.append(0)
        else:
            made.append(_plain(text, open_flags))
    return "".join(made) + ")" * open_flags[0]


def _plain(sign: str, open_flags: list[int]) -> str:
    if sign == "$":
        return r"\Z"
    if sign == "(":
        open_flags.append(0)
    elif sign == ")" and len(open_flags) > 1:
        return ")" * (open_flags.pop() + 1)
    return sign


def _escape(text: str) -> str:
    if text[1] in "pP":
        name = text[2:].strip("{}")
        found = _UNICODE.get(name, r"\w")
        return f"(?u:{found})" if text[1] == "p" else f"(?u:(?!{found}).)"
    if text == r"\z":
        return r"\Z"
    return f"\\U{int(text[3:-1], 16):08x}" if text.startswith(r"\x{") else text


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The character class that begins at ``at``, and where it ends."""
    made, index = ["["], at + 1
    if pattern[index : index + 1] == "^":
        made.append("^")
        index += 1
    first = index
    while index < len(pattern):
        sign = pattern[index]
        named = re.match(r"\[:(\^?)(\w+):\]", pattern[index:])
        if named and named[2] in _POSIX:
            made.append(_POSIX[named[2]])
            index += named.end()
        elif sign == "]" and index > first:
            return "".join(made) + "]", index + 1
        elif sign == "\\":
            made.append(_in_class(pattern[index : index + 2]))
            index += 2
        else:
            # Python warns of what looks like set operations.
            made.append("\\" + sign if sign in "[&~|]" else sign)
            index += 1
    return pattern[at:], len(pattern)


def _in_class(text: str) -> str:
    return text if len(text) == 2 and (text[1] in "dDwWsSnrtfvabx\\" or not text[1].isalnum()) else "\\" + text
