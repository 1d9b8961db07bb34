"""A command of this computer that stands for an image, and how its placeholders are filled for one pod.

Given to the twin beside the cluster's objects; nothing of it appears in them. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_PLACEHOLDER = re.compile(r"\{(HOST|PORT|POD_ROOT|POD_NAME|NAMESPACE|VOLUME:([a-z0-9-]+))\}")


#: Elements of a command that stand for what the container itself says.
OWN_ARGUMENTS, OWN_COMMAND = "{ARGS}", "{COMMAND}"


class UnknownVolumeError(Exception):
    """A placeholder names a volume that the pod does not have."""


@dataclass(frozen=True)
class LocalCommand:
    """``argv`` and the values of ``environment`` may contain {HOST} {PORT} {POD_ROOT} {POD_NAME} {NAMESPACE} {VOLUME:name}.

    An element of ``argv`` that is exactly {ARGS} becomes the container's own arguments, and {COMMAND} its own command.
    ``folder`` None: the process works in the pod's root. ``environment`` wins over the container's.
    """

    argv: tuple[str, ...]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filling:
    """What the placeholders stand for in one pod."""

    host: str
    port: int
    pod_root: Path
    pod_name: str
    namespace: str
    volumes: Mapping[str, Path]

    def filled(self, text: str) -> str:
        """Raises UnknownVolumeError."""
        return _PLACEHOLDER.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        if match[2]:
            if match[2] not in self.volumes:
                raise UnknownVolumeError(
                    f'the local command refers to volume "{match[2]}", which the pod does not have'
                )
            return str(self.volumes[match[2]])
        plain = {"HOST": self.host, "PORT": str(self.port), "POD_ROOT": str(self.pod_root)}
        return (plain | {"POD_NAME": self.pod_name, "NAMESPACE": self.namespace})[match[1]]


def filled_argv(
    command: LocalCommand, filling: Filling, arguments: tuple[str, ...], own_command: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The words to execute; ``own_command`` and ``arguments`` are the container's."""
    own = {OWN_ARGUMENTS: arguments, OWN_COMMAND: own_command}
    result: list[str] = []
    for element in command.argv:
        result.extend(own[element] if element in own else (filling.filled(element),))
    return tuple(result)


def located(words: Sequence[str], mounts: Mapping[str, Path]) -> tuple[str, ...]:
    """The container's own words, with those that name a place in a mounted volume turned into where it is on this computer.

    ``mounts`` are folders by the path in the container. Only a word that is a path as a whole is turned; paths within
    scripts are not seen.
    """
    return tuple(_located(word, mounts) for word in words)


def _located(word: str, mounts: Mapping[str, Path]) -> str:
    path = PurePosixPath(word)
    for mount in sorted(mounts, key=len, reverse=True):
        if path.is_absolute() and path.is_relative_to(mount):
            return str(mounts[mount] / path.relative_to(mount))
    return word


def command_for(image: str, commands: Mapping[str, LocalCommand]) -> LocalCommand | None:
    """The command of an image's repository: tag and digest do not matter."""
    repository = image.partition("@")[0]
    if repository in commands:
        return commands[repository]
    head, slash, tail = repository.rpartition("/")
    return commands.get(f"{head}{slash}{tail.partition(':')[0]}")
