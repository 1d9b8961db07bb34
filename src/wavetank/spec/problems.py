"""How a mistake is said: pydantic's findings become located problems with a remedy, and typos get their nearest right word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NoReturn, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from wavetank.base.errors import Problem
from wavetank.spec.tree import Entry, Mapped, Node, Place, step_into

#: allowed values beyond this many are not listed one by one
_LISTED = 12


def refuse(message: str, remedy: str = "") -> NoReturn:
    """Raised by validators of the spec's fields: what is wrong with the value, and what to do about it."""
    raise PydanticCustomError("refused", "{message}", {"message": message, "remedy": remedy})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; None when nothing is close."""
    return _nearest(word, tuple(known))


@lru_cache(maxsize=256)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.64)
    found = found or [each for each in by_lower if len(word) > 2 and each.startswith(word.lower())]
    return by_lower[found[0]] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """ "Did you mean ..." or, with nothing close, what there is."""
    known = list(known)
    close = nearest(word, known)
    if close is not None:
        return f'Did you mean "{close}"?'
    listed = ", ".join(sorted(known)[:_LISTED])
    return f"Known: {listed}" + (", ..." if len(known) > _LISTED else ".") if known else ""


def problems_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Problem]:
    """Every finding of pydantic at its place in the file."""
    return [_problem(details, root, model) for details in error.errors(include_url=False)]


def place_of(root: Node, steps: Iterable[str | int]) -> Place:
    """Where the value at these steps is written; as close as possible where a short form leaves steps out."""
    node = root
    for step in steps:
        node = step_into(node, step) or node
    return node.place


def _key_place(root: Node, steps: tuple[str | int, ...]) -> Place:
    """Where the key of the last step is written."""
    holder: Node | None = root
    for step in steps[:-1]:
        holder = step_into(holder, step) if holder is not None else None
    entry: Entry | None = holder.entries.get(str(steps[-1])) if isinstance(holder, Mapped) else None
    return entry.key_place if entry is not None else place_of(root, steps)


def _problem(details: ErrorDetails, root: Node, model: type[BaseModel]) -> Problem:
    steps, kind, value = details["loc"], details["type"], details["input"]
    context: Mapping[str, Any] = details.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys_of(_model_at(model, steps[:-1]))
        return _key_place(root, steps).problem(f'unknown key "{steps[-1]}"', suggestion(str(steps[-1]), known))
    if kind == "missing":
        return place_of(root, steps[:-1]).problem(
            f'"{steps[-1]}" is missing', _meaning(_model_at(model, steps[:-1]), steps[-1])
        )
    place = place_of(root, steps)
    if kind == "refused":
        return place.problem(_about(steps, context["message"]), context["remedy"])
    if kind == "literal_error":
        allowed = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        remedy = suggestion(str(value), allowed) if nearest(str(value), allowed) else f"Allowed: {', '.join(allowed)}."
        return place.problem(_about(steps, f"{_shown(value)} is not allowed"), remedy)
    message, remedy = _type_problem(kind, value, details["msg"])
    return place.problem(_about(steps, message), remedy)


_EXPECTED = {
    "int_type": ("a whole number", "Write it without quotes, unit or fraction."),
    "bool_type": ("true or false", "Write true or false, without quotes."),
    "string_type": ("text", ""),
    "dict_type": ("a mapping of keys to values", "Indent `key: value` lines below it."),
    "model_type": ("a mapping of keys to values", "Indent `key: value` lines below it."),
    "tuple_type": ("a list", "Write each element on a line of its own, beginning with a dash."),
    "list_type": ("a list", "Write each element on a line of its own, beginning with a dash."),
}


def _type_problem(kind: str, value: Any, message: str) -> tuple[str, str]:
    if kind in _EXPECTED:
        expected, remedy = _EXPECTED[kind]
        return f"expected {expected}, found {_shown(value)}", remedy
    return f"{_shown(value)}: {message[:1].lower()}{message[1:]}", ""


def _about(steps: tuple[str | int, ...], message: str) -> str:
    field = next((step for step in reversed(steps) if isinstance(step, str)), "")
    return f"{field}: {message}" if field else message


def _shown(value: Any) -> str:
    match value:
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    return str(value)


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _meaning(model: type[BaseModel] | None, key: str | int) -> str:
    """The first sentence of the field's documentation."""
    fields = model.model_fields.values() if model else ()
    text = next((field.description or "" for field in fields if field.alias == key), "")
    return text.split(". ")[0].strip().rstrip(".") + "." if text else ""


def _model_at(model: type[BaseModel], steps: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that validates the value at these steps."""
    annotation: Any = model
    for step in steps:
        here = _model_in(annotation)
        if here is None or not isinstance(step, str):
            continue
        field = next((each for name, each in here.model_fields.items() if (each.alias or name) == step), None)
        if field is not None:
            annotation = field.annotation
    return _model_in(annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model inside Optional, Annotated, tuple or dict."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
