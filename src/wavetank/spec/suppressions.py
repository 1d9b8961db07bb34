"""Findings that the author of a platform has decided to live with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wavetank.spec.words import Written


class Suppression(Written):
    """A finding of `wavetank check` that is known and accepted."""

    check: Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{3}$")]
    """Id of the check, such as CAP004."""
    at: str | None = None
    """Only for the value at this path or inside it, as `--format json` names it: workloads[api].replicas. Default: everywhere."""
    reason: Annotated[str, Field(min_length=1)]
    """Why it is accepted; shown with --show-suppressed."""
