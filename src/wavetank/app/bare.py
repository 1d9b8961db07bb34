"""A bare cluster that runs: on a loop of its own, with a kubeconfig for those who use it. Called by ``wavetank twin`` and
``wavetank.testing``; the cluster itself is ``twin.bare``.
"""

from __future__ import annotations

import shlex
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from wavetank.app.loop import LoopThread
from wavetank.base.errors import InputError, Problem
from wavetank.kube.schema import Schemas
from wavetank.twin.apiserver.kubeconfig import is_of_a_twin, servers_of_twin
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.components.registry import COMPONENTS
from wavetank.twin.nodes.runtime.local_command import OWN_ARGUMENTS, OWN_COMMAND, LocalCommand

T = TypeVar("T")
START_SECONDS = 60.0
#: Minors that the twin speaks.
VERSIONS = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36")


class BareTwin:
    """``start`` and ``stop`` once each, or a ``with`` block. Methods are for any thread but the loop's own.

    ``make`` builds the cluster, on the thread that will own it: a fresh one, unless somebody has another to go on with.
    ``failure`` is what ended the cluster's time, a bug of ours; ``failed`` is set then.
    """

    def __init__(self, options: BareOptions, make: Callable[[BareOptions], BareWorld] = BareWorld) -> None:
        self.options = options
        self._make = make
        self.failure: BaseException | None = None
        self.failed = threading.Event()
        self._loop = LoopThread("wavetank-twin", self._fail)
        self._world: BareWorld | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """The API answers when this returns. OperationFailed when the port is busy."""
        self._loop.start()
        try:
            self._world = self._loop.run(self._opened(), START_SECONDS)
        except BaseException:
            self._loop.stop()
            self._remove_files()
            raise

    def stop(self) -> None:
        """End everything: watches, processes, the loop, and the files of pods."""
        world, self._world = self._world, None
        try:
            if world is not None:
                self._loop.run(world.close(), START_SECONDS)
        finally:
            self._loop.stop()
            self._remove_files()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def world(self) -> BareWorld:
        """The cluster; touch it only through ``call`` and ``run``."""
        assert self._world is not None, "a twin has a cluster between start and stop"
        return self._world

    @property
    def url(self) -> str:
        return self.world.api.url

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the thread that owns the cluster, at the present of its clock, and wait for the answer."""

        def at_present() -> T:
            self.world.pacer.catch_up()
            return work()

        return self._loop.call(at_present)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the cluster's loop and wait for the answer."""
        return self._loop.run(work)

    def write_kubeconfig(self, path: Path) -> None:
        """A kubeconfig of the administrator, readable for its owner only, in place at once or not at all."""
        world = self.world
        self._loop.call(lambda: world.write_kubeconfig(path))

    def journal(self) -> list[str]:
        """What happened, one line an entry."""
        return [str(entry) for entry in self.world.engine.journal]

    async def _opened(self) -> BareWorld:
        options = self.options
        if options.local_commands and options.state_folder is None:
            self._files = tempfile.TemporaryDirectory(prefix="wavetank-pods-", ignore_cleanup_errors=True)
            options = replace(options, state_folder=Path(self._files.name))
        world = self._make(options)
        await world.api.start()
        self._loop.spawn(world.pacer.run(), f"pace of {options.name}")
        return world

    def _remove_files(self) -> None:
        if self._files is not None:
            self._files.cleanup()

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.failed.set()


# What a command line says -------------------------------------------------------------------------------------------


def supported_version(text: str) -> str:
    """The minor of a version such as 1.36, v1.36 or 1.36.2; InputError when the twin does not speak it."""
    minor = ".".join(text.removeprefix("v").split(".")[:2])
    if minor in VERSIONS and _has_schemas(minor):
        return minor
    known = ", ".join(VERSIONS)
    raise InputError([Problem("--version", 0, 0, f'Kubernetes "{text}" is not supported', f"Known: {known}.")])


def _has_schemas(minor: str) -> bool:
    try:
        Schemas.for_version(minor)
    except KeyError:
        return False
    return True


def commands_of(images: Sequence[str]) -> Mapping[str, LocalCommand]:
    """``IMAGE`` runs what the container itself says; ``IMAGE=COMMAND`` runs that, followed by the container's arguments.

    InputError for an image that is empty or named twice.
    """
    found: dict[str, LocalCommand] = {}
    problems: list[Problem] = []
    for text in images:
        image, _, command = text.partition("=")
        repository = _repository(image)
        if not repository or repository in found:
            why = "names no image" if not repository else "names an image a second time"
            problems.append(Problem("--run", 0, 0, f'"{text}" {why}', "Write IMAGE or IMAGE=COMMAND."))
        found[repository] = _command(command)
    if problems:
        raise InputError(problems)
    return found


def _command(text: str) -> LocalCommand:
    if not text:
        return LocalCommand((OWN_COMMAND, OWN_ARGUMENTS))
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise InputError([Problem("--run", 0, 0, f'"{text}" is not a command line: {error}')]) from None
    return LocalCommand(words if OWN_ARGUMENTS in words else (*words, OWN_ARGUMENTS))


def _repository(image: str) -> str:
    """Without tag and digest."""
    head, slash, tail = image.partition("@")[0].rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"


def acting_components() -> tuple[str, ...]:
    """All software whose stand-ins do something."""
    return tuple(component.name for component in COMPONENTS)


class KubeconfigFile:
    """A kubeconfig that lives as long as its twin: written when the API answers, removed at the end.

    A file of somebody else's is not touched: InputError. What an earlier twin left, or an empty file, is replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._server = ""
        self._check()

    def _check(self) -> None:
        try:
            text = self.path.read_text() if self.path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise InputError([Problem(str(self.path), 0, 0, f"cannot be read: {error}")]) from None
        if text.strip() and not is_of_a_twin(text):
            message = "holds something that no twin wrote, and would be overwritten"
            remedy = "Give another file; kubectl takes several: KUBECONFIG=FILE:FILE."
            raise InputError([Problem(str(self.path), 0, 0, message, remedy)])

    def write(self, twin: BareTwin) -> None:
        """InputError when the place cannot be written."""
        try:
            twin.write_kubeconfig(self.path)
            self._server = twin.url
        except OSError as error:
            raise InputError([Problem(str(self.path), 0, 0, f"cannot be written: {error.strerror}")]) from None

    def remove(self) -> None:
        """Unless it describes another cluster by now, or besides."""
        with suppress(OSError, UnicodeDecodeError):
            if self._server and servers_of_twin(self.path.read_text()) == {self._server}:
                self.path.unlink()
