"""The HTTPS edge: who gets in, formats, lists in pieces, watches, refusals, start and stop. Talked to over real TLS."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from worlds import ApiWorld, open_api

from wavetank.base.errors import OperationFailed
from wavetank.twin.apiserver.listener import bound_socket
from wavetank.twin.cluster import User
from wavetank.twin.cluster.ports import LogQuery

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class OneToken:
    """Knows one token of its own kind."""

    def user_of(self, token: str) -> User | None:
        return User("arn:aws:iam::111122223333:role/ops", ("ops",)) if token == "k8s-aws-v1.good" else None


@pytest.fixture(scope="module")
def world() -> Iterator[ApiWorld]:
    with open_api(ApiWorld(authenticators=(OneToken(),))) as running:
        yield running


@pytest.fixture(scope="module")
def client(world: ApiWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with as_admin(world, tmp_path_factory.mktemp("admin")) as made:
        yield made


def as_admin(world: ApiWorld, folder: Path) -> httpx.Client:
    """A client with the certificate of the kubeconfig."""
    world.api.write_kubeconfig(folder / "kubeconfig")
    assert (folder / "kubeconfig").stat().st_mode & 0o777 == 0o600
    user = yaml.safe_load((folder / "kubeconfig").read_text())["users"][0]["user"]
    context = trusting(world)
    for key, name in (("client-certificate-data", "tls.crt"), ("client-key-data", "tls.key")):
        (folder / name).write_bytes(base64.b64decode(user[key]))
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return httpx.Client(base_url=world.api.url, verify=context, timeout=20)


def trusting(world: ApiWorld) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=world.api.ca_pem)


def as_nobody(world: ApiWorld, token: str = "") -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=world.api.url, verify=trusting(world), timeout=20, headers=headers)


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}


def lines(client: httpx.Client, path: str, count: int, accept: str = "application/json") -> list[dict[str, Any]]:
    """The first ``count`` events of a watch."""
    events: list[dict[str, Any]] = []
    with client.stream("GET", path, headers={"Accept": accept}) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            events.append(json.loads(line))
            if len(events) == count:
                break
    return events


def test_without_a_credential_only_health_and_version_are_answered(world: ApiWorld) -> None:
    with as_nobody(world) as nobody:
        for path in ("/healthz", "/livez", "/readyz", "/version", "/version/"):
            assert nobody.get(path).status_code == 200
        refused = nobody.get("/api/v1/nodes")
    assert (refused.status_code, refused.json()["reason"]) == (401, "Unauthorized")


def test_tokens_of_accounts_and_of_a_plugged_in_kind_say_who_asks(world: ApiWorld, client: httpx.Client) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    issued = client.post("/api/v1/namespaces/default/serviceaccounts/default/token", json={"spec": {}})
    assert issued.status_code == 201
    for token, name in (
        (issued.json()["status"]["token"], "system:serviceaccount:default:default"),
        ("k8s-aws-v1.good", "arn:aws:iam::111122223333:role/ops"),
    ):
        with as_nobody(world, token) as someone:
            answer = someone.post(path, json=review).json()
        assert answer["status"]["userInfo"]["username"] == name
        assert "system:authenticated" in answer["status"]["userInfo"]["groups"]
    for wrong in ("k8s-aws-v1.bad", "eyJh.eyJh.AAAA", "x"):
        with as_nobody(world, wrong) as nobody:
            assert nobody.post(path, json=review).status_code == 401


def test_a_list_in_pieces_is_the_list_of_its_first_piece(client: httpx.Client) -> None:
    for number in range(5):
        assert client.post(CONFIG_MAPS, json=config_map(f"piece-{number}", set="pieces")).status_code == 201
    first = client.get(CONFIG_MAPS, params={"limit": "2", "labelSelector": "set=pieces"}).json()
    client.delete(f"{CONFIG_MAPS}/piece-4")
    client.post(CONFIG_MAPS, json=config_map("piece-9", set="pieces"))
    names = [o["metadata"]["name"] for o in first["items"]]
    page = first
    while token := page["metadata"].get("continue"):
        query = {"limit": "2", "labelSelector": "set=pieces", "continue": token}
        page = client.get(CONFIG_MAPS, params=query).json()
        names += [o["metadata"]["name"] for o in page["items"]]
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert names == [f"piece-{n}" for n in range(5)]


def test_a_watch_resumes_where_a_list_ended(client: httpx.Client) -> None:
    version = client.get(CONFIG_MAPS).json()["metadata"]["resourceVersion"]
    client.post(CONFIG_MAPS, json=config_map("watched", stage="one"))
    patch = {"metadata": {"labels": {"stage": "two"}}}
    headers = {"Content-Type": "application/merge-patch+json"}
    client.patch(f"{CONFIG_MAPS}/watched", content=json.dumps(patch), headers=headers)
    client.delete(f"{CONFIG_MAPS}/watched")
    query = f"?watch=true&resourceVersion={version}&fieldSelector=metadata.name%3Dwatched"
    assert [e["type"] for e in lines(client, CONFIG_MAPS + query, 3)] == ["ADDED", "MODIFIED", "DELETED"]


def test_an_object_that_stops_matching_is_deleted_for_the_watcher(client: httpx.Client) -> None:
    version = client.get(CONFIG_MAPS).json()["metadata"]["resourceVersion"]
    client.post(CONFIG_MAPS, json=config_map("changing", stage="one"))
    patch = {"metadata": {"labels": {"stage": "two"}}}
    headers = {"Content-Type": "application/merge-patch+json"}
    client.patch(f"{CONFIG_MAPS}/changing", content=json.dumps(patch), headers=headers)
    query = f"?watch=true&resourceVersion={version}&labelSelector=stage%3Done"
    assert [e["type"] for e in lines(client, CONFIG_MAPS + query, 2)] == ["ADDED", "DELETED"]


def test_a_table_watch_sends_its_columns_once(client: httpx.Client) -> None:
    events = lines(client, "/api/v1/namespaces?watch=true", 2, TABLE)
    assert events[0]["object"]["kind"] == "Table"
    assert events[0]["object"]["columnDefinitions"][0]["name"] == "Name"
    assert events[1]["object"]["columnDefinitions"] is None


def test_a_watch_list_ends_its_first_part_with_a_bookmark(client: httpx.Client) -> None:
    query = "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    namespaces = client.get("/api/v1/namespaces").json()["items"]
    events = lines(client, "/api/v1/namespaces" + query, len(namespaces) + 1)
    assert {e["type"] for e in events[:-1]} == {"ADDED"}
    assert events[-1]["type"] == "BOOKMARK"
    assert events[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_from_too_long_ago_is_told_to_start_over(world: ApiWorld, client: httpx.Client) -> None:
    (event,) = lines(client, f"{CONFIG_MAPS}?watch=true&resourceVersion=1", 1)[:1]
    if world.cluster.store.oldest_revision > 1:
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_a_watch_ends_when_its_time_is_over(client: httpx.Client) -> None:
    started = time.monotonic()
    with client.stream("GET", f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=0") as response:
        response.read()
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize(
    ("body", "content_type", "code", "words"),
    [
        (b"", "application/json", 400, "unexpected end of JSON input (<empty>)"),
        (b"nonsense\n", "application/json", 400, "invalid character 'o' in literal null (expecting 'u')"),
        (b"[1]", "application/json", 400, "cannot unmarshal array"),
        (b"a: [", "application/yaml", 400, "error decoding YAML"),
        (b"k8s\x00\xff\xff", "application/vnd.kubernetes.protobuf", 400, ""),
        (b"{}", "text/plain", 415, "unknown format"),
        (b" " * (3 * 1024 * 1024 + 1), "application/json", 413, "limit is 3145728"),
        (b'{"a":' * 20_000, "application/json", 400, ""),
        (b"&a [*a]", "application/yaml", 400, ""),
        (b'{"kind":"Secret","apiVersion":"v1"}', "application/json", 400, "cannot be handled as a ConfigMap"),
    ],
)
def test_a_body_that_is_no_object_gets_a_status(
    client: httpx.Client, body: bytes, content_type: str, code: int, words: str
) -> None:
    answer = client.post(CONFIG_MAPS, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status")
    assert words in answer.json()["message"]


def test_what_is_not_there_or_not_allowed_gets_a_status(client: httpx.Client) -> None:
    for method, path, code in (
        ("GET", "/nope", 404),
        ("GET", "/apis/nope.example.com/v1/things", 404),
        ("GET", "/api/v1/namespaces/default/pods/nope", 404),
        ("POST", "/api/v1/namespaces/default/pods/nope/exec", 404),
        ("PUT", "/api/v1/componentstatuses", 405),
        ("GET", f"{CONFIG_MAPS}?limit=many", 400),
        ("GET", f"{CONFIG_MAPS}?continue=%25", 400),
        ("GET", f"{CONFIG_MAPS}?labelSelector=a%20in%20b", 400),
        ("GET", f"{CONFIG_MAPS}?resourceVersion=99999999", 504),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["kind"]) == (code, "Status"), path


def test_a_mistake_of_ours_is_a_500_without_its_details(
    world: ApiWorld, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("a secret detail")

    with monkeypatch.context() as patched:
        patched.setattr(world.api._edge.metrics, "available", broken)
        answer = client.get("/apis")
    assert answer.status_code == 500
    assert answer.json()["reason"] == "InternalError"
    assert "secret" not in answer.text


def test_a_port_that_is_taken_is_named(world: ApiWorld) -> None:
    with pytest.raises(OperationFailed, match=f"127.0.0.1:{world.api.port}.*another port"):
        bound_socket("127.0.0.1", world.api.port)


def test_a_client_can_watch_many_times_without_leaving_anything_behind(world: ApiWorld, client: httpx.Client) -> None:
    for _ in range(5):
        lines(client, "/api/v1/namespaces?watch=true", 1)
    for _ in range(50):
        if not world.api._edge.watchers:
            break
        time.sleep(0.05)
    assert not world.api._edge.watchers


def test_stopping_ends_watches_and_takes_less_than_a_second(tmp_path: Path) -> None:
    with open_api(ApiWorld()) as running:
        client = as_admin(running, tmp_path)
        ended = threading.Event()

        def follow() -> None:
            with client.stream("GET", "/api/v1/namespaces?watch=true&resourceVersion=0") as response:
                for _ in response.iter_raw():
                    pass
            ended.set()

        threading.Thread(target=follow, daemon=True).start()
        for _ in range(100):
            if running.api._edge.watchers:
                break
            time.sleep(0.02)
    assert ended.wait(10), "a watch without an end outlived its server"
    client.close()


class TwoLines:
    """A log of two chunks."""

    async def read(self, namespace: str, pod: str, query: LogQuery) -> AsyncIterator[bytes]:
        yield f"{namespace}/{pod}/{query.container}\n".encode()
        yield b"end\n"


def test_logs_name_the_container_when_there_are_several(world: ApiWorld, client: httpx.Client) -> None:
    world.api._edge.logs = TwoLines()
    containers = [{"name": n, "image": "x"} for n in ("a", "b")]
    spec = {"containers": containers, "nodeName": "n"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "two"}, "spec": spec}
    assert client.post("/api/v1/namespaces/default/pods", json=pod).status_code == 201
    path = "/api/v1/namespaces/default/pods/two/log"
    refused = client.get(path)
    assert refused.status_code == 400
    assert "choose one of: [a b]" in refused.json()["message"]
    assert client.get(path, params={"container": "a"}).text == "default/two/a\nend\n"
