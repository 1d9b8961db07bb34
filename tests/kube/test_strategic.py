"""Strategic merge patch. The first results are those of a session recorded with kubectl."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.errors import ApiError
from wavetank.kube.schema import Schemas
from wavetank.kube.strategic import invalid_patch, strategic_merge
from wavetank.kube.types import Obj

SCHEMAS = Schemas.for_version("1.36")


def merged(kind: str, live: Obj, patch: Any) -> Obj:
    group = "apps" if kind == "Deployment" else ""
    node = SCHEMAS.node(group, "v1", kind)
    assert node is not None
    before = copy.deepcopy((live, patch))
    result = strategic_merge(live, patch, node)
    assert before == (live, patch), "neither side may be changed"
    return result


def deployment(containers: list[Obj], **spec: Any) -> Obj:
    return {"spec": {"template": {"spec": {"containers": containers, **spec}}}}


def containers(obj: Obj) -> list[Obj]:
    found: list[Obj] = obj["spec"]["template"]["spec"]["containers"]
    return found


def names(obj: Obj) -> list[str]:
    return [c["name"] for c in containers(obj)]


def env(**values: str) -> list[Obj]:
    return [{"name": k, "value": v} for k, v in values.items()]


LIVE = deployment([{"name": "backend", "image": "b:1", "env": env(A="1", B="2")}, {"name": "proxy", "image": "p:1"}])


def test_containers_merge_by_name() -> None:
    after = merged("Deployment", LIVE, deployment([{"name": "backend", "image": "b:2"}]))
    assert containers(after)[0] == {"name": "backend", "image": "b:2", "env": env(A="1", B="2")}
    assert names(after) == ["backend", "proxy"]


def test_an_element_can_be_deleted_and_a_new_one_comes_first() -> None:
    patch = deployment([{"name": "backend", "env": [{"name": "A", "$patch": "delete"}, {"name": "C", "value": "3"}]}])
    assert containers(merged("Deployment", LIVE, patch))[0]["env"] == env(C="3", B="2")
    assert names(merged("Deployment", LIVE, deployment([{"name": "proxy", "$patch": "delete"}]))) == ["backend"]


def test_the_order_can_be_set() -> None:
    order = {"$setElementOrder/containers": [{"name": "first"}, {"name": "backend"}]}
    after = merged("Deployment", LIVE, deployment([{"name": "first", "image": "f:1"}], **order))
    assert names(after) == ["first", "backend", "proxy"]
    turned = {"$setElementOrder/containers": [{"name": "proxy"}, {"name": "backend"}]}
    patch = {"spec": {"template": {"spec": turned}}}
    assert names(merged("Deployment", LIVE, patch)) == ["proxy", "backend"]


def test_retained_keys_drop_the_others() -> None:
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert merged("Deployment", live, patch)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_volume_changes_its_source() -> None:
    live = deployment([], volumes=[{"name": "v", "emptyDir": {}}])
    patch = deployment([], volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}])
    assert merged("Deployment", live, patch)["spec"]["template"]["spec"]["volumes"] == [
        {"name": "v", "configMap": {"name": "m"}}
    ]


def test_lists_without_a_key_are_replaced_and_sets_are_united() -> None:
    live = deployment([], tolerations=[{"key": "a"}])
    patch = deployment([], tolerations=[{"key": "b"}])
    assert merged("Deployment", live, patch)["spec"]["template"]["spec"]["tolerations"] == [{"key": "b"}]
    meta = {"metadata": {"finalizers": ["a/a", "b/b"]}}
    assert merged("ConfigMap", meta, {"metadata": {"finalizers": ["c/c"]}})["metadata"]["finalizers"] == [
        "c/c",
        "a/a",
        "b/b",
    ]
    gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/a"]}}
    assert merged("ConfigMap", meta, gone)["metadata"]["finalizers"] == ["b/b"]


def test_ports_of_a_service_merge_by_their_number() -> None:
    live = {"spec": {"ports": [{"port": 80, "targetPort": 8080}, {"port": 443}]}}
    after = merged("Service", live, {"spec": {"ports": [{"port": 80, "targetPort": 9090}]}})
    assert after["spec"]["ports"] == [{"port": 80, "targetPort": 9090}, {"port": 443}]


def test_null_removes_and_is_never_added() -> None:
    live = {"metadata": {"labels": {"a": "1", "b": "2"}}}
    after = merged("ConfigMap", live, {"metadata": {"labels": {"a": None}, "annotations": {"x": None, "y": "1"}}})
    assert after == {"metadata": {"labels": {"b": "2"}, "annotations": {"y": "1"}}}


def test_a_map_can_be_replaced_or_emptied() -> None:
    live = {"data": {"a": "1"}}
    assert merged("ConfigMap", live, {"data": {"$patch": "replace", "b": "2"}}) == {"data": {"b": "2"}}
    assert merged("ConfigMap", live, {"data": {"$patch": "delete"}}) == {"data": {}}
    whole = deployment([{"$patch": "replace"}, {"name": "only"}])
    assert names(merged("Deployment", LIVE, whole)) == ["only"]


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        ("text", 400, "json: cannot unmarshal string into Go value of type map[string]interface {}"),
        (deployment([{"image": "x"}]), 500, "map: map[image:x] does not contain declared merge key: name"),
        ({"spec": {"strategy": {"$retainKeys": "type"}}}, 400, "invalid patch format of retainKeys"),
        ({"spec": {"$patch": "explode"}}, 422, "the server rejected our request due to an error in our request"),
    ],
)
def test_a_patch_of_the_wrong_shape_is_refused(patch: Any, code: int, message: str) -> None:
    live = {**LIVE, "spec": {**LIVE["spec"], "strategy": {"type": "Recreate"}}}
    with pytest.raises(ApiError) as caught:
        merged("Deployment", live, patch)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_a_patch_with_wrong_types_is_quoted_as_go_prints_it() -> None:
    error = invalid_patch({"spec": {"replicas": "many"}}, "unrecognized type: int32")
    (cause,) = error.causes
    assert cause.message == 'Invalid value: "map[spec:map[replicas:many]]": unrecognized type: int32'
    assert (error.code, cause.field) == (422, "patch")


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)


@given(NAMES, NAMES)
def test_merging_keeps_every_element_once_and_the_order_of_both_sides(live: list[str], patch: list[str]) -> None:
    def of(some: list[str]) -> Obj:
        return deployment([{"name": n} for n in some])

    after = names(merged("Deployment", of(live), of(patch)))
    assert sorted(after) == sorted({*live, *patch})
    assert [n for n in after if n in patch] == patch
    assert [n for n in after if n not in patch] == [n for n in live if n not in patch]


@given(NAMES, NAMES)
def test_applying_a_patch_with_a_set_order_twice_is_applying_it_once(live: list[str], wanted: list[str]) -> None:
    """What ``kubectl apply`` sends converges: deletions, additions and the order that the manifest has."""
    order = {"$setElementOrder/containers": [{"name": n} for n in wanted]}
    gone = [{"name": n, "$patch": "delete"} for n in live if n not in wanted]
    patch = deployment([*gone, *({"name": n, "image": "x"} for n in wanted)], **order)
    once = merged("Deployment", deployment([{"name": n} for n in live]), patch)
    assert names(once) == wanted
    assert merged("Deployment", once, patch) == once


def test_what_others_added_comes_before_what_is_new_when_an_element_goes() -> None:
    """Recorded: upstream lets the deletion and the addition of one patch change the order it compares with."""
    node = Schemas.for_version("1.36").defined("io.k8s.api.core.v1.Container")
    live = {"name": "c", "env": [{"name": n, "value": "1"} for n in ("QUEUE", "CONCURRENCY", "EXTRA")]}
    patch = {
        "$setElementOrder/env": [{"name": "CONCURRENCY"}, {"name": "LOG_LEVEL"}],
        "env": [
            {"name": "CONCURRENCY", "value": "8"},
            {"name": "LOG_LEVEL", "value": "debug"},
            {"name": "QUEUE", "$patch": "delete"},
        ],
    }
    assert [e["name"] for e in strategic_merge(live, patch, node)["env"]] == ["CONCURRENCY", "EXTRA", "LOG_LEVEL"]
