"""Whatever is written into a platform file: either it is refused with located problems, or it can be planned."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wavetank.base.errors import InputError
from wavetank.plan import plan
from wavetank.spec import load_text

EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"
DOCUMENT = yaml.safe_load(EXAMPLE.read_text())
WORDS = [
    "",
    "x",
    "A B",
    "10.0.0.0/8",
    "10.0.1.0/24",
    "5%",
    "250m/1",
    "/health",
    "ml-inference-api",
    "none",
    "*",
    "${secret:x}",
    "\0",
]
NUMBERS = [None, True, 0, -1, 3, 1.5, 10**30]
COLLECTIONS = [[], {}, ["x"], [{}], [None], {"name": "x"}, [{"name": "general"}], {"cpu": "1"}]
ODD = st.sampled_from([*WORDS, *NUMBERS, *COLLECTIONS])


def _paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = [here] if here else []
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in steps:
        inner += _paths(each, (*here, step))
    return inner


def _with(path: tuple[Any, ...], change: Any) -> Any:
    document = copy.deepcopy(DOCUMENT)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    if change is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = change
    return document


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_paths(DOCUMENT)), st.one_of(ODD, st.just(...)), st.sampled_from(["production", "dev"]))
def test_a_file_is_refused_or_planned(path: tuple[Any, ...], change: Any, environment: str) -> None:
    text = yaml.safe_dump(_with(path, change), allow_unicode=True)
    with suppress(InputError):
        assert plan(load_text(text, "platform.yaml", environment)).environment == environment
