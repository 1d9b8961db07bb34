"""From a request to the service that answers it: our EKS, one of moto's applications, or a clear no.

A WSGI application that ``server`` runs. It tells moto which account is meant, lets nothing leave as a 5xx, and never
touches the state of a service.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from wavetank.cloud.callers import Callers
from wavetank.cloud.eks.api import EksApi
from wavetank.cloud.honest import Answer, AwsError, Ledger, Reason, RefusedCall, Unimplemented, error_answer, refusal
from wavetank.cloud.naming import Environ, keep_form, name_of, scope_of

log = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_STATUS_WORDS = {200: "OK", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}
_ANSWER_TO_ALL = re.compile(r"^/(moto-api|latest/(meta-data|api|dynamic))(/|$)|^/favicon\.ico$")


class Dispatcher:
    """The whole embedded AWS as one WSGI application."""

    def __init__(self, eks: EksApi, callers: Callers, ledger: Ledger) -> None:
        self._eks = eks
        self._callers = callers
        self._ledger = ledger
        self._others = moto_application()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        keep_form(environ)
        try:
            scope = scope_of(environ)
            if scope is not None and scope.service == "eks":
                return _send(self._eks.answer(environ), start_response)
            return self._moto(environ, start_response, scope.access_key_id if scope else "")
        except AwsError as error:
            return _send(error_answer(name_of(environ), error.status, error.code, error.message), start_response)
        except (Unimplemented, NotImplementedError) as error:
            # moto's "The x action has not been implemented" says nothing that the name of the call does not say.
            detail = "" if str(error).endswith("action has not been implemented") else str(error)
            return self._refuse(environ, start_response, "not-implemented", detail)
        except Exception as error:  # any crash of a service must become an answer that nobody retries
            log.exception("the embedded AWS failed")
            return self._refuse(environ, start_response, "failed", f"{type(error).__name__}: {error}")

    def _moto(self, environ: Environ, start_response: StartResponse, access_key_id: str) -> Iterable[bytes]:
        # moto's own back doors (reset, instance metadata) are not part of AWS.
        if _ANSWER_TO_ALL.match(environ.get("PATH_INFO", "")):
            raise Unimplemented
        # Said here, moto need not search every account and partition for the key (and create their IAM on the way).
        environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", self._callers.account(access_key_id))
        answer: Iterable[bytes] = self._others(environ, start_response)
        self._eks.deliver()
        return answer

    def _refuse(self, environ: Environ, start_response: StartResponse, reason: Reason, detail: str) -> Iterable[bytes]:
        name = name_of(environ)
        call = RefusedCall(name.service, name.action, reason, detail)
        self._ledger.record(call)
        return _send(refusal(name, call), start_response)


def _send(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    start_response(f"{answer.status} {_STATUS_WORDS.get(answer.status, 'Error')}", headers)
    return [answer.body]


def moto_application() -> Any:
    """moto's dispatcher over services whose missing routes say so. Its choice of service by signature is moto's."""
    from moto.backends import list_of_moto_modules
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    application = DomainDispatcherApplication(_service_application)
    known = application.get_backend_for_host

    def backend_for_host(host: str | None) -> Any:
        # moto prints to the console for hosts that it does not know; for us that is a call to refuse.
        service = host.split(".")[0] if host else None
        hosts = application.backend_url_patterns
        if host is None or service in set(list_of_moto_modules()) or any(p.match(f"http://{host}") for _, p in hosts):
            return known(host)
        raise Unimplemented("no such service here")

    application.get_backend_for_host = backend_for_host
    return application


def _service_application(service: Any) -> WsgiApp:
    """The Flask application that moto makes for a service, in front of which unknown paths are refused."""
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.exceptions import NotFound

    flask = create_backend_app(service)

    def routed(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            flask.url_map.bind_to_environ(environ).match()
        except NotFound:
            raise Unimplemented from None
        answer: Iterable[bytes] = flask(environ, start_response)
        return answer

    return routed
