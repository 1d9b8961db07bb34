"""What a world's engine tells whoever writes down what came from outside. Implemented by ``twin.history``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Inputs(Protocol):
    """Told before an input takes effect, and of every effect that no input accounts for."""

    def arrived(self, verb: str, arguments: Mapping[str, object]) -> None:
        """``verb`` is about to be done; ``arguments`` must not be kept, their owner may change them later."""
        ...

    def leaked(self, what: str) -> None:
        """Something changed the world from outside without being an input: such a history cannot be replayed."""
        ...
