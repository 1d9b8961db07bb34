"""The less-used corners of the API: health by check, metrics, paths, pretty answers, versions of lists, component statuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_robustness_requests import Asked

from wavetank.twin.apiserver.handlers import reading

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


def got(path: str, headers: dict[str, str] | None = None, **query: str) -> Asked:
    return Asked("GET", path, query, headers or {})


def value(path: str, headers: dict[str, str] | None = None, **query: str) -> Any:
    return json.loads(got(path, headers, **query).body)


def test_health_has_checks_that_can_be_asked_for() -> None:
    lines = got("/readyz", verbose="").body.decode().splitlines()
    assert lines[0] == "[+]ping ok"
    assert lines[-1] == "readyz check passed"
    assert "[+]shutdown ok" in lines
    assert "[+]etcd excluded: ok" in got("/livez", verbose="", exclude="etcd").body.decode()
    assert (got("/healthz/etcd").body, got("/healthz/nothing").status) == (b"ok", 404)


def test_metrics_and_paths_are_listed() -> None:
    assert b'apiserver_storage_objects{resource="namespaces"}' in got("/metrics").body
    assert {"/api/v1", "/apis/apps/v1", "/openapi/v3"} <= set(value("/")["paths"])


@pytest.mark.parametrize(
    ("query", "agent", "is_pretty"),
    [
        ({"pretty": "true"}, "", True),
        ({}, "curl/8", True),
        ({"pretty": "false"}, "curl/8", False),
        ({}, "kubectl/1", False),
    ],
)
def test_answers_for_people_have_line_breaks(query: dict[str, str], agent: str, *, is_pretty: bool) -> None:
    asked = Asked("GET", "/version", query, {"user-agent": agent})
    assert (b'\n  "major"' in asked.body) is is_pretty


def test_components_are_well() -> None:
    listed = value("/api/v1/componentstatuses")
    assert [o["metadata"]["name"] for o in listed["items"]] == ["controller-manager", "etcd-0", "scheduler"]
    assert value("/api/v1/componentstatuses/scheduler")["conditions"][0]["status"] == "True"
    assert got("/api/v1/componentstatuses/nobody").status == 404
    assert value("/api/v1/componentstatuses", TABLE)["rows"][0]["cells"][:2] == ["controller-manager", "Healthy"]


def test_a_list_of_a_version_is_the_list_as_it_was() -> None:
    before = value(CONFIG_MAPS)
    version = before["metadata"]["resourceVersion"]
    body = b'{"metadata":{"name":"later"}}'
    assert Asked("POST", CONFIG_MAPS, {}, {"content-type": "application/json"}, body).status == 201
    exact = value(CONFIG_MAPS, resourceVersion=version, resourceVersionMatch="Exact")
    assert exact == before
    newer = value(CONFIG_MAPS, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    assert len(newer["items"]) == len(before["items"]) + 1
    assert Asked("DELETE", f"{CONFIG_MAPS}/later", {}, {}).status == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"resourceVersionMatch": "Exact"}, "is forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, '"exact" is forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Any", "resourceVersion": "1"}, 'supported values: "Exact", "NotOlderThan", ""'),
        ({"sendInitialEvents": "true"}, "sendInitialEvents is forbidden for list"),
    ],
)
def test_versions_that_cannot_be_matched_are_refused(query: dict[str, str], words: str) -> None:
    asked = Asked("GET", CONFIG_MAPS, query, {})
    assert asked.status == 422
    assert words in json.loads(asked.body)["message"]


def test_kubectl_gets_a_whole_table_and_others_their_pages() -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    count = len(value(path)["items"])
    assert len(value(path, TABLE, limit=str(reading.WHOLE_TABLE_LIMIT))["rows"]) == count
    page = value(path, TABLE, limit="2")
    assert (len(page["rows"]), page["metadata"]["remainingItemCount"]) == (2, count - 2)
    assert len(value(path, limit="3")["items"]) == 3
