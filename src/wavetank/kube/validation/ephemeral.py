"""Rules of ephemeral containers: what they may have, and that those which are there stay as they are.

Upstream ``ValidatePodEphemeralContainersUpdate`` and ``validateEphemeralContainers`` of core.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_found, required
from .names import dns_label

_ALLOWED = frozenset(
    {"name", "image", "command", "args", "workingDir", "envFrom", "env", "volumeMounts", "volumeDevices"}
    | {"terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext"}
    | {"stdin", "stdinOnce", "tty", "targetContainerName"}
)
_NOT_ALLOWED = "cannot be set for an Ephemeral Container"


def ephemeral_containers_update(new: Obj, old: Obj) -> list[Cause]:
    """Why a write of ``pods/ephemeralcontainers`` is refused; an empty list when it is not."""
    return [*_listed(new["spec"]), *_kept(new["spec"], old["spec"])]


def _listed(spec: Obj) -> Iterator[Cause]:
    others = {c["name"] for kind in ("containers", "initContainers") for c in spec.get(kind) or ()}
    volumes = {v["name"] for v in spec.get("volumes") or ()}
    names = set(others)
    for index, container in enumerate(spec.get("ephemeralContainers") or ()):
        path = f"spec.ephemeralContainers[{index}]"
        yield from _identity(container, path, names)
        target = container.get("targetContainerName")
        if target and target not in others:
            yield not_found(f"{path}.targetContainerName", target)
        for field, value in container.items():
            if field not in _ALLOWED and value not in (None, "", [], {}, 0, False):
                yield forbidden(f"{path}.{field}", _NOT_ALLOWED)
        yield from _mounts(container, path, volumes)


def _identity(container: Obj, path: str, names: set[str]) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield required(f"{path}.name")
    else:
        for problem in dns_label(name):
            yield invalid(f"{path}.name", name, problem)
    if name in names:
        yield duplicate(f"{path}.name", name)
    names.add(name)
    if not container.get("image"):
        yield required(f"{path}.image")


def _mounts(container: Obj, path: str, volumes: set[str]) -> Iterator[Cause]:
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            yield not_found(f"{path}.volumeMounts[{index}].name", mount.get("name", ""))
        for field in ("subPath", "subPathExpr"):
            if mount.get(field):
                yield forbidden(f"{path}.volumeMounts[{index}].{field}", _NOT_ALLOWED)


def _kept(spec: Obj, before: Obj) -> Iterator[Cause]:
    known = {c.get("name"): c for c in spec.get("ephemeralContainers") or ()}
    for container in before.get("ephemeralContainers") or ():
        now = known.get(container["name"])
        if now is None:
            text = f'existing ephemeral containers "{container["name"]}" may not be removed\n'
            yield forbidden("spec.ephemeralContainers", text)
        elif now != container:
            text = f'existing ephemeral containers "{container["name"]}" may not be changed\n'
            yield forbidden("spec.ephemeralContainers", text)
