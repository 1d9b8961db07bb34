"""A place in the text of an HCL file: what comes next, what is expected, on which line. The parser moves it.

It knows blanks, comments, words and brackets, and nothing of what they mean.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

_COMMENT = r"#[^\n]*|//[^\n]*|/\*.*?\*/"
BLANK = re.compile(rf"(?:[ \t\r]+|{_COMMENT})*", re.DOTALL)
BLANK_LINES = re.compile(rf"(?:[ \t\r\n]+|{_COMMENT})*", re.DOTALL)
#: what a blank or a comment begins with; and the end of the text
_BLANK_STARTS = frozenset({" ", "\t", "\r", "\n", "#", "/", ""})
WORD = re.compile(r"[^\W\d][\w-]*")
MAX_DEPTH = 100


class SyntaxProblem(ValueError):
    """The text is not HCL; ``line`` is where reading stopped."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Cursor:
    """A text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        #: which blanks are skipped, innermost brackets last: inside brackets a line break is a blank
        self.blank = [BLANK]
        self.depth = 0
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def skip(self) -> None:
        """Blanks and comments; inside brackets, line breaks, too."""
        if self.text[self.at : self.at + 1] not in _BLANK_STARTS:
            return
        found = self.blank[-1].match(self.text, self.at)
        self.at = found.end() if found else self.at

    def skip_lines(self) -> None:
        """Blanks, comments and line breaks."""
        if self.text[self.at : self.at + 1] not in _BLANK_STARTS:
            return
        found = BLANK_LINES.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def peek(self, text: str) -> bool:
        """Whether this text comes next."""
        return self.text.startswith(text, self.at)

    def open(self, characters: int = 1) -> None:
        """Step over an opening bracket."""
        self.at += characters
        self.blank.append(BLANK_LINES)
        self.skip()

    def close(self, end: str) -> None:
        """Step over the closing bracket; a mistake of the file if there is none."""
        self.skip_lines()
        self.expect(end)
        self.blank.pop()

    def comma(self) -> None:
        """Step over a comma, if there is one."""
        self.skip_lines()
        if self.peek(","):
            self.at += 1
            self.skip_lines()

    def expect(self, text: str) -> None:
        """Step over this text; a mistake of the file if something else is there."""
        if not self.peek(text):
            raise self.problem(f"{text} is missing")
        self.at += len(text)

    def expect_word(self, word: str) -> None:
        """Step over this word."""
        if self.word() != word:
            raise self.problem(f"{word} is missing")

    def word(self) -> str:
        """The identifier that comes next."""
        found = WORD.match(self.text, self.at)
        if not found:
            raise self.problem(f"{json.dumps(self.text[self.at : self.at + 1])} is not expected here")
        self.at = found.end()
        return found[0]

    def descend(self) -> None:
        """One expression deeper: a file cannot exhaust the stack."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.problem("nested too deeply")

    def ascend(self) -> None:
        self.depth -= 1

    def line(self) -> int:
        """The line of the text that is being read, from 1."""
        return bisect_right(self._line_starts, self.at)

    def problem(self, message: str) -> SyntaxProblem:
        """A mistake of the file, here."""
        return SyntaxProblem(message, self.line())
