"""Writes down every input of a twin with the place in its run at which it arrived.

One per twin, attached to its engine when the twin has been assembled. What cannot be repeated (bodies that are not JSON,
processes of this computer, changes past the verbs) is noted as a reason why this history cannot be replayed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from wavetank.kube.types import Obj
from wavetank.twin.engine import Engine

from .arguments import encoded

T = TypeVar("T")
#: What a history may take in memory: some hundred thousand inputs. A twin that lives for weeks must not end by it.
MOST_BYTES = 512 << 20
#: Reasons that are kept; more of them tell nobody more.
_MOST_REASONS = 10


@dataclass(frozen=True)
class Input:
    """``executed`` actions had run and the clock stood at ``seconds`` when ``verb`` was asked for."""

    executed: int
    seconds: float
    verb: str
    arguments: Mapping[str, Any]


class History:
    """The inputs of one twin. ``settings`` are what its assembly makes it from, as JSON.

    ``commands`` are inputs beside the cluster's verbs (installing software, switching off a machine) by their names; each takes
    its arguments by keyword.
    """

    def __init__(
        self, engine: Engine, settings: Obj, commands: Mapping[str, Callable[..., object]] | None = None
    ) -> None:
        assert engine.inputs is None, "an engine has one history"
        self.settings = settings
        self.commands = dict(commands or {})
        self._engine = engine
        self._inputs: list[bytes] = []
        self._bytes = 0
        self._obstacles: list[str] = []
        engine.inputs = self

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def lines(self) -> list[bytes]:
        """The inputs as they are written to files, one JSON object each."""
        return list(self._inputs)

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why this history cannot be replayed; empty when it can."""
        return tuple(self._obstacles)

    def perform(self, command: str, **arguments: object) -> object:
        """Do one of ``commands`` as an input: written down, and journalled as the outside's doing."""
        act = self.commands[command]
        subject = " ".join(str(value) for value in arguments.values())
        return self._engine.take_in("outside", command, subject, arguments, lambda: act(**arguments))

    def forgo(self, reason: str) -> None:
        """This twin depends on something that no history holds, such as real processes."""
        if reason not in self._obstacles and len(self._obstacles) < _MOST_REASONS:
            self._obstacles.append(reason)
        # Of no use any more, and there may be many to come.
        self._inputs.clear()

    # --- what the engine tells -----------------------------------------------------------------------------------

    def arrived(self, verb: str, arguments: Mapping[str, object]) -> None:
        if self._obstacles:
            return
        place = {"executed": self._engine.executed, "seconds": self._engine.now}
        try:
            line = encoded({**place, "verb": verb, "arguments": arguments})
        except (TypeError, ValueError) as error:
            self.forgo(f"{verb} at {self._engine.now:.3f} s had something that JSON cannot hold: {error}")
            return
        self._inputs.append(line)
        self._bytes += len(line)
        if self._bytes > MOST_BYTES:
            self.forgo(f"its {len(self._inputs)} inputs are more than {MOST_BYTES >> 20} MiB, too many to keep")

    def leaked(self, what: str) -> None:
        if self._obstacles:
            return  # Most likely a consequence: processes, for one, act when they like.
        self.forgo(f"at {self._engine.now:.3f} s something came past the verbs of the cluster: {what}")


def input_of(line: bytes) -> Input:
    """One line of a file; ValueError and KeyError when it is none."""
    told = json.loads(line)
    return Input(int(told["executed"]), float(told["seconds"]), str(told["verb"]), dict(told["arguments"]))
