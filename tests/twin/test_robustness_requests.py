"""Requests as nobody should send them: garbage in queries and headers, too much of everything, many writers of one object."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_apiserver import as_admin
from test_apiserver_fuzz import ADMIN, PATHS, _edge
from worlds import ApiWorld, open_api

from wavetank.twin.apiserver.app import Application
from wavetank.twin.apiserver.listener import CERTIFICATE

CONFIG_MAP = "/api/v1/namespaces/default/configmaps/c"
PARAMETERS = (
    "limit continue resourceVersion resourceVersionMatch labelSelector fieldSelector timeoutSeconds pretty dryRun fieldManager "
    "fieldValidation force gracePeriodSeconds propagationPolicy orphanDependents includeObject container tailLines "
    "sinceSeconds limitBytes follow previous timestamps sendInitialEvents allowWatchBookmarks ports command stdin tty"
)
HEADERS = (
    "accept authorization content-type content-length user-agent impersonate-user impersonate-group impersonate-uid "
    "impersonate-extra-x upgrade connection x-stream-protocol-version cookie accept-encoding"
)
JUNK = st.sampled_from(
    [
        "",
        "-1",
        "0",
        "1",
        "1e9",
        "9" * 40,
        "true",
        "maybe",
        "a=b",
        "a in (b",
        "!",
        "a==",
        "\0",
        "é",
        "%",
        "x" * 300,
        "All",
        "*/*",
    ]
)
WORDS = JUNK | st.text(max_size=12)


class Asked:
    """One request through the ASGI application: its answer and what became of the body."""

    def __init__(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes = b""
    ) -> None:
        encoded = httpx.QueryParams(query)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": str(encoded).encode(),
            CERTIFICATE: ADMIN,
        }
        scope["headers"] = [(k.encode(), v.encode("utf-8", "replace")) for k, v in headers.items()]
        self._waiting = [{"type": "http.request", "body": body, "more_body": False}]
        self._sent: list[dict[str, Any]] = []
        asyncio.run(self._run(scope))

    async def _run(self, scope: dict[str, Any]) -> None:
        await asyncio.wait_for(Application(_EDGE, ())(scope, self._receive, self._send), 5)

    async def _receive(self) -> Any:
        return self._waiting.pop() if self._waiting else {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self._sent.append(message)

    @property
    def status(self) -> int:
        return int(self._sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self._sent[1:])


_EDGE = _edge()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS", "BREW"]),
    st.sampled_from(
        [*PATHS, "/", "/apis", "/healthz/x", "/openapi/v3/x", "/api/v1/namespaces/default/pods/p/exec", "/version"]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda text: "/" + text),
    st.dictionaries(st.sampled_from(PARAMETERS.split()), WORDS, max_size=3),
    st.dictionaries(st.sampled_from(HEADERS.split()), WORDS, max_size=3),
)
def test_absurd_queries_and_headers_are_answered(
    method: str, path: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    asked = Asked(method, path, query, headers)
    # Impersonation that names no user is a 500 upstream, too.
    assert asked.status != 500 or b"without impersonating" in asked.body, asked.body


@pytest.mark.parametrize(
    ("method", "query", "content_type", "body", "status", "words"),
    [
        ("POST", "", "application/json", b" " * (3 * 1024 * 1024 + 1), 413, "limit is 3145728"),
        ("POST", "", "application/cbor", b"\xd9\xd9\xf7", 415, "accepted media types include"),
        ("POST", "", "application/json", b"{" * 2000, 400, "couldn't get version/kind"),
        ("POST", "", "application/json", b'{"a":' * 600 + b"1" + b"}" * 600, 400, "exceeded max depth"),
        ("POST", "", "application/yaml", b"a: &a [*a]", 400, "excessive aliasing"),
        ("POST", "", "application/yaml", b"metadata: {name: q}\ndata: {a: .nan}", 400, "unsupported value"),
        ("POST", "dryRun=Some", "application/json", b'{"metadata":{"name":"q"}}', 422, "dryRun: Unsupported value"),
        (
            "POST",
            f"fieldManager={'x' * 200}",
            "application/json",
            b'{"metadata":{"name":"q"}}',
            422,
            "fieldManager: Too long",
        ),
        ("PATCH", "", "application/json-patch+json", b"[" + b"{}," * 10_000 + b"{}]", 413, "maximum operations"),
        ("PATCH", "", "application/json-patch+json", b'{"op":"add"}', 400, ""),
        (
            "PATCH",
            "",
            "application/strategic-merge-patch+json",
            b'{"metadata":{"finalizers":["a",{}]}}',
            422,
            "",
        ),
        ("DELETE", "", "application/json", b'{"kind":"Pod"}', 400, 'no kind "Pod"'),
        ("DELETE", "", "application/json", b"[]", 400, "DeleteOptions"),
    ],
)
def test_too_much_and_nonsense_is_refused_in_words(
    method: str, query: str, content_type: str, body: bytes, status: int, words: str
) -> None:
    path = CONFIG_MAP.removesuffix("/c") if method == "POST" else CONFIG_MAP
    asked = Asked(method, path, dict(httpx.QueryParams(query)), {"content-type": content_type}, body)
    value = json.loads(asked.body)
    assert (asked.status, value["kind"]) == (status, "Status")
    assert words in value["message"]


@pytest.mark.parametrize("what", ["managedFields", "taints", "conditions", "subsets", "schema"])
def test_pieces_that_are_missing_break_neither_lists_nor_what_watches(what: str) -> None:
    meta = {"name": f"odd-{what.lower()}"}
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "managedFields": (
            "/api/v1/namespaces/default/configmaps",
            {"metadata": {**meta, "managedFields": [{"operation": "Update", "fieldsV1": {"f:data": "x"}}]}},
        ),
        "taints": ("/api/v1/nodes", {"metadata": meta, "spec": {"taints": [{"effect": "NoExecute"}]}}),
        "conditions": ("/api/v1/nodes", {"metadata": meta, "status": {"conditions": [{"type": "Ready"}]}}),
        "subsets": (
            "/api/v1/namespaces/default/endpoints",
            {"metadata": meta, "subsets": [{"addresses": [{}], "ports": [{}]}]},
        ),
        "schema": (
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            {
                "metadata": {"name": "odds.example.com"},
                "spec": {
                    "group": "example.com",
                    "scope": "Namespaced",
                    "names": {"kind": "Odd", "plural": "odds", "singular": "odd"},
                    "versions": [_odd_version()],
                },
            },
        ),
    }
    path, body = bodies[what]
    made = Asked("POST", path, {}, {"content-type": "application/json"}, json.dumps(body).encode())
    assert made.status in (201, 400, 422), made.body
    _EDGE.cluster.engine.run_for(10)
    for accept in ("application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"):
        assert Asked("GET", path, {}, {"accept": accept}).status == 200


def _odd_version() -> dict[str, Any]:
    items = {"items": {"type": 3, "properties": [], "required": 1}, "type": "array"}
    schema = {"type": "object", "properties": {"spec": items}}
    return {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "selectableFields": [{}],
    }


# Concurrent writers --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("admin")
    with open_api(ApiWorld()) as world, as_admin(world, folder) as made:
        yield made


def test_no_update_of_many_writers_is_lost(client: httpx.Client) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    assert client.post(path, json={"metadata": {"name": "counter"}, "data": {"n": "0"}}).status_code == 201

    def count() -> None:
        for _ in range(10):
            while True:
                live = client.get(f"{path}/counter").json()
                live["data"]["n"] = str(int(live["data"]["n"]) + 1)
                answer = client.put(f"{path}/counter", json=live)
                if answer.status_code == 200:
                    break
                assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")

    workers = [threading.Thread(target=count) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert client.get(f"{path}/counter").json()["data"]["n"] == "60"


def test_patches_of_many_writers_all_count(client: httpx.Client) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    assert client.post(path, json={"metadata": {"name": "board"}}).status_code == 201
    kinds = ("application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml")

    def write(worker: int) -> None:
        kind = kinds[worker % 3]
        keys = {f"w{worker}-{number}": "x" for number in range(8)}
        for number in range(1, 9):
            body = {"apiVersion": "v1", "kind": "ConfigMap", "data": dict(list(keys.items())[:number])}
            query = {"fieldManager": f"w{worker}"}
            answer = client.patch(
                f"{path}/board", params=query, content=json.dumps(body), headers={"Content-Type": kind}
            )
            assert answer.status_code == 200, answer.text

    workers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(client.get(f"{path}/board").json()["data"]) == 48
