"""Replacing one function of moto for as long as the embedded AWS runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from wavetank.cloud.web_identity import WebIdentities


@dataclass(frozen=True)
class Context:
    """What replacements may use besides moto."""

    web_identities: WebIdentities


@dataclass(frozen=True)
class Patch:
    """``owner`` is ``module:Class``; ``replacement`` gets the original attribute and returns what stands in for it."""

    owner: str
    name: str
    why: str
    replacement: Callable[[Any, Context], Any]

    def target(self) -> Any:
        module, _, path = self.owner.partition(":")
        found = getattr(import_module(module), path, None)
        assert found is not None, f"moto no longer has {self.owner}, which is patched because {self.why}"
        return found

    def check(self) -> None:
        """moto's private names may change with any release (its version is pinned for that reason)."""
        owner = self.target()
        assert self.name in vars(owner), f"moto's {self.owner} no longer has {self.name}, patched because {self.why}"


@contextmanager
def patched(patch: Patch, context: Context) -> Iterator[None]:
    patch.check()
    owner = patch.target()
    original = vars(owner)[patch.name]
    setattr(owner, patch.name, patch.replacement(original, context))
    try:
        yield
    finally:
        setattr(owner, patch.name, original)
