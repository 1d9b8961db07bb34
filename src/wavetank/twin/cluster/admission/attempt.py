"""What an admission plugin is told and what it may answer.

A plugin is one file with ``admit`` (may return a changed object), ``review`` (may only refuse) or both; it is named in the
tuple of ``admission/__init__``. Plugins read the cluster through ``World`` and never write objects, quota usage excepted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal, NamedTuple, Protocol

from wavetank.kube.types import Obj, Resource

from ..calls import Call, User
from ..store import Objects

Operation = Literal["CREATE", "UPDATE", "DELETE"]


class World(Protocol):
    """The part of the cluster that plugins use; ``version`` is its Kubernetes minor version (``1.36``)."""

    version: str

    @property
    def now(self) -> datetime: ...

    def find(self, key: str, namespace: str, name: str) -> Obj | None: ...

    def random(self, stream: str) -> Random: ...

    def list(self, key: str, namespace: str = "", where: Callable[[Obj], bool] | None = None) -> list[Obj]: ...

    def resource_of(self, obj: Obj) -> Resource: ...

    def set_status(self, obj: Obj, status: Obj) -> Obj: ...

    def may_on(self, user: User, verb: str, group: str, plural: str, namespace: str, name: str) -> bool: ...

    def rules_for(self, user: User, namespace: str) -> Objects: ...

    def rules_of_role(self, kind: str, namespace: str, name: str) -> Objects | None: ...


class Attempt(NamedTuple):
    """One write on its way in. ``obj`` is None for DELETE, ``old`` for CREATE.

    A tuple, because every plugin that changes an object makes another one.
    """

    operation: Operation
    resource: Resource
    namespace: str
    name: str
    obj: Obj
    old: Obj | None
    call: Call
    world: World
    subresource: str = ""

    @property
    def key(self) -> str:
        return f"{self.resource.key}/{self.subresource}" if self.subresource else self.resource.key

    def creates(self, key: str) -> bool:
        return self.operation == "CREATE" and self.resource.key == key and not self.subresource

    def randomness(self, stream: str) -> Random:
        return self.world.random(stream)

    def with_object(self, obj: Obj) -> Attempt:
        return Attempt(
            self.operation,
            self.resource,
            self.namespace,
            self.name,
            obj,
            self.old,
            self.call,
            self.world,
            self.subresource,
        )


Admit = Callable[[Attempt], Obj]
Review = Callable[[Attempt], None]


@dataclass(frozen=True)
class Plugin:
    """``admit`` runs before validation, ``review`` after it; upstream's mutating and validating phases.

    Both are asked about writes of ``kinds`` (keys of resources) only, subresources included; None: about all writes.
    """

    name: str
    admit: Admit | None = None
    review: Review | None = None
    kinds: Collection[str] | None = None
