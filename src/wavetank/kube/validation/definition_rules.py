"""Rules in CEL of a definition's schema: what they must say, and whether they compile.

``definition_schemas`` asks. Upstream: ``ValidateCustomResourceDefinitionOpenAPISchema`` (the part on
``x-kubernetes-validations``) and ``pkg/apiserver/schema/cel/compilation.go`` of apiextensions-apiserver. Costs are not estimated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import cel
from ..cel.checker import walked
from ..cel.from_schema import type_of_schema
from ..cel.syntax import Ident, Node
from ..cel.types import BOOL, STRING, Type, nullable, optional_of
from ..errors import Cause
from .causes import invalid, not_supported, required
from .definition_paths import UnknownPathError, schema_at
from .internal_definitions import internal_rule

Schema = Mapping[str, Any]
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_KEY = "x-kubernetes-validations"


@dataclass(frozen=True)
class Rules:
    """Where rules are compiled: the schema that ``self`` is of."""

    schema: Schema
    is_root: bool = True

    def below(self, schema: Schema, name: str) -> Rules | None:
        return _of((schema.get("properties") or {}).get(name))

    def items(self, schema: Schema) -> Rules | None:
        return _of(schema.get("items"))

    def additional(self, schema: Schema) -> Rules | None:
        return _of(schema.get("additionalProperties"))

    @property
    def self_type(self) -> Type | None:
        bare = {key: value for key, value in self.schema.items() if key != "nullable"}
        return type_of_schema(bare, is_object=self.is_root, name="selfType")


def _of(schema: Any) -> Rules | None:
    return Rules(schema, is_root=False) if isinstance(schema, Mapping) else None


def said_causes(schema: Schema, path: str) -> Iterator[Cause]:
    """What is wrong with rules before anybody compiles them."""
    for index, rule in enumerate(schema.get(_KEY) or ()):
        yield from _said(rule, schema, f"{path}[{index}]")


def _said(rule: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Cause]:
    text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
    if not text:
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _has_newlines(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif _has_newlines(text) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None and rule["reason"] not in _REASONS:
        yield not_supported(f"{path}.reason", rule["reason"], _REASONS)
    yield from _field_path(rule.get("fieldPath") or "", schema, f"{path}.fieldPath")


def _field_path(field_path: str, schema: Schema, path: str) -> Iterator[Cause]:
    if field_path and not field_path.strip():
        yield invalid(path, field_path, "must be non-empty if specified")
    if _has_newlines(field_path):
        yield invalid(path, field_path, "must not contain line breaks")
    if field_path:
        try:
            schema_at(field_path, schema)
        except UnknownPathError:
            yield invalid(path, field_path, "must be a valid path")


def _has_newlines(text: str) -> bool:
    return "\n" in text or "\r" in text


def rule_causes(schema: Schema, path: str, rules: Rules, uncorrelatable: str) -> Iterator[Cause]:
    """Why rules of a schema do not compile, or could never be applied."""
    if not schema.get(_KEY):
        return
    self_type = rules.self_type
    if self_type is None:
        return
    for index, rule in enumerate(schema[_KEY]):
        old_type = optional_of(self_type) if rule.get("optionalOldSelf") else self_type
        yield from _compiled(rule, f"{path}[{index}]", {"self": self_type, "oldSelf": old_type}, uncorrelatable)


def _compiled(
    rule: Mapping[str, Any], path: str, variables: Mapping[str, Type], uncorrelatable: str
) -> Iterator[Cause]:
    try:
        node, kind = cel.check(rule["rule"], variables)
    except cel.CompileError as wrong:
        yield invalid(f"{path}.rule", internal_rule(dict(rule)), f"compilation failed: {wrong}")
        return
    if kind not in (BOOL, nullable(BOOL)):
        yield invalid(f"{path}.rule", internal_rule(dict(rule)), "cel expression must evaluate to a bool")
        return
    yield from _message_expression(rule, f"{path}.messageExpression", variables)
    if uses(node, "oldSelf"):
        if uncorrelatable:
            why = "oldSelf cannot be used on the uncorrelatable portion of the schema within "
            yield invalid(f"{path}.rule", rule["rule"], why + uncorrelatable)
    elif rule.get("optionalOldSelf") is not None:
        why = "may not be set if oldSelf is not used in rule"
        yield invalid(f"{path}.optionalOldSelf", rule["optionalOldSelf"], why)


def _message_expression(rule: Mapping[str, Any], path: str, variables: Mapping[str, Type]) -> Iterator[Cause]:
    expression = rule.get("messageExpression")
    if not expression:
        return
    try:
        _, kind = cel.check(expression, variables)
    except cel.CompileError as wrong:
        yield invalid(path, internal_rule(dict(rule)), f"messageExpression compilation failed: {wrong}")
        return
    if kind not in (STRING, nullable(STRING)):
        yield invalid(path, internal_rule(dict(rule)), "messageExpression must evaluate to a string")


def uses(node: Node, name: str) -> bool:
    """Whether an expression reads a variable."""
    return any(isinstance(each, Ident) and each.name == name for each in walked(node))
