"""Contradictions of the GitOps section. Rules as in ``references``, which lists them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, names, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node


def waves_name_what_is_installed(root: Node) -> Iterator[Problem]:
    """A wave is of a helm release, or of the platform itself."""
    waves = at(root, "gitops", "waves")
    if not isinstance(waves, Mapped):
        return
    known = (*names(root, "helmReleases"), word(at(root, "name")) or "")
    for name, entry in waves.entries.items():
        if name not in known:
            yield entry.value.place.problem(
                f'there is no helm release "{name}" to give a wave', suggestion(name, known)
            )


RULES = (waves_name_what_is_installed,)
