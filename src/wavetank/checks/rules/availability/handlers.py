"""Handlers of HTTP routes in Python and JavaScript sources, as the rules about probes read them. Parses, runs nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wavetank.checks.model import Place
from wavetank.checks.sources import SourceFile

_VERBS = ("get", "post", "put", "delete", "patch", "head", "options", "api_route", "route")
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Handler:
    """A function that FastAPI (or Starlette's router) calls for a path."""

    source: SourceFile
    path: str
    function: _FUNCTION

    def place(self, line: int) -> Place:
        return Place(self.source.name, line, f"{self.function.name} {self.path}")


def python_handlers(source: SourceFile) -> Iterator[Handler]:
    """Functions decorated with ``@app.get("/path")`` in a file that imports FastAPI; none in a file that does not parse."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return
    if "fastapi" not in {name for node in ast.walk(tree) for name in _imported(node)}:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                path = _path(decorator)
                if path is not None:
                    yield Handler(source, path, node)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) else []


def _path(decorator: ast.expr) -> str | None:
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return None
    first = decorator.args[0] if decorator.args else None
    if decorator.func.attr in _VERBS and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return None


_PLAIN_HANDLER = re.compile(r"export\s+default\s+function\s+(\w+)\s*\([^)]*\)\s*(?::[^{]+)?\{")


def awaits_outside_async(source: SourceFile) -> Iterator[tuple[str, int]]:
    """(name, line) of each default-exported plain function of a module that awaits: it does not even parse."""
    for found in _PLAIN_HANDLER.finditer(source.text):
        body = _body(source.text, found.end())
        inner = re.search(r"^(?!.*\basync\b).*\bawait\b", body, re.MULTILINE)
        if inner is not None and "async" not in body[: inner.start()].rpartition("\n")[2]:
            line = source.text.count("\n", 0, found.end() + inner.start()) + 1
            yield found[1], line


def _body(text: str, start: int) -> str:
    """To the brace that closes the one before ``start``; strings with braces in them may shorten it."""
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start:at]
    return text[start:]
