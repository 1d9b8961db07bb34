"""Who asks for something and how: what comes with every request beside the object itself.

Made by the edge for each HTTP request, and by default for callers inside the process. Never holds state of the cluster.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FieldValidation = Literal["Ignore", "Warn", "Strict"]


@dataclass(frozen=True)
class User:
    """Who asks. ``system:masters`` may do everything."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


SYSTEM = User("system:apiserver", ("system:masters", "system:authenticated"))


@dataclass(frozen=True)
class Call:
    """One request to write. ``warnings`` collects what the caller should be told beside the answer (header 299).

    ``external`` requests come from outside the process: their bodies are checked against the schema and their field
    managers are recorded.
    """

    user: User = SYSTEM
    manager: str = "kube-controller-manager"
    dry_run: bool = False
    field_validation: FieldValidation = "Ignore"
    external: bool = False
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Say something once (upstream ``warning.AddWarning`` drops repeats)."""
        if text not in self.warnings:
            self.warnings.append(text)


class _OwnCall(Call):
    def warn(self, text: str) -> None:
        return


#: How the control plane itself writes, most of the time: one for all, since nobody reads its warnings.
OWN = _OwnCall()
