"""ValidatingAdmissionPolicy: rules in CEL that users bind to kinds of writes.

Upstream ``apiserver/pkg/admission/plugin/policy/validating``. An expression that needs a part of CEL which is not here judges
nothing; whoever writes is warned of that, so that nobody takes silence for consent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.kube import cel
from wavetank.kube.errors import ApiError, Cause
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin
from .matching import matches

GROUP = "admissionregistration.k8s.io"
POLICIES, BINDINGS = f"validatingadmissionpolicies.{GROUP}", f"validatingadmissionpolicybindings.{GROUP}"
_CODES = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


@dataclass(frozen=True)
class Denial:
    """Why one validation of a policy is not satisfied."""

    message: str
    reason: str = "Invalid"


def _review(attempt: Attempt) -> None:
    if attempt.operation != "DELETE":
        _judge(attempt)


def _admit(attempt: Attempt) -> Obj:
    """A deletion has no validating phase of its own here."""
    if attempt.operation == "DELETE":
        _judge(attempt)
    return attempt.obj


def _judge(attempt: Attempt) -> None:
    """ApiError of the first denial of a binding that denies; warnings of those that warn."""
    bindings = attempt.world.list(BINDINGS)
    if not bindings or attempt.resource.group == GROUP:
        return
    namespace = _namespace_of(attempt)
    refusal: ApiError | None = None
    for binding in bindings:
        policy = attempt.world.find(POLICIES, "", (binding.get("spec") or {}).get("policyName", ""))
        if policy is None or not _concerns(policy, binding, attempt, namespace):
            continue
        for params in _params(policy, binding, attempt):
            for denial in _denials(policy, attempt, namespace, params):
                refusal = refusal or _act(policy, binding, denial, attempt)
    if refusal is not None:
        raise refusal


def _namespace_of(attempt: Attempt) -> Obj | None:
    if attempt.resource.key == "namespaces":
        return attempt.obj
    return attempt.world.find("namespaces", "", attempt.namespace) if attempt.namespace else None


def _concerns(policy: Obj, binding: Obj, attempt: Attempt, namespace: Obj | None) -> bool:
    return matches(policy["spec"].get("matchConstraints"), attempt, namespace) and matches(
        binding["spec"].get("matchResources"), attempt, namespace
    )


def _params(policy: Obj, binding: Obj, attempt: Attempt) -> list[Obj | None]:
    """What the binding configures the policy with: nothing, one object, or each that its selector finds."""
    kind, reference = policy["spec"].get("paramKind"), binding["spec"].get("paramRef")
    if kind is None or reference is None:
        return [None]
    group, _, _ = kind["apiVersion"].rpartition("/")
    key = _key_of(group, kind["kind"], attempt)
    namespace = reference.get("namespace", attempt.namespace)
    if reference.get("name"):
        found = attempt.world.find(key, namespace, reference["name"]) or attempt.world.find(key, "", reference["name"])
        chosen: list[Obj | None] = [found] if found is not None else []
    else:
        selector = LabelSelector.from_object(reference.get("selector") or {})
        chosen = [o for o in attempt.world.list(key, namespace) if selector.matches(o["metadata"].get("labels"))]
    if chosen or reference.get("parameterNotFoundAction") == "Allow":
        return chosen
    text = "no params found for policy binding with `Deny` parameterNotFoundAction"
    raise _refused(policy, binding, Denial(text), attempt)


def _key_of(group: str, kind: str, attempt: Attempt) -> str:
    return attempt.world.resource_of({"apiVersion": f"{group}/", "kind": kind}).key


def _denials(policy: Obj, attempt: Attempt, namespace: Obj | None, params: Obj | None) -> Iterator[Denial]:
    spec = policy["spec"]
    variables: dict[str, Any] = {**_variables(attempt, namespace), "params": params}
    try:
        if not all(cel.compiled(each["expression"])(variables) for each in spec.get("matchConditions") or ()):
            return
        variables["variables"] = Lazy(spec.get("variables") or (), variables)
        for validation in spec.get("validations") or ():
            yield from _denial(validation, variables, spec.get("failurePolicy", "Fail"))
    except cel.NotSupportedError as missing:
        name = policy["metadata"]["name"]
        attempt.call.warn(f"this cluster cannot evaluate ValidatingAdmissionPolicy '{name}' and lets pass: {missing}")
    except cel.EvaluationError as error:
        if spec.get("failurePolicy", "Fail") == "Fail":
            yield Denial(f"expression resulted in error: {error}")


class Lazy(Mapping[str, Any]):
    """The policy's variables, each computed when it is first read; a later one may read earlier ones."""

    def __init__(self, declared: Any, around: Mapping[str, Any]) -> None:
        self._expressions = {each["name"]: each["expression"] for each in declared}
        self._around, self._known = around, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = cel.compiled(self._expressions[name])({**self._around, "variables": self})
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __len__(self) -> int:
        return len(self._expressions)


def _denial(validation: Obj, variables: Mapping[str, Any], failure_policy: str) -> Iterator[Denial]:
    expression = validation["expression"].strip()
    try:
        if cel.compiled(expression)(variables) is True:
            return
    except cel.EvaluationError as error:
        if failure_policy == "Fail":
            yield Denial(f"expression '{expression}' resulted in error: {error}")
        return
    reason = validation.get("reason") or "Invalid"
    yield Denial(_message(validation, variables) or f"failed expression: {expression}", reason)


def _message(validation: Obj, variables: Mapping[str, Any]) -> str:
    """``messageExpression`` where it gives a text, else ``message``."""
    if validation.get("messageExpression"):
        try:
            text = cel.compiled(validation["messageExpression"])(variables)
        except (cel.EvaluationError, cel.NotSupportedError):
            text = ""
        if isinstance(text, str) and text.strip():
            return text
    return str(validation.get("message") or "").strip()


def _variables(attempt: Attempt, namespace: Obj | None) -> dict[str, Any]:
    deletes = attempt.operation == "DELETE"
    return {
        "object": None if deletes else attempt.obj,
        "oldObject": attempt.old,
        "request": _request(attempt),
        "namespaceObject": namespace,
    }


def _request(attempt: Attempt) -> dict[str, Any]:
    resource, user = attempt.resource, attempt.call.user
    return {
        "operation": attempt.operation,
        "name": attempt.name,
        "namespace": attempt.namespace,
        "kind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "resource": {"group": resource.group, "version": resource.version, "resource": resource.plural},
        "subResource": attempt.subresource,
        "dryRun": attempt.call.dry_run,
        "userInfo": {
            "username": user.name,
            "uid": user.uid,
            "groups": list(user.groups),
            "extra": {key: list(values) for key, values in user.extra},
        },
    }


def _act(policy: Obj, binding: Obj, denial: Denial, attempt: Attempt) -> ApiError | None:
    actions = binding["spec"].get("validationActions") or ()
    if "Warn" in actions:
        names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
        attempt.call.warn(f"Validation failed for ValidatingAdmissionPolicy {names}: {denial.message}")
    return _refused(policy, binding, denial, attempt) if "Deny" in actions else None


def _refused(policy: Obj, binding: Obj, denial: Denial, attempt: Attempt) -> ApiError:
    resource = attempt.resource
    names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
    why = f"ValidatingAdmissionPolicy {names} denied request: {denial.message}"
    subject = f'{resource.key} "{attempt.name}" is forbidden'
    code = _CODES.get(denial.reason, 422)
    causes = [Cause("", denial.message)]
    group, kind, name = resource.group, resource.plural, attempt.name
    return ApiError(code, denial.reason, f"{subject}: {why}", group=group, kind=kind, name=name, causes=causes)


VALIDATING_POLICIES = Plugin("ValidatingAdmissionPolicy", admit=_admit, review=_review)
