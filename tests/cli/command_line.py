"""The command line as a user meets it: what a call prints on which stream, and its exit code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.cli.main import exit_code

EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"
#: The day on which tests judge: support periods and fees depend on it.
ON = ("--on", "2026-11-21")
WAVETANK = (sys.executable, "-m", "wavetank")


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def wavetank(*arguments: str | Path) -> Ended:
    """Call it in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = exit_code([str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


def wavetank_process(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call it as a program, with nothing in its environment but these variables and the search path."""
    words = [*WAVETANK, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=variables)


def example_with(folder: Path, changes: dict[str, str], name: str = "platform.yaml") -> Path:
    """The example platform in a folder, with some of its text replaced; each piece must occur."""
    text = EXAMPLE.read_text()
    for old, new in changes.items():
        assert old in text, f"the example no longer says {old!r}"
        text = text.replace(old, new)
    file = folder / name
    file.write_text(text)
    return file


def line_of(file: Path, words: str) -> int:
    """The number of the first line with these words."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if words in line)


#: What a common first draft of such a platform gets wrong, and the rule that says so.
FIRST_DRAFT = {
    "  nat: perZone": "  nat: single",  # NET002
    "      requests.memory: 6Gi": "      requests.memory: 4Gi",  # CAP008
    "      - from: publicSubnets\n        ports: [5000]\n": "",  # NET008
    "      cpu: 70\n": "      cpu: 70\n      memory: 80\n",  # AUT002
}
FIRST_DRAFT_RULES = {"NET002", "CAP008", "NET008", "AUT002"}

#: Five mistakes and the words of the line on which each stands.
FIVE_MISTAKES = {
    "region: ap-southeast-2 #": "region: ap-southeast-9 #",
    "instanceTypes: t3.medium #": "instanceTypes: t3.meduim #",
    "maxSize: 4\n": "maxSize: four\n",
    "disruptionBudget:": "disruptionBugdet:",
    "    scheme: internet-facing": "    scheme: internet-fcing",
}
