"""ValidatingAdmissionPolicy and its bindings: what they must say, and expressions that do not compile.

Objects and parameters are of no known type when a policy is written, as upstream; only the request is. Expressions that ask the
``authorizer`` are not judged. Upstream:
``pkg/apis/admissionregistration/validation/validation.go``, ``apiserver/pkg/admission/plugin/cel``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .. import cel
from ..cel.checker import walked
from ..cel.syntax import RESERVED, Ident, SyntaxProblemError, parsed
from ..cel.types import BOOL, DYN, NULL, STRING, Type, list_of, map_of
from ..errors import Cause
from ..types import Obj
from .causes import duplicate, invalid, not_supported, required
from .metadata import metadata, metadata_update
from .names import qualified_name_problems

_POLICIES = ("Fail", "Ignore")
_ACTIONS = ("Audit", "Deny", "Warn")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized")


def _object(name: str, /, **fields: Type) -> Type:
    return Type(f"kubernetes.{name}", fields=fields)


_KIND = _object("GroupVersionKind", group=STRING, version=STRING, kind=STRING)
_RESOURCE = _object("GroupVersionResource", group=STRING, version=STRING, resource=STRING)
_USER = _object("UserInfo", username=STRING, uid=STRING, groups=list_of(STRING), extra=map_of(STRING, list_of(STRING)))
_REQUEST = _object(
    "AdmissionRequest",
    kind=_KIND,
    resource=_RESOURCE,
    subResource=STRING,
    requestKind=_KIND,
    requestResource=_RESOURCE,
    requestSubResource=STRING,
    name=STRING,
    namespace=STRING,
    operation=STRING,
    userInfo=_USER,
    dryRun=BOOL,
    options=DYN,
)
_SCOPE = {"object": DYN, "oldObject": DYN, "request": _REQUEST, "namespaceObject": DYN}


def policy(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _spec(obj.get("spec") or {})


def policy_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if new.get("spec") != old.get("spec"):
        yield from _spec(new.get("spec") or {})


def _spec(spec: Obj) -> Iterator[Cause]:
    if spec.get("failurePolicy", "Fail") not in _POLICIES:
        yield not_supported("spec.failurePolicy", spec["failurePolicy"], _POLICIES)
    scope = dict(_SCOPE)
    if spec.get("paramKind") is not None:
        scope["params"] = DYN
        for key in ("apiVersion", "kind"):
            if not spec["paramKind"].get(key):
                yield required(f"spec.paramKind.{key}")
    constraints = spec.get("matchConstraints")
    if constraints is None:
        yield required("spec.matchConstraints")
    elif not constraints.get("resourceRules"):
        yield required("spec.matchConstraints.resourceRules")
    yield from _conditions(spec.get("matchConditions") or [], scope)
    variables: dict[str, Type] = {}
    for index, variable in enumerate(spec.get("variables") or ()):
        scope["variables"] = Type("kubernetes.variables", fields=dict(variables))
        yield from _variable(variable, f"spec.variables[{index}]", scope, variables)
    scope["variables"] = Type("kubernetes.variables", fields=variables)
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        why = "validations or auditAnnotations must contain at least one item"
        yield required("spec.validations", why)
        yield required("spec.auditAnnotations", why)
    for index, validation in enumerate(spec.get("validations") or ()):
        yield from _validation(validation, f"spec.validations[{index}]", scope)
    for index, annotation in enumerate(spec.get("auditAnnotations") or ()):
        path = f"spec.auditAnnotations[{index}]"
        yield from _expression(annotation.get("valueExpression") or "", f"{path}.valueExpression", scope, STRING, NULL)


def _conditions(conditions: list[Obj], scope: Mapping[str, Type]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        path, name = f"spec.matchConditions[{index}]", condition.get("name") or ""
        yield from _expression(condition.get("expression") or "", f"{path}.expression", scope, BOOL)
        if not name:
            yield required(f"{path}.name")
        elif problems := qualified_name_problems(name):
            yield invalid(f"{path}.name", name, ",".join(problems))
        elif name in seen:
            yield duplicate(f"{path}.name", name)
        seen.add(name)


def _variable(variable: Obj, path: str, scope: Mapping[str, Type], known: dict[str, Type]) -> Iterator[Cause]:
    """What is wrong with a variable; ``known`` gets its type."""
    name, expression = variable.get("name") or "", variable.get("expression") or ""
    if not name:
        yield required(f"{path}.name", "name is not specified")
    elif not re.fullmatch(r"[A-Za-z_]\w*", name) or name in RESERVED:
        yield invalid(f"{path}.name", name, "name is not a valid CEL identifier")
    elif name in known:
        yield duplicate(f"{path}.name", name)
    known[name] = DYN
    if not expression.strip():
        yield required(f"{path}.expression", "expression is not specified")
    elif not asks_authorizer(expression):
        try:
            _, known[name] = cel.check(expression.strip(), scope)
        except cel.CompileError as wrong:
            yield invalid(f"{path}.expression", expression.strip(), f"compilation failed: {wrong}")


def _validation(validation: Obj, path: str, scope: Mapping[str, Type]) -> Iterator[Cause]:
    message, expression = validation.get("message") or "", (validation.get("expression") or "").strip()
    yield from _expression(expression, f"{path}.expression", scope, BOOL)
    said = validation.get("messageExpression")
    if said is not None and not said.strip():
        yield invalid(f"{path}.messageExpression", said, "must be non-empty if specified")
    elif said:
        yield from _expression(said, f"{path}.messageExpression", scope, STRING)
    if message and not message.strip():
        yield invalid(f"{path}.message", message, "message must be non-empty if specified")
    elif "\n" in message.strip():
        yield invalid(f"{path}.message", message, "message must not contain line breaks")
    elif "\n" in expression and not message.strip() and not said:
        yield required(f"{path}.message", "message must be specified if expression contains line breaks")
    if validation.get("reason") and validation["reason"] not in _REASONS:
        yield not_supported(f"{path}.reason", validation["reason"], _REASONS)


def _expression(text: str, path: str, scope: Mapping[str, Type], *wanted: Type) -> Iterator[Cause]:
    text = text.strip()
    if not text:
        yield required(path, "expression is not specified" if path.endswith("xpression") else "")
        return
    if asks_authorizer(text):
        return
    try:
        _, found = cel.check(text, scope)
    except cel.CompileError as wrong:
        yield invalid(path, text, f"compilation failed: {wrong}")
        return
    if found != DYN and found not in wanted:
        names = ", ".join(map(_type_name, wanted))
        yield invalid(
            path,
            text,
            f"must evaluate to {names}" if len(wanted) == 1 else f"must evaluate to one of the types: [{names}]",
        )


def _type_name(wanted: Type) -> str:
    return "null_type" if wanted == NULL else str(wanted)


def asks_authorizer(text: str) -> bool:
    """Whether an expression needs the authorizer, which is not here."""
    try:
        return any(isinstance(node, Ident) and node.name == "authorizer" for node in walked(parsed(text)))
    except SyntaxProblemError:
        return False


# Bindings ----------------------------------------------------------------------------------------------------------


def binding(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _binding_spec(obj.get("spec") or {})


def binding_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _binding_spec(new.get("spec") or {})


def _binding_spec(spec: Obj) -> Iterator[Cause]:
    if not spec.get("policyName"):
        yield required("spec.policyName")
    reference = spec.get("paramRef")
    if reference is not None:
        yield from _param_ref(reference)
    actions: list[Any] = spec.get("validationActions") or []
    if not actions:
        yield required("spec.validationActions", "at least one validation action is required")
    for index, action in enumerate(actions):
        path = f"spec.validationActions[{index}]"
        if action not in _ACTIONS:
            yield not_supported(path, action, _ACTIONS)
        elif action in actions[:index]:
            yield duplicate(path, action)
    if {"Deny", "Warn"} <= set(actions):
        twice = "repeating the same validation failure information in the API response and headers serves no purpose"
        why = f"must not contain both Deny and Warn ({twice})"
        yield invalid("spec.validationActions", sorted(actions), why)


def _param_ref(reference: Obj) -> Iterator[Cause]:
    name, selector = reference.get("name"), reference.get("selector")
    if not name and selector is None:
        yield required("spec.paramRef", "one of name or selector must be specified")
    elif name and selector is not None:
        for key in ("name", "selector"):
            why = "name and selector are mutually exclusive"
            yield Cause("FieldValueForbidden", f"Forbidden: {why}", f"spec.paramRef.{key}")
    if not reference.get("parameterNotFoundAction"):
        yield required("spec.paramRef.parameterNotFoundAction")
    elif reference["parameterNotFoundAction"] not in ("Allow", "Deny"):
        yield not_supported(
            "spec.paramRef.parameterNotFoundAction", reference["parameterNotFoundAction"], ("Deny", "Allow")
        )
