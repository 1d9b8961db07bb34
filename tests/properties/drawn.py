"""Small words for strategies of spec sections: one of some values, a mapping with optional keys, a few elements of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

Section = dict[str, Any]
Strategy = st.SearchStrategy[Any]
Draw = Callable[[Strategy], Any]

SWITCH = st.booleans()


def one(*values: Any) -> Strategy:
    """One of these values."""
    return st.sampled_from(values)


def mapping(required: Mapping[str, Any], **optional: Any) -> Strategy:
    """A mapping with the keys of ``required`` and some of ``optional``; what is no strategy stands for itself."""
    return st.fixed_dictionaries(
        {key: _strategy(value) for key, value in required.items()},
        optional={key: _strategy(value) for key, value in optional.items()},
    )


def _strategy(value: Any) -> Strategy:
    return value if isinstance(value, st.SearchStrategy) else st.just(value)


def some(*values: Any, least: int = 1) -> Strategy:
    """A list of some of these values, each once, in their order."""
    chosen = st.sets(st.sampled_from(range(len(values))), min_size=least)
    return chosen.map(lambda at: [values[index] for index in sorted(at)])


def seldom(draw: Draw) -> bool:
    """True one time in four."""
    return bool(draw(st.integers(0, 3)) == 3)
