"""The Common Expression Language as Kubernetes extends it: reading, checking and evaluating expressions.

Schemas' rules (``structural``, ``validation``) and admission policies use it. ``compiled`` is for expressions whose types are not
known, ``check`` for those whose author is told what is wrong. Costs are not estimated, and there is no ``authorizer``.

Upstream: ``cel-spec``, cel-go, apiserver ``pkg/cel``.
"""

from __future__ import annotations

from functools import lru_cache

from .checker import CompileError, check, unknown_functions
from .evaluation import Expression, Variables, expression
from .syntax import SyntaxProblemError, parsed
from .types import Type
from .values import EvaluationError, Optional

__all__ = [
    "CompileError",
    "EvaluationError",
    "Expression",
    "NotSupportedError",
    "Optional",
    "Type",
    "Variables",
    "check",
    "compiled",
]


class NotSupportedError(ValueError):
    """The expression is wrong, or uses something that is not here."""


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """The expression as a function of its variables; NotSupportedError when it cannot be read."""
    try:
        node = parsed(text)
    except SyntaxProblemError as wrong:
        raise NotSupportedError(str(wrong)) from None
    unknown = unknown_functions(node)
    if unknown:
        raise NotSupportedError(f"no function {unknown[0]}")
    return expression(node)
