"""From a file to a platform: read, parse, lay the environment over the base, validate, and say everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from wavetank.base.errors import InputError, Problem
from wavetank.spec.attachments import Attachments, attachments
from wavetank.spec.overlay import merged, without_nulls
from wavetank.spec.platform import Platform, PlatformFile
from wavetank.spec.problems import problems_of, suggestion
from wavetank.spec.references import contradictions
from wavetank.spec.sources import Sources, sources
from wavetank.spec.tree import Mapped, Node, Scalar, parse, plain

#: no platform is larger; what is larger is some other file
MAX_BYTES = 1 << 20
#: what a file without environments is
DEFAULT_ENVIRONMENT = "production"


def load(path: Path, environment: str = DEFAULT_ENVIRONMENT) -> Platform:
    """The platform of a file in one environment.

    All environments of the file are validated, so that a mistake in one is not found on the day it is deployed.
    Raises InputError with every problem of the file, each at its line and column.
    """
    return load_text(_text(path), str(path), environment)


def load_text(text: str, file: str, environment: str = DEFAULT_ENVIRONMENT) -> Platform:
    """As ``load``, from text; ``file`` is the name that problems carry."""
    return load_all_text(text, file, environment)[environment]


def load_all(path: Path, environment: str = "") -> dict[str, Platform]:
    """The platform of a file in each of its environments, in their order; problems as ``load`` raises them.

    ``environment``: one that must be among them, whose problems are told first.
    """
    return load_all_text(_text(path), str(path), environment)


def load_all_text(text: str, file: str, environment: str = "") -> dict[str, Platform]:
    """As ``load_all``, from text."""
    root = _root(text, file)
    overlays, problems = _overlays(root)
    names = tuple(overlays) or (DEFAULT_ENVIRONMENT,)
    if environment and environment not in names:
        problems.append(Problem(file, 0, 0, f'there is no environment "{environment}"', suggestion(environment, names)))
    readings = {name: _read(root, overlays.get(name), Path(file).parent) for name in names}
    problems += _all_problems(readings, environment)
    if problems:
        raise InputError(sorted(set(problems)))
    return {name: _platform(reading, name, file, names) for name, reading in readings.items()}


@dataclass(frozen=True)
class _Reading:
    """One environment of the file: the merged tree, the models if it is right, the problems if it is not."""

    root: Node
    written: PlatformFile | None
    problems: tuple[Problem, ...]
    attached: Attachments
    sources: Sources


def _read(root: Mapped, overlay: Node | None, folder: Path) -> _Reading:
    base = without_nulls(
        Mapped({key: entry for key, entry in root.entries.items() if key != "environments"}, root.place)
    )
    whole = merged(base, overlay) if overlay is not None else base
    try:
        written, problems = PlatformFile.model_validate(plain(whole)), []
    except ValidationError as error:
        written, problems = None, problems_of(error, whole, PlatformFile)
    attached, code = attachments(whole, folder), sources(whole, folder)
    found = (*problems, *contradictions(whole), *attached.problems, *code.problems)
    return _Reading(whole, written, found, attached, code)


def _platform(reading: _Reading, name: str, file: str, names: tuple[str, ...]) -> Platform:
    assert reading.written is not None, "a file without problems must validate"
    return Platform(reading.written, name, file, reading.root, names, reading.attached.files, reading.sources.files)


def _all_problems(readings: dict[str, _Reading], environment: str) -> list[Problem]:
    """Those of the chosen environment, and those that only another one has, with its name."""
    chosen = readings.get(environment)
    found = list(dict.fromkeys(chosen.problems if chosen else ()))
    known = {(problem.line, problem.column, problem.message) for problem in found}
    for name, reading in readings.items():
        for problem in reading.problems:
            if (problem.line, problem.column, problem.message) not in known:
                known.add((problem.line, problem.column, problem.message))
                found.append(replace(problem, message=f"{problem.message} (environment {name})"))
    return found


def _text(path: Path) -> str:
    """The file's text, or the one thing that is wrong with it as a file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, "no such file", "Is the path right? `wavetank init` writes an example.") from None
    except IsADirectoryError:
        raise _unreadable(path, "a directory, not a file", f"Perhaps {path / 'platform.yaml'}?") from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(path, f"larger than {MAX_BYTES >> 20} MiB", "This cannot be a platform file.")
    if b"\0" in data:
        raise _unreadable(path, "a binary file", "A platform file is YAML text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(str(path), line, 1, "not UTF-8 text", "Save the file as UTF-8.")
        raise InputError([problem]) from None


def _unreadable(path: Path, message: str, remedy: str = "") -> InputError:
    return InputError([Problem(str(path), 0, 0, message, remedy)])


def _root(text: str, file: str) -> Mapped:
    root, problems = parse(text, file)
    if problems:
        raise InputError(problems)
    if root is None or (isinstance(root, Scalar) and root.value is None):
        raise InputError([Problem(file, 0, 0, "the file is empty", "`wavetank init` writes an example.")])
    if not isinstance(root, Mapped):
        raise InputError([root.place.problem("a platform is a mapping of keys to values", "Begin with `name: ...`.")])
    return root


def _overlays(root: Mapped) -> tuple[dict[str, Node], list[Problem]]:
    """The environments by name; an empty one (`staging:`) is the base itself."""
    environments = root.get("environments")
    if environments is None or (isinstance(environments, Scalar) and environments.value is None):
        return {}, []
    if not isinstance(environments, Mapped):
        return {}, [environments.place.problem("environments: expected a mapping from name to what differs")]
    overlays: dict[str, Node] = {}
    problems: list[Problem] = []
    for name, entry in environments.entries.items():
        empty = isinstance(entry.value, Scalar) and entry.value.value is None
        if isinstance(entry.value, Mapped) or empty:
            overlays[name] = Mapped({}, entry.value.place) if empty else entry.value
        else:
            problems.append(entry.value.place.problem(f"environment {name}: expected a mapping of what differs"))
    return overlays, problems
