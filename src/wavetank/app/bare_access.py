"""Reaching a twin that runs in another process: kubeconfig files as kubectl finds and reads them, and GET over HTTPS.

For verbs that ask a running cluster. Says plainly when what answers is no twin; changes nothing in the cluster.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

from wavetank.base.errors import InputError, OperationFailed, Problem

TIMEOUT_SECONDS = 60.0
ROOT = "/wavetank/v1"
_SEPARATOR = ":"


@dataclass(frozen=True)
class Access:
    """One cluster as a kubeconfig's context names it. ``folder`` is what relative paths in it are relative to."""

    file: Path
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    namespace: str

    @property
    def server(self) -> str:
        return str(self.cluster["server"]).rstrip("/")

    def bytes_of(self, section: Mapping[str, Any], key: str) -> bytes | None:
        """What ``key-data`` holds or the file of ``key``; OperationFailed for a file that cannot be read."""
        if section.get(f"{key}-data"):
            return base64.b64decode(str(section[f"{key}-data"]))
        path = section.get(key)
        if not path:
            return None
        try:
            return (self.file.parent / str(path)).read_bytes()
        except OSError as error:
            raise OperationFailed(f"{self.file}: {key} {path} cannot be read: {error.strerror}") from None


def kubeconfig_files(given: Path | None, environment: Mapping[str, str]) -> list[Path]:
    """The file that was given, or those of $KUBECONFIG, or ~/.kube/config."""
    if given is not None:
        return [given]
    listed = [Path(path) for path in environment.get("KUBECONFIG", "").split(_SEPARATOR) if path]
    return listed or [Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config"]


def access(given: Path | None, environment: Mapping[str, str]) -> Access:
    """The current context's cluster and user; of several files the first that says something is right, as for kubectl.

    InputError when there is no such file, or nothing in it.
    """
    files = kubeconfig_files(given, environment)
    documents = [(path, _document(path)) for path in files if given is not None or path.exists()]
    if not documents:
        where = _SEPARATOR.join(map(str, files))
        remedy = "Give --kubeconfig FILE, the one that `wavetank twin --kubeconfig FILE` wrote."
        raise InputError([Problem(where, 0, 0, "no such kubeconfig", remedy)])
    file, name = next(
        ((path, d["current-context"]) for path, d in documents if d.get("current-context")), (documents[0][0], "")
    )
    context = _named(documents, "contexts", "context", name)
    if context is None:
        message = f'the context "{name}" does not exist' if name else "names no current context"
        raise InputError([Problem(str(file), 0, 0, message)])
    path, chosen = context
    cluster = _named(documents, "clusters", "cluster", chosen.get("cluster", ""))
    user = _named(documents, "users", "user", chosen.get("user", ""))
    if cluster is None or not cluster[1].get("server"):
        raise InputError([Problem(str(path), 0, 0, f'the cluster of the context "{name}" is not described')])
    return Access(cluster[0], cluster[1], user[1] if user else {}, chosen.get("namespace") or "default")


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        message = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise InputError([Problem(str(path), 0, 0, message)]) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError([Problem(str(path), 0, 0, "is not a kubeconfig: it is not YAML")]) from None
    if not isinstance(document, dict):
        raise InputError([Problem(str(path), 0, 0, "is not a kubeconfig")])
    return document


def _named(
    documents: list[tuple[Path, dict[str, Any]]], section: str, key: str, name: str
) -> tuple[Path, dict[str, Any]] | None:
    for path, document in documents:
        for entry in document.get(section) or ():
            if entry.get("name") == name and name:
                return path, entry.get(key) or {}
    return None


class TwinClient:
    """Asks one twin. Use as a context manager."""

    def __init__(self, reached: Access) -> None:
        self.access = reached
        self._http = httpx.Client(
            base_url=reached.server,
            verify=tls_context(reached),
            headers=dict(_headers(reached)),
            timeout=TIMEOUT_SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON answer of a path below ``/wavetank/v1``; OperationFailed with the server's words, or because it is no twin."""
        return self.answer(path, query).json()

    def answer(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        """As ``get``, whatever the answer's format."""
        response = self._request(f"{ROOT}/{path}", query)
        if response.is_success:
            return response
        message = _message(response)
        if response.status_code == httpx.codes.NOT_FOUND and not self._is_twin():
            raise OperationFailed(
                f"{self.access.server} is not a wavetank twin: this verb asks a cluster that "
                "`wavetank twin` or `wavetank up` runs"
            )
        raise OperationFailed(f"the cluster at {self.access.server} says: {message}")

    def _is_twin(self) -> bool:
        return self._request(f"{ROOT}/info", None).is_success

    def _request(self, path: str, query: Mapping[str, str] | None) -> httpx.Response:
        try:
            return self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise OperationFailed(
                f"nothing answers at {self.access.server}: {error}. Does the twin still run?"
            ) from error


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text.strip()


def _headers(reached: Access) -> Iterator[tuple[str, str]]:
    user = reached.user
    token = user.get("token")
    if not token and user.get("tokenFile"):
        found = reached.bytes_of({"token-file": user["tokenFile"]}, "token-file")
        token = found.decode().strip() if found else ""
    if token:
        yield "Authorization", f"Bearer {token}"
    elif user.get("exec"):
        raise OperationFailed(
            f"{reached.file}: the user logs in with the program {user['exec'].get('command')}, which wavetank does not run; "
            "use a kubeconfig with a token or a certificate"
        )


def tls_context(reached: Access) -> ssl.SSLContext:
    authority = reached.bytes_of(reached.cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if reached.cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate = reached.bytes_of(reached.user, "client-certificate")
    key = reached.bytes_of(reached.user, "client-key")
    if certificate and key:
        # The ssl module reads certificates from files only; they are gone again before anything else happens.
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write(certificate + b"\n" + key)
            pem.flush()
            context.load_cert_chain(pem.name)
    return context
