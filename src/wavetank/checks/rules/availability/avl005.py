"""AVL005: a probe's handler that says 503 and answers 200, or does not run at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.availability.handlers import Handler, awaits_outside_async, python_handlers


def check(case: Case) -> Iterator[Mistake]:
    for source in case.programs:
        if source.base.endswith(".py"):
            for handler in python_handlers(source):
                yield from _tuples(handler)
        elif source.base.endswith((".ts", ".tsx", ".js", ".mjs")):
            for name, line in awaits_outside_async(source):
                yield _await(Place(source.name, line, name), name)


def _tuples(handler: Handler) -> Iterator[Mistake]:
    """Flask takes ``return body, status``; FastAPI makes a JSON array of it, with status 200."""
    for node in ast.walk(handler.function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            status = node.value.elts[1]
            if isinstance(status, ast.Constant) and isinstance(status.value, int) and status.value >= 400:
                yield Mistake(
                    at=handler.place(node.lineno),
                    message=(
                        f"{handler.path} returns (body, {status.value}): FastAPI answers 200 with a JSON array, "
                        "so the probe that "
                        "asks it never fails"
                    ),
                    remedy=f"return JSONResponse(body, status_code={status.value}), or raise HTTPException({status.value})",
                    numbers={"meant": status.value, "answered": 200},
                )


def _await(place: Place, name: str) -> Mistake:
    return Mistake(
        at=place,
        message=f"{name} awaits without being async: the module does not compile, and no probe gets an answer",
        remedy=f"write `export default async function {name}`",
        numbers={"function": name},
    )


RULE = Rule(
    id="AVL005",
    severity=Severity.ERROR,
    title="The probe's handler never says no",
    source="fastapi.tiangolo.com/advanced/response-directly; ECMAScript: await is allowed in async functions only",
    check=check,
)
