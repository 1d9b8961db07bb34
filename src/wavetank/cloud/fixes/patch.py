"""Replacing a function of moto, or adding one that it lacks, for as long as the embedded AWS runs."""

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


@dataclass(frozen=True)
class Addition:
    """An operation that moto lacks: ``method`` becomes ``name`` of the class ``owner``, and is reached under ``route``.

    None as ``method`` adds an attribute that is not set.
    ``route`` is a path in moto's form (``{0}/backup/plans/...``) where the service is addressed by paths; else empty.
    """

    owner: str
    name: str
    method: Callable[..., Any] | None
    route: str = ""

    def target(self) -> Any:
        module, _, path = self.owner.partition(":")
        found = getattr(import_module(module), path, None)
        assert found is not None, f"moto no longer has {self.owner}, which {self.name} is added to"
        return found

    def urls(self) -> dict[str, Any]:
        """moto's routes of the service; they are read when the service gets its first request."""
        module = import_module(self.owner.partition(":")[0].rpartition(".")[0] + ".urls")
        found: dict[str, Any] = module.url_paths
        return found

    def check(self) -> None:
        """Once moto has the operation itself, the addition must go."""
        assert not hasattr(self.target(), self.name), f"moto's {self.owner} has {self.name} now: remove the addition"


def side_table(backend: Any, name: str) -> dict[str, Any]:
    """What a fix remembers of one account and region: it lives on moto's backend, and goes with it."""
    found: dict[str, Any] = vars(backend).setdefault(f"wavetank_{name}", {})
    return found


@contextmanager
def added(addition: Addition) -> Iterator[None]:
    addition.check()
    owner, urls = addition.target(), addition.urls() if addition.route else {}
    before = dict(urls)
    setattr(owner, addition.name, addition.method)
    if addition.route:
        # moto takes the first route that fits, and some of its own fit everything.
        others = dict(urls)
        urls.clear()
        urls.update({addition.route: owner.dispatch} | others)
    try:
        yield
    finally:
        delattr(owner, addition.name)
        if addition.route:
            urls.clear()
            urls.update(before)


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
