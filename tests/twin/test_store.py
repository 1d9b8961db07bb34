"""The store remembers: revisions, notifications, and enough history to resume and to look back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Store


def config_map(name: str, value: str = "") -> Obj:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "namespace": "n"}, "data": {"v": value}}


def test_every_write_gets_the_next_revision_and_tells_subscribers_before_it_returns() -> None:
    store, seen = Store(), list[Change]()
    store.subscribe("configmaps", seen.append)
    first = store.put("configmaps", config_map("a"))
    second = store.put("configmaps", config_map("a", "2"))
    last = store.remove("configmaps", "n", "a")
    assert [c.type for c in seen] == ["ADDED", "MODIFIED", "DELETED"]
    revisions = [int(o["metadata"]["resourceVersion"]) for o in (first, second, last)]
    assert revisions == sorted(set(revisions)) == [c.revision for c in seen]
    assert seen[1].old is first


def test_a_watch_that_resumes_gets_what_it_missed_or_is_told_that_it_is_too_late() -> None:
    store = Store()
    start = store.revision
    for name in "abc":
        store.put("configmaps", config_map(name))
    store.put("secrets", config_map("other"))
    changes = store.changes_since("configmaps", start + 1)
    assert changes is not None
    assert [c.name for c in changes] == ["b", "c"]
    assert store.changes_since("configmaps", store.oldest_revision - 1) is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["put", "remove"])), max_size=30), st.data())
def test_a_snapshot_is_the_state_of_that_revision(actions: list[tuple[str, str]], data: st.DataObject) -> None:
    store = Store()
    states: dict[int, dict[str, Obj]] = {store.revision: {}}
    current: dict[str, Obj] = {}
    for number, (name, action) in enumerate(actions):
        if action == "put":
            current = {**current, name: store.put("configmaps", config_map(name, str(number)))}
        elif name in current:
            store.remove("configmaps", "n", name)
            current = {k: v for k, v in current.items() if k != name}
        states[store.revision] = current
    revision = data.draw(st.sampled_from(sorted(states)))
    snapshot = store.snapshot("configmaps", revision)
    assert snapshot is not None
    assert {o["metadata"]["name"]: o for o in snapshot} == states[revision]
