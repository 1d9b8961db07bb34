"""Where recordings lie and how they are read: ``<set>/cases.jsonl.gz`` or ``<set>.jsonl[.gz]`` in a folder."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from wavetank.base.errors import InputError, Problem

from .given import Case

SETS = ("scheduler", "hpa", "rollout", "disruption", "admission")
#: The recordings that are kept with the tests.
OWN = Path(__file__).parents[2] / "tests" / "data" / "decisions"


def recorded_cases(name: str, folder: Path = OWN) -> list[Case]:
    """The cases of a set of ``SETS``. Raises InputError when the folder does not hold it or it cannot be read."""
    path = recording_of(name, folder)
    if path is None:
        raise _bad(folder, f"holds no recording of {name}: neither {name}/cases.jsonl.gz nor {name}.jsonl.gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            cases: list[Case] = [json.loads(line) for line in lines if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise _bad(path, f"cannot be read: {error}") from error
    wrong = [i for i, case in enumerate(cases, 1) if not _is_case(case)]
    if wrong:
        raise InputError(
            [Problem(str(path), i, 1, 'a case is an object with "name", "given" and "observed"') for i in wrong]
        )
    return cases


def recording_of(name: str, folder: Path) -> Path | None:
    """The file that holds a set in this folder, if there is one."""
    places = (f"{name}/cases.jsonl.gz", f"{name}/cases.jsonl", f"{name}.jsonl.gz", f"{name}.jsonl")
    return next((folder / place for place in places if (folder / place).is_file()), None)


def _is_case(case: Any) -> bool:
    return isinstance(case, dict) and isinstance(case.get("name"), str) and {"given", "observed"} <= case.keys()


def _bad(path: Path, message: str) -> InputError:
    return InputError([Problem(str(path), 0, 0, message)])
