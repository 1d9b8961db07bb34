"""Runs a twin again, from its settings through all its inputs to where it was, and looks whether it is the same.

At full speed: virtual time only waits for the computer. The twin is made by the caller, who knows how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from wavetank.base.errors import OperationFailed
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine

from .arguments import decoded
from .digests import digests_of
from .recorder import History, Input
from .snapshot import Snapshot

#: Objects that an error names.
_MOST_SHOWN = 3


class ReplayFailedError(OperationFailed):
    """The replay came to another place than the run that it repeats."""


class Twin(Protocol):
    """What a replay needs of an assembly."""

    @property
    def engine(self) -> Engine: ...
    @property
    def cluster(self) -> Cluster: ...
    @property
    def history(self) -> History: ...


def replay(snapshot: Snapshot, twin: Twin) -> None:
    """Bring a twin that was just made from the snapshot's settings to where the snapshot was taken.

    ReplayFailedError when it cannot be, or is not the same there.
    """
    if snapshot.obstacles:
        raise ReplayFailedError("this snapshot has no history to replay: " + "; ".join(snapshot.obstacles))
    repeat(snapshot.inputs, twin)
    twin.engine.advance_to(snapshot.executed, snapshot.seconds)
    _compare(snapshot, twin)


def repeat(inputs: Iterable[Input], twin: Twin) -> None:
    """Run a twin through inputs, each where it belongs."""
    for item in inputs:
        twin.engine.advance_to(item.executed, item.seconds)
        _do(item, twin)


def _do(item: Input, twin: Twin) -> None:
    command = twin.history.commands.get(item.verb)
    try:
        if command is not None:
            twin.history.perform(item.verb, **item.arguments)
        else:
            _verb(twin.cluster, item.verb)(**decoded(item.arguments, twin.cluster))
    except ApiError:
        # It was refused then too; the journals, which hold refusals, are compared in the end.
        return


def _verb(cluster: Cluster, name: str) -> Callable[..., object]:
    verb = getattr(cluster, name.replace("-", "_"), None)
    if not callable(verb) or not hasattr(verb, "__wrapped__"):
        raise ReplayFailedError(f"the snapshot holds an input that this wavetank does not know: {name}")
    found: Callable[..., object] = verb
    return found


def _compare(snapshot: Snapshot, twin: Twin) -> None:
    wrong: list[str] = []
    if twin.engine.executed != snapshot.executed:
        wrong.append(f"{twin.engine.executed} actions instead of {snapshot.executed}")
    digests = digests_of(twin.cluster)
    wrong += [_other_objects(snapshot, twin.cluster)] if digests.store != snapshot.digests.store else []
    wrong += ["another journal"] if digests.journal != snapshot.digests.journal else []
    if wrong:
        raise ReplayFailedError(
            f"the replay of this snapshot ended with {', '.join(wrong)}, so it is not the twin that was saved; "
            "`wavetank twin import` can make a twin from the objects in the file"
        )


def _other_objects(snapshot: Snapshot, cluster: Cluster) -> str:
    saved = {_name_of(obj): obj for obj in snapshot.objects}
    found = {_name_of(obj): obj for key in cluster.store.resource_keys() for obj in cluster.store.all(key)}
    differing = sorted(name for name in saved.keys() | found.keys() if saved.get(name) != found.get(name))
    shown = ", ".join(" ".join(part for part in name if part) for name in differing[:_MOST_SHOWN])
    return f"other objects ({len(differing)}: {shown}{', ...' if len(differing) > _MOST_SHOWN else ''})"


def _name_of(obj: Obj) -> tuple[str, str, str]:
    return obj.get("kind", ""), obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
