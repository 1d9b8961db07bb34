"""Rules of a pod's fields that are a choice: security profiles, operating system, preemption (core ``ValidatePodSpec``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSTEMS = ("linux", "windows")
_PREEMPTION = ("Never", "PreemptLowerPriority")
_GROUP_CHANGES = ("Always", "OnRootMismatch")
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SEGMENT}[\./])*{_SEGMENT}"
_MOST_SYSCTL_CHARACTERS = 253
#: Kernel settings that a namespace of the host takes with it.
_HOST_SETTINGS = {"hostNetwork": ("net.",), "hostIPC": ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")}


def choices(spec: Obj, path: str) -> Iterator[Cause]:
    context = spec.get("securityContext") or {}
    yield from _sysctls(context.get("sysctls") or [], spec, f"{path}.securityContext.sysctls")
    change = context.get("fsGroupChangePolicy")
    if change is not None and change not in _GROUP_CHANGES:
        yield not_supported(f"{path}.securityContext.fsGroupChangePolicy", change, _GROUP_CHANGES)
    yield from profiles(context, f"{path}.securityContext")
    yield from _system(spec.get("os"), f"{path}.os")
    policy = spec.get("preemptionPolicy")
    if policy is not None and policy not in _PREEMPTION:
        yield not_supported(f"{path}.preemptionPolicy", policy, _PREEMPTION)


def profiles(context: Obj, path: str) -> Iterator[Cause]:
    """The seccomp and AppArmor profiles of a pod or of a container."""
    for key, name in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        profile, below = context.get(key), f"{path}.{key}"
        if profile is None:
            continue
        kind, local = profile.get("type", ""), profile.get("localhostProfile")
        if kind not in _PROFILES:
            yield _wrong_profile(kind, key, f"{below}.type")
        elif kind == "Localhost" and not local:
            yield required(f"{below}.localhostProfile", f"must be set when {name} type is Localhost")
        elif kind != "Localhost" and local is not None:
            # Of a seccomp profile upstream prints the whole.
            value = {"Type": kind, "LocalhostProfile": local} if name == "seccomp" else local
            yield invalid(f"{below}.localhostProfile", value, f"can only be set when {name} type is Localhost")


def _wrong_profile(kind: str, key: str, path: str) -> Cause:
    return not_supported(path, kind, _PROFILES) if kind else required(path, f"type is required when {key} is set")


def _system(system: Obj | None, path: str) -> Iterator[Cause]:
    if system is None:
        return
    name = system.get("name", "")
    if not name:
        yield required(f"{path}.name", "cannot be empty")
    elif name not in _SYSTEMS:
        yield not_supported(f"{path}.name", name, _SYSTEMS)


def _sysctls(sysctls: list[Obj], spec: Obj, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name, below = sysctl.get("name", ""), f"{path}[{index}].name"
        if not name:
            yield required(below)
        elif len(name) > _MOST_SYSCTL_CHARACTERS or not re.fullmatch(_SYSCTL, name):
            why = f"must have at most {_MOST_SYSCTL_CHARACTERS} characters and match regex ^{_SYSCTL}$"
            yield invalid(below, name, why)
        elif name in seen:
            yield duplicate(below, name)
        seen.add(name)
        yield from _host_setting(name, spec, below)


def _host_setting(name: str, spec: Obj, path: str) -> Iterator[Cause]:
    for key, prefixes in _HOST_SETTINGS.items():
        if spec.get(key) and name.replace("/", ".").startswith(prefixes):
            yield invalid(path, name, f"may not be specified when '{key}' is true")


def no_fields_of_windows(spec: Obj, path: str) -> Iterator[Cause]:
    """A pod that says it is for Linux says nothing of Windows."""
    if (spec.get("os") or {}).get("name") == "linux" and (spec.get("securityContext") or {}).get("windowsOptions"):
        yield forbidden(f"{path}.securityContext.windowsOptions", "windows options cannot be set for a linux pod")
