"""Which AWS call an HTTP request is: service, action and wire protocol, for messages and for the choice of error format.

Reads the WSGI environ only and never consumes the body except an HTML form's (``keep_form``). Knows all services of
botocore, also those that this embedded AWS does not have.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.loaders
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import ServiceModel

Environ = dict[str, Any]

_FORM = "wavetank.form"
_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


#: Signing name -> botocore services, where these differ.
_SIGNED_AS = {"elasticloadbalancing": ("elbv2", "elb"), "monitoring": ("cloudwatch",), "email": ("sesv2", "ses")}


#: Actions that are called without a signature -> their service.
_UNSIGNED = {"AssumeRoleWithWebIdentity": "sts", "AssumeRoleWithSAML": "sts"}


@dataclass(frozen=True)
class Scope:
    """The credential scope of a signed request."""

    access_key_id: str
    region: str
    service: str


@dataclass(frozen=True)
class RequestName:
    """``service`` and ``action`` as AWS writes them in policies (``eks``, ``ListInsights``)."""

    service: str
    action: str
    protocol: str


def scope_of(environ: Environ) -> Scope | None:
    """The credential scope from the Authorization header or a presigned query; None for unsigned requests."""
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed and "X-Amz-Credential=" in environ.get("QUERY_STRING", ""):
        signed = unquote(environ["QUERY_STRING"]).replace("X-Amz-Credential=", "Credential=")
    match = _SCOPE.search(signed)
    return Scope(match["key"], match["region"], match["service"]) if match else None


def name_of(environ: Environ) -> RequestName:
    """The call that a request makes; the action is ``GET /path`` when botocore knows none for it."""
    scope, explicit = scope_of(environ), _explicit_action(environ)
    signing_name = scope.service if scope else _UNSIGNED.get(explicit or "", "unsigned")
    model = _model_of(signing_name, environ)
    protocol = _spoken_protocol(environ) or (model.protocol if model else "rest-json")
    action = explicit or (model and _rest_action(model, environ))
    return RequestName(signing_name, action or f"{environ['REQUEST_METHOD']} {raw_path(environ)}", protocol)


def _spoken_protocol(environ: Environ) -> str | None:
    """What the request itself shows: an SDK may speak another of a service's protocols than botocore would choose."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    scope = scope_of(environ)
    return "query" if "Action" in _form(environ) and not (scope and scope.service == "ec2") else None


def raw_path(environ: Environ) -> str:
    """The path as it was sent: escaped slashes inside a segment (ARNs) are still escaped."""
    uri = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ.get("PATH_INFO", "/"))
    path = uri.split("?", 1)[0]
    return path if path.startswith("/") else "/" + path.split("/", 3)[-1]


def _explicit_action(environ: Environ) -> str | None:
    """The action of the query and JSON protocols, which is said in so many words."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rsplit(".", 1)[-1]
    return _form(environ).get("Action", [None])[0] or parse_qs(environ.get("QUERY_STRING", "")).get("Action", [None])[0]


def keep_form(environ: Environ) -> None:
    """Remember an HTML form's fields before anybody reads the body, which can be read only once; put the body back."""
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        environ[_FORM] = parse_qs(body.decode("utf-8", "replace"))


def _form(environ: Environ) -> dict[str, list[str]]:
    """The fields that ``keep_form`` has kept."""
    fields: dict[str, list[str]] = environ.get(_FORM, {})
    return fields


def _model_of(signing_name: str, environ: Environ) -> ServiceModel | None:
    """The botocore model behind a signing name; of several (elb, elbv2) the one whose API version was asked for."""
    models = _models_signed_as(signing_name)
    wanted = _form(environ).get("Version", [""])[0]
    return next((model for model in models if model.api_version == wanted), models[0] if models else None)


def _rest_action(model: ServiceModel, environ: Environ) -> str | None:
    found = operation_of(model, environ["REQUEST_METHOD"], raw_path(environ))
    return found[0] if found else None


def operation_of(model: ServiceModel, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The REST operation for a method and an escaped path, with its unescaped URI parameters; literal segments win."""
    segments = path.strip("/").split("/")
    best: tuple[int, str, dict[str, str]] | None = None
    for name, its_method, template in _routes(model.service_name):
        values = _match(template, segments) if its_method == method else None
        if values is not None and (best is None or len(values) < best[0]):
            best = (len(values), name, values)
    return (best[1], best[2]) if best else None


def _match(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    values: dict[str, str] = {}
    for pattern, segment in zip(template, segments, strict=True):
        if pattern.startswith("{"):
            values[pattern.strip("{}+")] = unquote(segment)
        elif pattern != segment:
            return None
    return values


@lru_cache(maxsize=32)
def _routes(service: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    model = service_model(service)
    http = ((name, model.operation_model(name).http) for name in model.operation_names)
    return tuple(
        (name, str(rule.get("method", "")), tuple(str(rule.get("requestUri", "/")).split("?")[0].strip("/").split("/")))
        for name, rule in http
    )


@lru_cache(maxsize=64)
def service_model(service: str) -> ServiceModel:
    """botocore's description of a service. Raises botocore's UnknownServiceError."""
    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


@lru_cache(maxsize=1)
def _loader() -> botocore.loaders.Loader:
    return botocore.loaders.Loader()


def _models_signed_as(signing_name: str) -> list[ServiceModel]:
    models = []
    for name in _SIGNED_AS.get(signing_name, (signing_name,)):
        try:
            models.append(service_model(name))
        except (UnknownServiceError, DataNotFoundError):
            continue
    return models
