"""Findings that somebody has accepted: suppressions in a spec, annotations on objects, a baseline file.

Called by ``run`` and the command line. Nothing is hidden without being counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .case import Case
from .manifests import IGNORE
from .model import Finding, Mistake

_ENTRY = re.compile(r"([A-Z]{3}[0-9]{3})\s*:\s*([^;]+)")
BASELINE_FORMAT = 1


@dataclass(frozen=True)
class Accepted:
    """A finding that does not count, and why."""

    finding: Finding
    reason: str


class Acceptances:
    """What the input itself says about findings: looked up once for each."""

    def __init__(self, case: Case) -> None:
        self._stated = case.plan.suppressions if case.plan else ()
        self._noted = {
            manifest.title: dict(_entries(manifest.annotations[IGNORE]))
            for manifest in case.manifests
            if IGNORE in manifest.annotations
        }

    def reason(self, finding: Finding, mistake: Mistake) -> str | None:
        """Why the finding is accepted; None when it is not."""
        for suppression in self._stated:
            if suppression.check == finding.id and _is_inside(finding.path, suppression.at):
                return suppression.reason
        for title, entries in self._noted.items():
            concerned = title in mistake.about or finding.path == title or finding.path.startswith(f"{title} ")
            if concerned and finding.id in entries:
                return entries[finding.id]
        return None


def _entries(annotation: str) -> Iterable[tuple[str, str]]:
    """``CAP004: reason; AVL001: reason``: an id without a reason silences nothing."""
    return ((found[1], found[2].strip()) for found in _ENTRY.finditer(annotation) if found[2].strip())


def _is_inside(path: str, at: str | None) -> bool:
    return at is None or path == at or path.startswith((f"{at}.", f"{at}["))


# --- baseline ---------------------------------------------------------------------------------------------------------


def baseline_text(findings: Iterable[Finding]) -> str:
    """A baseline of these findings. Lines are not in it: it outlives edits that only move things."""
    entries = sorted({_identity(finding) for finding in findings})
    rows = [{"id": id_, "file": file, "at": path} for id_, file, path in entries]
    return json.dumps({"format": BASELINE_FORMAT, "findings": rows}, indent=2) + "\n"


def baseline_of(text: str) -> frozenset[tuple[str, str, str]]:
    """The findings that a baseline knows. Raises ValueError for what is none."""
    value = json.loads(text)
    if not isinstance(value, Mapping) or value.get("format") != BASELINE_FORMAT:
        raise ValueError(f"not a baseline of format {BASELINE_FORMAT}")
    try:
        return frozenset((str(e["id"]), str(e["file"]), str(e["at"])) for e in value["findings"])
    except (KeyError, TypeError) as error:
        raise ValueError("an entry lacks id, file or at") from error


def is_in_baseline(finding: Finding, baseline: frozenset[tuple[str, str, str]]) -> bool:
    return _identity(finding) in baseline


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.id, finding.file, finding.path
