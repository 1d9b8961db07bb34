"""Arguments of a cluster's verbs as JSON and back. Called for every input, so the common case is one pass of a fast encoder.

Bodies go in as they are; who asks and of what kind the object is become plain dictionaries under their argument's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from wavetank.kube.types import Resource
from wavetank.twin.cluster import Call, Cluster, User

#: orjson would write dataclasses and times in its own way.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def encoded(value: Mapping[str, object]) -> bytes:
    """JSON of an input; TypeError for what JSON cannot hold."""
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:
        # Numbers beyond 64 bits and lone surrogates: a client may send them, and json takes them.
        return json.dumps(value, default=_plain).encode()


def _plain(value: object) -> object:
    match value:
        case Call():
            told = {
                "user": _user(value.user),
                "manager": value.manager,
                "dryRun": value.dry_run,
                "validation": value.field_validation,
            }
            return {**told, "external": value.external}
        case User():
            return _user(value)
        case Resource():
            return {"group": value.group, "version": value.version, "plural": value.plural}
    raise TypeError(f"{type(value).__name__} is not JSON")


def _user(user: User) -> dict[str, object]:
    return asdict(user)


def decoded(arguments: Mapping[str, Any], cluster: Cluster) -> dict[str, Any]:
    """Arguments for the cluster's own methods. ApiError when the kind of an object is not served (any more)."""
    readers: dict[str, Callable[[Any], object]] = {
        "call": _call_of,
        "user": _user_of,
        "resource": lambda told: cluster.registry.at_path(told["group"], told["version"], told["plural"]),
    }
    return {
        name: readers[name](value) if name in readers and isinstance(value, dict) else value
        for name, value in arguments.items()
    }


def _call_of(told: Mapping[str, Any]) -> Call:
    return Call(_user_of(told["user"]), told["manager"], told["dryRun"], told["validation"], external=told["external"])


def _user_of(told: Mapping[str, Any]) -> User:
    extra = tuple((key, tuple(values)) for key, values in told["extra"])
    return User(told["name"], tuple(told["groups"]), told["uid"], extra)
