"""Server-side apply: who owns what, what conflicts, what goes away. Values follow a session recorded with kubectl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.apply import LAST_APPLIED, apply, with_managers
from wavetank.kube.errors import ApiError
from wavetank.kube.fieldsets import from_fields_v1, path_text, to_fields_v1
from wavetank.kube.schema import Node, Schemas, node_of_json_schema
from wavetank.kube.types import Obj

NOW = datetime(2026, 11, 21, 10, 16, 35, 700000, tzinfo=UTC)
SCHEMAS = Schemas.for_version("1.36")


def node_of(obj: Obj) -> Node:
    group, _, version = obj["apiVersion"].rpartition("/")
    node = SCHEMAS.node(group, version, obj["kind"])
    assert node is not None
    return node


def applied(live: Obj | None, config: Obj, manager: str = "kubectl", *, force: bool = False, at: int = 0) -> Obj:
    return apply(live, config, manager, node_of(config), force=force, now=NOW + timedelta(seconds=at))


def updated(old: Obj | None, new: Obj, manager: str, at: int = 0, subresource: str = "") -> Obj:
    return with_managers(old, new, manager, node_of(new), now=NOW + timedelta(seconds=at), subresource=subresource)


def config_map(**data: str) -> Obj:
    made: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "routes", "namespace": "ns"}}
    return {**made, "data": data} if data else made


def deployment(replicas: int | None = None, containers: list[Obj] | None = None) -> Obj:
    spec: Obj = {"selector": {"matchLabels": {"app": "m"}}}
    if replicas is not None:
        spec["replicas"] = replicas
    if containers is not None:
        spec["template"] = {"metadata": {"labels": {"app": "m"}}, "spec": {"containers": containers}}
    metadata = {"name": "m", "labels": {"app": "m"}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def server(image: str, **env: str) -> Obj:
    return {"name": "server", "image": image, "env": [{"name": k, "value": v} for k, v in env.items()]}


def managers(obj: Obj) -> dict[str, Any]:
    return {e["manager"]: e["fieldsV1"] for e in obj["metadata"].get("managedFields", ())}


def refusal(*args: Any, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        applied(*args, **more)
    return caught.value


def test_the_first_apply_records_exactly_what_was_stated() -> None:
    live = applied(None, deployment(1, [server("m:1.0", A="1")]))
    (entry,) = live["metadata"]["managedFields"]
    env: Obj = {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}}
    container = {'k:{"name":"server"}': {".": {}, "f:env": env, "f:image": {}, "f:name": {}}}
    assert entry == {
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers": container}},
            },
        },
        "manager": "kubectl",
        "operation": "Apply",
        "time": "2026-11-21T10:16:35Z",
    }


def test_applying_the_same_again_changes_nothing_not_even_the_time() -> None:
    live = applied(None, config_map(a="1"))
    assert applied(live, config_map(a="1"), at=60) is live


def test_a_field_of_another_applier_is_a_conflict() -> None:
    live = applied(None, deployment(1, [server("m:1.0")]))
    error = refusal(live, deployment(3), "autoscaler")
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas'
    (cause,) = error.causes
    assert (cause.reason, cause.field) == ("FieldManagerConflict", ".spec.replicas")
    assert cause.message == 'conflict with "kubectl"'


def test_force_takes_the_field_over_and_the_former_owner_conflicts() -> None:
    live = applied(applied(None, deployment(1)), deployment(3), "autoscaler", force=True)
    assert live["spec"]["replicas"] == 3
    assert "f:replicas" not in managers(live)["kubectl"]["f:spec"]
    assert 'conflict with "autoscaler": .spec.replicas' in refusal(live, deployment(1)).message


def test_a_field_no_longer_applied_by_its_only_owner_goes_away() -> None:
    live = applied(None, deployment(1, [server("m:1.0", A="1")]))
    live = applied(live, deployment(3), "autoscaler", force=True)
    live = applied(live, deployment(None, [server("m:1.1", B="2")]))
    assert live["spec"]["replicas"] == 3
    (container,) = live["spec"]["template"]["spec"]["containers"]
    assert container == {"name": "server", "image": "m:1.1", "env": [{"name": "B", "value": "2"}]}


def test_what_two_appliers_state_stays_until_both_let_go() -> None:
    live = applied(applied(None, config_map(a="1", b="2"), "x"), config_map(a="1"), "y")
    live = applied(live, config_map(b="2"), "x")
    assert live["data"] == {"a": "1", "b": "2"}
    assert applied(live, config_map(), "y").get("data") == {"b": "2"}


def test_entries_of_a_map_belong_to_their_managers_one_by_one() -> None:
    live = applied(None, config_map(premium="a", basic="b"))
    live = applied(live, config_map(premium="z", trial="c"), "team-b", force=True, at=1)
    assert live["data"] == {"premium": "z", "basic": "b", "trial": "c"}
    entries = live["metadata"]["managedFields"]
    assert [(e["manager"], e["time"]) for e in entries] == [
        ("kubectl", "2026-11-21T10:16:35Z"),
        ("team-b", "2026-11-21T10:16:36Z"),
    ]
    assert managers(live)["kubectl"] == {"f:data": {"f:basic": {}}}
    assert managers(live)["team-b"] == {"f:data": {"f:premium": {}, "f:trial": {}}}


def test_a_field_changed_by_a_patch_names_its_manager_with_the_version() -> None:
    live = applied(None, config_map(premium="a", basic="b"))
    patched = updated(live, {**live, "data": {"premium": "a", "basic": "by-hand"}}, "kubectl-patch", at=2)
    assert managers(patched)["kubectl-patch"] == {"f:data": {"f:basic": {}}}
    error = refusal(patched, config_map(premium="a", basic="b"))
    assert error.message == 'Apply failed with 1 conflict: conflict with "kubectl-patch" using v1: .data.basic'


def test_several_conflicts_are_listed_by_manager() -> None:
    live = applied(applied(None, config_map(a="1", b="2"), "x"), config_map(c="3"), "y")
    assert refusal(live, config_map(a="0", b="0", c="0"), "z").message == (
        'Apply failed with 3 conflicts: conflicts with "x":\n- .data.a\n- .data.b\nconflicts with "y":\n- .data.c'
    )


def test_an_unknown_field_is_a_500_that_names_object_and_path() -> None:
    config = {**config_map(), "dataa": {"premium": "z"}}
    error = refusal(None, config)
    assert (error.code, error.reason) == (500, "")
    assert error.message == (
        "failed to create typed patch object (ns/routes; /v1, Kind=ConfigMap): .dataa: field not declared in schema"
    )


def test_duplicate_keys_in_a_keyed_list_are_refused() -> None:
    config = deployment(1, [server("m:1"), server("m:2")])
    assert 'containers: duplicate entries for key [name="server"]' in refusal(None, config).message


def test_written_managed_fields_are_refused_in_an_apply_and_honoured_in_an_update() -> None:
    live = applied(None, config_map(a="1"))
    assert refusal(live, live).code == 400
    (entry,) = live["metadata"]["managedFields"]
    taken = {**live, "metadata": {**live["metadata"], "managedFields": [{**entry, "manager": "new"}]}}
    assert set(managers(updated(live, taken, "someone"))) == {"new"}
    reset = {**live, "metadata": {**live["metadata"], "managedFields": [{}]}}
    assert managers(updated(live, reset, "someone")) == {}


def test_a_create_owns_every_field_as_go_sees_it() -> None:
    container = {"name": "c", "image": "i", "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {}}
    obj = deployment(1, [container])
    obj["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    fields = managers(updated(None, obj, "kubectl-create"))["kubectl-create"]
    assert fields["f:metadata"] == {"f:labels": {".": {}, "f:app": {}}}
    assert fields["f:spec"]["f:strategy"] == {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}}
    port: Obj = {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}}}
    assert fields["f:spec"]["f:template"]["f:spec"]["f:containers"] == {
        'k:{"name":"c"}': {".": {}, "f:image": {}, "f:name": {}, "f:ports": {".": {}, **port}, "f:resources": {}}
    }


def test_status_belongs_to_writes_through_its_subresource() -> None:
    live = updated(None, deployment(1), "kubectl-create")
    with_status = {**live, "status": {"replicas": 1}}
    assert len(updated(live, with_status, "main")["metadata"]["managedFields"]) == 1
    entry = updated(live, with_status, "controller", at=1, subresource="status")["metadata"]["managedFields"][1]
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:replicas": {}}})


def test_an_update_that_removes_a_field_takes_it_from_everyone() -> None:
    live = applied(None, config_map(a="1", b="2"))
    after = updated(live, {**live, "data": {"b": "2"}}, "other", at=5)
    assert managers(after) == {"kubectl": {"f:data": {"f:b": {}}}}


def test_an_object_without_record_belongs_to_before_first_apply() -> None:
    after = applied(config_map(a="1", b="2"), config_map(a="1"))
    assert managers(after)["before-first-apply"] == {"f:data": {".": {}, "f:a": {}, "f:b": {}}}


def test_kubectl_takes_over_what_client_side_apply_wrote_and_keeps_the_annotation_in_step() -> None:
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"routes"},"data":{"a":"1"}}'
    live = config_map(a="1")
    live["metadata"] = {**live["metadata"], "annotations": {LAST_APPLIED: text}}
    live = updated(None, live, "kubectl-client-side-apply")
    after = applied(live, config_map(a="2"))
    assert after["data"] == {"a": "2"}
    assert '"data":{"a":"2"}' in after["metadata"]["annotations"][LAST_APPLIED]
    assert refusal(live, config_map(a="2"), "someone-else").code == 409


def test_keyed_lists_keep_live_elements_in_place_and_applied_ones_in_their_order() -> None:
    def names(obj: Obj) -> list[str]:
        return [c["name"] for c in obj["spec"]["template"]["spec"]["containers"]]

    live = updated(None, deployment(1, [{"name": n} for n in ("a", "x", "b")]), "create")
    assert names(applied(live, deployment(None, [{"name": "b"}, {"name": "a"}]))) == ["x", "b", "a"]
    assert names(applied(live, deployment(None, [{"name": "new"}, {"name": "b"}]))) == ["a", "x", "new", "b"]


def test_sets_merge_and_shrink_by_value() -> None:
    def with_finalizers(*names: str) -> Obj:
        return {**config_map(), "metadata": {"name": "routes", "finalizers": list(names)}}

    live = applied(applied(None, with_finalizers("a/a", "b/b"), "x"), with_finalizers("c/c"), "y")
    assert live["metadata"]["finalizers"] == ["a/a", "b/b", "c/c"]
    assert applied(live, with_finalizers("b/b"), "x")["metadata"]["finalizers"] == ["b/b", "c/c"]


def test_free_form_json_of_a_custom_resource_merges_by_its_keys() -> None:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    node = node_of_json_schema(schema, node_of(config_map()).fields["metadata"])
    base = {"apiVersion": "e.com/v1", "kind": "K", "metadata": {"name": "k"}}
    live = apply(None, {**base, "spec": {"a": {"b": 1}}}, "x", node, force=False, now=NOW)
    live = apply(live, {**base, "spec": {"a": {"c": 2}}}, "y", node, force=False, now=NOW)
    assert live["spec"] == {"a": {"b": 1, "c": 2}}


DATA = st.dictionaries(st.sampled_from("abcde"), st.sampled_from("123"), max_size=4)


@given(DATA, DATA, DATA)
def test_apply_is_idempotent_and_the_applier_gets_what_it_states(
    live: dict[str, str], mine: dict[str, str], before: dict[str, str]
) -> None:
    start = applied(updated(None, config_map(**live), "creator"), config_map(**before), force=True)
    once = applied(start, config_map(**mine), force=True)
    assert all(once["data"][k] == v for k, v in mine.items())
    assert applied(once, config_map(**mine), at=9) is once


@given(DATA, DATA, DATA)
def test_nothing_of_others_is_lost_when_an_applier_changes_its_mind(
    first: dict[str, str], second: dict[str, str], others: dict[str, str]
) -> None:
    live = applied(applied(None, config_map(**first), "x"), config_map(**others), "y", force=True)
    after = applied(live, config_map(**second), "x", force=True)
    assert (after.get("data") or {}) == {**others, **second}


PATHS = st.frozensets(
    st.lists(st.sampled_from(("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"')), min_size=1, max_size=4).map(tuple), max_size=8
)


@given(PATHS)
def test_field_sets_survive_their_json_form(paths: frozenset[tuple[str, ...]]) -> None:
    assert from_fields_v1(to_fields_v1(paths)) == paths


def test_paths_read_as_kubernetes_prints_them() -> None:
    path = ("f:spec", "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"x"')
    assert path_text(path) == '.spec.ports[containerPort=80,protocol="TCP"][="x"]'
