"""The refusals of a Kubernetes API server, as values that become its ``Status`` answers.

Reasons, codes and sentences follow apimachinery's ``pkg/api/errors/errors.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from .types import Obj, Resource


@dataclass(frozen=True)
class Cause:
    """One entry of ``status.details.causes``: reason is a field error type such as ``FieldValueInvalid``."""

    reason: str
    message: str
    field: str = ""


class ApiError(Exception):
    """An answer of the API that is not a success. ``status()`` is its ``v1 Status``."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        group: str = "",
        kind: str = "",
        name: str = "",
        uid: str = "",
        causes: Sequence[Cause] = (),
        retry_after_seconds: int = 0,
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.group, self.kind, self.name, self.uid = group, kind, name, uid
        self.causes, self.retry_after_seconds = tuple(causes), retry_after_seconds

    def status(self) -> Obj:
        details: Obj = {}
        for key, value in (("name", self.name), ("group", self.group), ("kind", self.kind), ("uid", self.uid)):
            if value:
                details[key] = value
        if self.causes:
            details["causes"] = [
                {k: v for k, v in (("reason", c.reason), ("message", c.message), ("field", c.field)) if v}
                for c in self.causes
            ]
        if self.retry_after_seconds:
            details["retryAfterSeconds"] = self.retry_after_seconds
        status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if details:
            status["details"] = details
        # The order is that of upstream's fields: there are clients that compare the text of an answer.
        return status | {"code": self.code}


class _About(TypedDict):
    group: str
    kind: str


def _about(resource: Resource) -> _About:
    return {"group": resource.group, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource.key} "{name}" not found', name=name, **_about(resource))


def already_exists(resource: Resource, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{resource.key} "{name}" already exists', name=name, **_about(resource))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource.key} "{name}": {why}'
    return ApiError(409, "Conflict", message, name=name, **_about(resource))


def forbidden(resource: Resource, name: str, why: str) -> ApiError:
    subject = f'{resource.key} "{name}" is forbidden' if name else f"{resource.key} is forbidden"
    return ApiError(403, "Forbidden", f"{subject}: {why}", name=name, **_about(resource))


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: every cause at once; the sentence lists ``field: message`` of each, in brackets when there are several."""
    lines = [f"{c.field}: {c.message}" for c in causes]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    qualified = f"{kind}.{group}" if group else kind
    message = f'{qualified} "{name}" is invalid: {text}'
    return ApiError(422, "Invalid", message, group=group, kind=kind, name=name, causes=causes)
