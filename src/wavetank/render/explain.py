"""Why is this line there? Answered from the build folder alone: ``trace.json`` and the rendered files beside it.

Called by the verb ``explain``. Never needs the plan or the spec; what it cannot answer it says, with a remedy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.base.errors import InputError, Problem
from wavetank.plan.reasons import Reason, Stated, sentence, stated_place
from wavetank.render.bundle import TRACE_FILE, TRACE_FORMAT, digest
from wavetank.render.origins import reason_of_json

#: letters of a value that text shows; JSON has all
LONGEST_VALUE = 240


@dataclass(frozen=True)
class Step:
    """One value on the way from the line back to the spec."""

    path: str
    value: Any
    #: where the reason was recorded: the path itself or a value around it
    reason_path: str
    reason: Reason


@dataclass(frozen=True)
class Explanation:
    """A rendered line and the values behind it: the first step is the line's own, the others are what it derives from."""

    file: str
    line: int
    text: str
    steps: tuple[Step, ...]
    #: the line of the spec it goes back to; None when defaults alone made it
    place: Stated | None

    @property
    def path(self) -> str:
        return self.steps[0].path

    @property
    def value(self) -> Any:
        return self.steps[0].value

    @property
    def reason(self) -> Reason:
        return self.steps[0].reason

    def __str__(self) -> str:
        shown = [f"{self.file}:{self.line}: {self.text.strip()}"]
        for depth, step in enumerate(self.steps):
            shown.append(f"  {'  ' * min(depth, 1)}{step.path} = {_shown(step.value)}")
            shown.append(f"    {'  ' * min(depth, 1)}{sentence(step.reason)}")
        if self.place:
            shown.append(f"  spec: {self.place.file}:{self.place.line}:{self.place.column}")
        return "\n".join(shown)

    def to_json(self) -> dict[str, Any]:
        place = self.place
        return {
            "file": self.file,
            "line": self.line,
            "text": self.text,
            "steps": [{"path": step.path, "value": step.value, "reason": sentence(step.reason)} for step in self.steps],
            "spec": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        }


def _shown(value: Any) -> str:
    """A value as a reader wants it: what is not set left out, and cut where it fills more than two lines."""
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if each is not None}
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… (all of it: --format json)"


def explain(file: Path, line: int) -> Explanation:
    """Why line ``line`` (from 1) of a rendered file is as it is. Raises InputError when that cannot be said."""
    if not file.is_file():
        raise _refusal(file, 0, "no such file", "name a file of a build folder: build/terraform/cluster.tf:12")
    folder, trace = _trace_above(file)
    name = file.resolve().relative_to(folder).as_posix()
    entry = trace["files"].get(name)
    if entry is None:
        raise _refusal(file, 0, f"was not rendered: {folder / TRACE_FILE} does not list it", "it is a file of your own")
    text = _line_text(file, line, entry["sha256"])
    path = next((found for first, last, found in entry["lines"] if first <= line <= last), "")
    if not path:
        raise _refusal(file, line, "this line separates others and holds no value", "name a line with text")
    return _explanation(file, line, text, path, trace["values"])


def _explanation(file: Path, line: int, text: str, path: str, values: Mapping[str, Any]) -> Explanation:
    steps: dict[str, Step] = {}
    waiting = [path]
    while waiting:
        at = waiting.pop(0)
        if at in steps or at not in values:
            continue
        steps[at] = Step(at, values[at]["value"], values[at]["reasonPath"], reason_of_json(values[at]["reason"]))
        waiting.extend(values[at]["reason"].get("from", ()))
    reasons = {step.reason_path: step.reason for step in steps.values()}
    return Explanation(str(file), line, text, tuple(steps.values()), stated_place(reasons, path))


def _line_text(file: Path, line: int, sha: str) -> str:
    content = file.read_bytes()
    if digest(content) != sha:
        raise _refusal(
            file, 0, "was edited after it was rendered, so its lines are not those of the trace", "render again"
        )
    lines = content.decode().splitlines()
    if not 1 <= line <= len(lines):
        raise _refusal(file, 0, f"has no line {line}; it has {len(lines)} lines", f"name a line from 1 to {len(lines)}")
    return lines[line - 1]


def _trace_above(file: Path) -> tuple[Path, dict[str, Any]]:
    for folder in file.resolve().parents:
        if (folder / TRACE_FILE).is_file():
            return folder, _read_trace(folder / TRACE_FILE)
    raise _refusal(
        file, 0, f"has no {TRACE_FILE} in a folder above it", "explain works on files written by `wavetank render`"
    )


def _read_trace(file: Path) -> dict[str, Any]:
    try:
        trace = json.loads(file.read_text())
        readable = trace["format"] == TRACE_FORMAT and "files" in trace and "values" in trace
    except (OSError, ValueError, KeyError, TypeError):
        readable = False
    if not readable:
        raise _refusal(file, 0, "is not a trace that this version of wavetank can read", "render again")
    assert isinstance(trace, dict), "a trace with a format is an object"
    return trace


def _refusal(file: Path, line: int, message: str, remedy: str) -> InputError:
    return InputError([Problem(str(file), line, 1 if line else 0, message, remedy)])
