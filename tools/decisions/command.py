"""The command line of ``tools/replay_decisions.py``: reads recordings, plays them and writes what the twin decided."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wavetank.base.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_OUR_BUG, InputError, Problem

from .given import Case, UnplayableError
from .play import played
from .recordings import SETS, recorded_cases, recording_of

#: Progress is told when a set takes longer, and then this often.
PATIENCE_SECONDS = 1.0

_DESCRIPTION = """\
Plays `given` of every recorded case against the twin and writes what it decided, one {"name", "observed"} a line, to
OUT_DIR/<set>.jsonl. RECORDED_DIR holds <set>/cases.jsonl.gz (or <set>.jsonl.gz) for some of the sets """ + ", ".join(
    SETS
)
_EPILOG = """\
exit status: 0 every case was played; 2 bad input: a folder, or a case that says something the replay does not know (it is
named, the others are written); 70 a case met a bug of ours (it is named, the others are written)."""


@dataclass(frozen=True)
class Line:
    """What came of one case: the line to write, or why there is none."""

    text: str = ""
    unknown: str = ""
    bug: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        return _replay(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="replay_decisions.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recorded", type=Path, metavar="RECORDED_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--set", action="append", choices=SETS, dest="sets", help="play only this set (repeatable)")
    parser.add_argument("--only", action="append", metavar="NAME", help="play only the case of this name (repeatable)")
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes (default 1)")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


def _replay(options: argparse.Namespace) -> int:
    chosen = {name: _cases(name, options) for name in _sets(options)}
    _require_found(options, chosen)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError([Problem(str(options.out), 0, 0, f"cannot be a folder: {error.strerror}")]) from error
    results = [_write(name, cases, options) for name, cases in chosen.items() if cases or not options.only]
    return max(results, default=EXIT_OK)


def _sets(options: argparse.Namespace) -> list[str]:
    """Those asked for; without a wish those that are there, of which there must be one."""
    folder: Path = options.recorded
    if not folder.is_dir():
        raise InputError([Problem(str(folder), 0, 0, "is not a folder")])
    found = [name for name in SETS if recording_of(name, folder) is not None]
    if not options.sets and not found:
        raise InputError(
            [Problem(str(folder), 0, 0, f"holds no recordings: <set>/cases.jsonl.gz of {', '.join(SETS)}")]
        )
    return list(dict.fromkeys(options.sets or found))


def _cases(name: str, options: argparse.Namespace) -> list[Case]:
    cases = recorded_cases(name, options.recorded)
    return [case for case in cases if case["name"] in options.only] if options.only else cases


def _require_found(options: argparse.Namespace, chosen: dict[str, list[Case]]) -> None:
    names = {case["name"] for cases in chosen.values() for case in cases}
    missing = [name for name in options.only or () if name not in names]
    if missing:
        raise InputError([Problem(str(options.recorded), 0, 0, f"holds no case {name}") for name in missing])


def _write(name: str, cases: list[Case], options: argparse.Namespace) -> int:
    """Play a set into its file; the exit status that it deserves."""
    progress, status = _Progress(name, len(cases)), EXIT_OK
    with (options.out / f"{name}.jsonl").open("w", encoding="utf-8") as out:
        for case, line in zip(cases, _lines(name, cases, options.jobs), strict=True):
            progress.step()
            if line.text:
                out.write(line.text + "\n")
                continue
            print(f"{name}: {case['name']}: {line.unknown or line.bug}", file=sys.stderr)
            status = max(status, EXIT_BAD_INPUT if line.unknown else EXIT_OUR_BUG)
    progress.end()
    return status


def _lines(name: str, cases: list[Case], jobs: int) -> Iterator[Line]:
    """In the order of the cases, whatever the number of processes."""
    if jobs == 1 or len(cases) < 2:
        yield from map(partial(_line, name), cases)
        return
    with ProcessPoolExecutor(min(jobs, len(cases))) as pool:
        yield from pool.map(partial(_line, name), cases, chunksize=max(1, len(cases) // (jobs * 8)))


def _line(name: str, case: Case) -> Line:
    try:
        return Line(json.dumps({"name": case["name"], "observed": played(name, case)}, ensure_ascii=False))
    except UnplayableError as error:
        return Line(unknown=str(error))
    except Exception:  # noqa: BLE001 - one case must not cost the others; it is reported and the exit status tells
        return Line(bug=f"a bug of the twin's or of the replay's\n{traceback.format_exc()}")


class _Progress:
    """How far a set is, on standard error, once it has taken longer than a moment."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count, self._done = name, count, 0
        self._began = self._told = time.monotonic()

    def step(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told >= PATIENCE_SECONDS:
            self._told = now
            print(f"{self._name}: {self._done} of {self._count} cases", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._told != self._began:
            seconds = time.monotonic() - self._began
            print(f"{self._name}: {self._done} cases in {seconds:.0f} s", file=sys.stderr, flush=True)
