"""The one door through which the outside changes a cluster: whatever calls a verb while no action runs is an input.

``Cluster`` puts ``entrance`` on each of its verbs. Controllers, scheduler and machines call them from actions of the engine
and pass straight through; the HTTPS edge, scripts and tests are written down and journalled, with what they were refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj, Resource
from wavetank.twin.engine import Engine

from .calls import SYSTEM, Call, User


class _HasEngine(Protocol):
    engine: Engine

    def resource_of(self, obj: Obj) -> Resource: ...


C = TypeVar("C", bound=_HasEngine)
P = ParamSpec("P")
R = TypeVar("R")


def entrance(method: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """``method``, announced to the engine when it is called from outside."""
    names = tuple(inspect.signature(method).parameters)[1:]

    @wraps(method)
    def enter(cluster: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        engine = cluster.engine
        if engine.inside:
            return method(cluster, *args, **kwargs)
        arguments: dict[str, object] = {**dict(zip(names, args, strict=False)), **kwargs}
        subject = _subject(cluster, arguments)

        def act() -> R:
            try:
                return method(cluster, *args, **kwargs)
            except ApiError as error:
                engine.record("apiserver", "refuse", subject, f"{error.code} {error.message}")
                raise

        verb = method.__name__.replace("_", "-")
        return engine.take_in(_actor(arguments), verb, subject, arguments, act, _detail(arguments))

    return enter


def _actor(arguments: Mapping[str, object]) -> str:
    call, user = arguments.get("call"), arguments.get("user")
    if isinstance(call, Call):
        return call.user.name
    return user.name if isinstance(user, User) else SYSTEM.name


def _detail(arguments: Mapping[str, object]) -> str:
    """With what program, to which part, and whether only for show."""
    call, part = arguments.get("call"), arguments.get("subresource")
    told = [str(part)] if part else []
    if isinstance(call, Call):
        told += [call.manager, *(["dry run"] if call.dry_run else [])]
    return ", ".join(told)


def _subject(cluster: _HasEngine, arguments: Mapping[str, object]) -> str:
    """What is asked for, as ``pods/NAMESPACE/NAME``; as far as it can be told before the request has been read."""
    obj, resource = arguments.get("obj", arguments.get("about")), arguments.get("resource")
    if isinstance(obj, dict):
        metadata = obj.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        name = metadata.get("name") or f"{metadata.get('generateName', '')}*"
        return subject_of(_key(cluster, resource, obj), metadata.get("namespace", ""), name)
    key = resource.key if isinstance(resource, Resource) else arguments.get("key", "pods")
    return subject_of(key, arguments.get("namespace"), arguments.get("name"))


def _key(cluster: _HasEngine, resource: object, obj: Obj) -> object:
    if isinstance(resource, Resource):
        return resource.key
    try:
        return cluster.resource_of(obj).key
    except (ApiError, AttributeError, TypeError):
        return obj.get("kind")


def subject_of(key: object, namespace: object, name: object) -> str:
    """How the journal names an object: ``pods/NAMESPACE/NAME``, ``nodes/NAME``."""
    return f"{key}/{namespace}/{name}" if namespace else f"{key}/{name}"
