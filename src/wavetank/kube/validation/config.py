"""Rules of ConfigMaps and Secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import forbidden, invalid, required, too_long
from .metadata import immutable, metadata, metadata_update
from .names import config_key

MAX_BYTES = 1024 * 1024
_FIXED = "field is immutable when `immutable` is set"
_ACCOUNT = "kubernetes.io/service-account.name"
#: Secret type -> the keys that its data must have.
_REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def config_map(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _config_data(obj)


def _config_data(obj: Obj) -> Iterator[Cause]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for name, keys, others in (("data", data, binary), ("binaryData", binary, {})):
        for key in sorted(keys):
            for problem in config_key(key):
                yield invalid(f"{name}[{key}]", key, problem)
            if key in others:
                yield invalid(f"{name}[{key}]", key, "duplicate of key present in binaryData")
    size = sum(len(text.encode()) for text in data.values()) + sum(_decoded_bytes(text) for text in binary.values())
    if size > MAX_BYTES:
        # Upstream gives an empty path here, which prints as brackets.
        yield too_long("[]", MAX_BYTES)


def _decoded_bytes(text: str) -> int:
    return len(text) // 4 * 3 - text[-2:].count("=")


def config_map_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _frozen(new, old, ("data", "binaryData"))
    yield from _config_data(new)


def _frozen(new: Obj, old: Obj, parts: tuple[str, ...]) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden("immutable", _FIXED)
    for part in parts:
        if (new.get(part) or {}) != (old.get(part) or {}):
            yield forbidden(part, _FIXED)


def secret(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _secret_data(obj)


def _secret_data(obj: Obj) -> Iterator[Cause]:
    data, kind = obj.get("data") or {}, obj.get("type", "")
    for key in sorted(data):
        for problem in config_key(key):
            yield invalid(f"data[{key}]", key, problem)
    if sum(_decoded_bytes(text) for text in data.values()) > MAX_BYTES:
        yield too_long("data", MAX_BYTES)
    account = ((obj.get("metadata") or {}).get("annotations") or {}).get(_ACCOUNT)
    if kind == "kubernetes.io/service-account-token" and not account:
        yield required(f"metadata.annotations[{_ACCOUNT}]")
    if kind == "kubernetes.io/basic-auth" and "username" not in data and "password" not in data:
        yield required("data[username]")
        yield required("data[password]")
    for key in _REQUIRED_KEYS.get(kind, ()):
        if key not in data:
            yield required(f"data[{key}]")
        elif kind.startswith("kubernetes.io/docker"):
            yield from _docker_config(data[key], f"data[{key}]")


def _docker_config(text: str, path: str) -> Iterator[Cause]:
    try:
        json.loads(base64.b64decode(text))
    except ValueError:
        yield invalid(path, "<secret contents redacted>", "invalid character")


def secret_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new.get("type"), old.get("type"), "type")
    yield from _frozen(new, old, ("data",))
    yield from _secret_data(new)
