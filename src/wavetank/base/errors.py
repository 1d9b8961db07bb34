"""What can be wrong, as far as a user sees it.

    WavetankError                 has an exit code; printed without a stack trace
      ├── InputError              the user's mistake: one or more located problems, exit 2
      ├── ToolMissing             a program that must be installed is not, exit 3
      └── OperationFailed         the world refused: a tool or a server said no, exit 1

A broken assumption of ours is an assertion and leaves with exit code 70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_BAD_INPUT = 2
EXIT_TOOL_MISSING = 3
EXIT_OUR_BUG = 70


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake of the user's, with its place and remedy. Lines and columns count from 1; 0 is "the whole file"."""

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f"\n    {self.remedy}" if self.remedy else "")


class WavetankError(Exception):
    """Base of the errors that are shown to a user as a message."""

    exit_code = EXIT_FINDINGS


class InputError(WavetankError):
    """The input is wrong; ``problems`` lists everything that is, in order of place."""

    exit_code = EXIT_BAD_INPUT

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "an InputError needs at least one problem"
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ToolMissing(WavetankError):
    """A program that is needed here is not on PATH."""

    exit_code = EXIT_TOOL_MISSING


class OperationFailed(WavetankError):
    """Something outside refused or broke; the message says what and what to do about it."""
