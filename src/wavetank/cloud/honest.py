"""Saying no clearly: what is not implemented, or broke, answers 4xx and names the call.

Terraform's AWS provider retries a 5xx up to 25 times (minutes of silence) and cannot parse an HTML page, so neither may
leave this server. ``dispatch`` turns exceptions into these answers; ``Cloud.refused_calls`` lists them for reports.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from wavetank.cloud.naming import RequestName

Reason = Literal["not-implemented", "failed"]
CODES: dict[Reason, str] = {"not-implemented": "NotImplementedByWavetank", "failed": "EmbeddedAwsFailure"}


class Unimplemented(Exception):
    """Raised inside a service for a call, or a part of one, that this embedded AWS does not have."""


class AwsError(Exception):
    """An error that AWS itself would answer; raised by our services and fixes, written out by ``dispatch``."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class RefusedCall:
    """A call that was answered with a refusal of ours."""

    service: str
    action: str
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        what = f"{self.service}:{self.action}"
        tail = f" ({self.detail})" if self.detail else ""
        match self.reason:
            case "not-implemented":
                return f"wavetank's embedded AWS does not implement {what}{tail}"
            case "failed":
                return f"wavetank's embedded AWS failed at {what}{tail}"


class Ledger:
    """The refused calls since the start, in order; threads of the server append concurrently."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[RefusedCall] = []

    def record(self, call: RefusedCall) -> None:
        with self._lock:
            self._calls.append(call)

    def calls(self) -> tuple[RefusedCall, ...]:
        with self._lock:
            return tuple(self._calls)


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refusal(name: RequestName, call: RefusedCall) -> Answer:
    """The error in the wire format that the caller's SDK parses; status 400, so that nobody retries."""
    return error_answer(name, 400, CODES[call.reason], str(call))


def error_answer(name: RequestName, status: int, code: str, message: str) -> Answer:
    """An AWS error of ``code`` in the protocol of ``name`` (botocore's protocol names)."""
    match name.protocol:
        case "ec2":
            return _xml(
                status, f"<Response><Errors>{_error(code, message)}</Errors><RequestID>-</RequestID></Response>"
            )
        case "rest-xml" if name.service == "s3":
            return _xml(status, _error(code, message))
        case "query" | "rest-xml":
            inner = _error(code, message, "<Type>Sender</Type>")
            return _xml(status, f"<ErrorResponse>{inner}<RequestId>-</RequestId></ErrorResponse>")
        case _:
            return json_answer(status, {"__type": code, "message": message}, (("x-amzn-ErrorType", code),))


def json_answer(status: int, content: object, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = json.dumps(content).encode()
    return Answer(status, (("Content-Type", "application/json"), *headers), body)


def _error(code: str, message: str, before: str = "") -> str:
    return f"<Error>{before}<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"


def _xml(status: int, content: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'.encode()
    return Answer(status, (("Content-Type", "text/xml"),), body)
