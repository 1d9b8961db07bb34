"""The same world twice is the same world: in another process, and after it was saved, ended and made again."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from history_kit import END_SECONDS, KUBELETS, NAMESPACE, PERSON, go_on, journal, named, new_world
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.base.errors import InputError
from wavetank.twin.bare import BareOptions, BareWorld, KubeletKind
from wavetank.twin.engine import Journal
from wavetank.twin.history import (
    ReplayFailedError,
    digests_of,
    parsed_snapshot,
    read_snapshot,
    recorder,
    snapshot_of,
    write_snapshot,
)
from wavetank.twin.history.arguments import encoded
from wavetank.twin.restored import restored
from wavetank.twin.scheduler.explanation import explanation

POD = {"metadata": {"name": "x", "namespace": "default", "uid": "1"}, "spec": {"containers": []}}
KIT = Path(__file__).with_name("history_kit.py")


@pytest.fixture(scope="module")
def unbroken() -> dict[str, BareWorld]:
    return {kubelet: go_on(new_world(3, kubelet), END_SECONDS) for kubelet in KUBELETS}


# Determinism --------------------------------------------------------------------------------------------------------


def test_another_process_with_another_hash_seed_writes_the_same_journals(
    unbroken: dict[str, BareWorld], tmp_path: Path
) -> None:
    here = "".join(journal(unbroken[kubelet]) for kubelet in KUBELETS)
    target = tmp_path / "journals"
    hash_seed = "78" if os.environ.get("PYTHONHASHSEED") == "77" else "77"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, str(KIT), str(target), "3"], check=True, env=environment, cwd=KIT.parent)
    assert target.read_text() == here


def test_another_seed_is_another_course(unbroken: dict[str, BareWorld]) -> None:
    assert journal(go_on(new_world(4), 20.0)) != journal(go_on(new_world(3), 20.0))
    assert len(unbroken["scripted"].engine.journal) > 700


# Snapshots ----------------------------------------------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(st.floats(min_value=0.0, max_value=END_SECONDS), st.sampled_from(KUBELETS))
def test_a_broken_run_is_the_unbroken_one(unbroken: dict[str, BareWorld], seconds: float, kubelet: KubeletKind) -> None:
    saved = go_on(new_world(3, kubelet), seconds)
    file = snapshot_of(saved.cluster, saved.history).compressed()
    again = restored(parsed_snapshot(file, "saved"))
    assert digests_of(again.cluster) == digests_of(saved.cluster)
    assert journal(go_on(again, END_SECONDS)) == journal(unbroken[kubelet])


def test_a_restored_world_can_be_saved_and_restored_again() -> None:
    first = go_on(new_world(3), 20.0)
    second = go_on(restored(snapshot_of(first.cluster, first.history)), 40.0)
    third = restored(snapshot_of(second.cluster, second.history))
    assert journal(third) == journal(go_on(new_world(3), 40.0))


def test_the_same_moment_gives_the_same_file(tmp_path: Path) -> None:
    world = go_on(new_world(3), 4.0)
    data = snapshot_of(world.cluster, world.history).compressed()
    write_snapshot(data, tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert read_snapshot(tmp_path / "file").compressed() == data


def test_an_input_in_the_middle_of_what_is_due_is_repeated_there() -> None:
    """A pacer that runs out of its slice lets a request in while more actions are due at the same moment."""
    world = go_on(new_world(3), 1.4)
    while world.engine.next_seconds is not None and world.engine.next_seconds < 2.0:
        world.engine.step()
        if world.engine.executed % 7 == 0:
            world.cluster.create(named("ServiceAccount", f"at-{world.engine.executed}", {}), call=PERSON)
    again = restored(snapshot_of(world.cluster, world.history))
    assert journal(again) == journal(world)


def test_reading_changes_nothing() -> None:
    world, quiet = go_on(new_world(3, "modelled"), 30.0), go_on(new_world(3, "modelled"), 30.0)
    for resource in world.cluster.registry.stored():
        world.cluster.list(resource.key)
    world.metrics.pods()
    world.metrics.nodes()
    world.cluster.rules_for(PERSON.user, NAMESPACE)
    for pod in world.cluster.list("pods"):
        explanation(world.scheduler, pod)
    assert not world.history.obstacles
    assert journal(go_on(world, 60.0)) == journal(go_on(quiet, 60.0))


# What cannot be replayed says so ------------------------------------------------------------------------------------


def test_nothing_comes_in_past_the_verbs_unnoticed() -> None:
    ways: dict[str, Callable[[BareWorld], object]] = {
        "the store": lambda w: w.cluster.store.put("pods", POD),
        "the clock": lambda w: w.engine.call_later(1, lambda: None),
        "the journal": lambda w: w.engine.record("somebody", "did", "something"),
        "randomness": lambda w: w.engine.random("uid").random(),
        "a machine": lambda w: w.fleet.fail("node-1") if w.fleet else None,
    }
    for way, act in ways.items():
        world = new_world(0, "modelled")
        act(world)
        assert world.history.obstacles, way
        assert not snapshot_of(world.cluster, world.history).lines


def test_every_verb_of_a_cluster_that_writes_is_an_entrance() -> None:
    """A new verb without one would be noticed at its first write; this notices it here."""
    world = new_world()
    for name in (
        "create",
        "update",
        "patch",
        "delete",
        "bind",
        "evict",
        "set_status",
        "set_replicas",
        "issue_token",
        "record_event",
    ):
        assert hasattr(getattr(world.cluster, name), "__wrapped__"), name


def test_a_body_that_is_not_json_is_an_obstacle_not_an_error() -> None:
    world = new_world()
    world.history.arrived("create", {"obj": {"data": b"bytes"}})
    (why,) = world.history.obstacles
    assert "JSON" in why


def test_a_history_that_grows_too_long_is_given_up_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BYTES", 1000)
    world = new_world()
    for number in range(5):
        world.history.arrived("create", {"obj": {"data": f"{number}" * 300}})
    assert not world.history.lines
    assert "too many" in world.history.obstacles[0]


def test_big_numbers_and_lone_surrogates_survive() -> None:
    body = {"text": "\ud800", "number": 2**80, "fraction": 0.1}
    assert json.loads(encoded({"obj": body}))["obj"] == body


def test_a_history_of_another_version_or_with_obstacles_is_refused_with_the_way_out() -> None:
    world = go_on(new_world(3), 2.0)
    snapshot = snapshot_of(world.cluster, world.history)
    with pytest.raises(ReplayFailedError, match="twin import"):
        restored(replace(snapshot, wavetank="0.0.1"))
    with pytest.raises(ReplayFailedError, match="no history"):
        restored(replace(snapshot, obstacles=("real processes",)))


def test_a_replay_that_comes_out_differently_names_what_differs() -> None:
    world = go_on(new_world(3), 4.0)
    snapshot = snapshot_of(world.cluster, world.history)
    objects = tuple({**o, "spec": {"replicas": 9}} if o["kind"] == "Deployment" else o for o in snapshot.objects)
    forged = replace(snapshot, objects=objects, digests=replace(snapshot.digests, store="0"))
    with pytest.raises(ReplayFailedError, match="Deployment shop web"):
        restored(forged)


def test_processes_of_this_computer_are_saved_as_objects_only(tmp_path: Path) -> None:
    from wavetank.twin.nodes.runtime.local_command import LocalCommand

    options = BareOptions(local_commands={"app": LocalCommand(("true",))}, state_folder=tmp_path)
    world = BareWorld(options)
    snapshot = snapshot_of(world.cluster, world.history)
    assert snapshot.obstacles
    assert snapshot.objects


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8bnonsense", gzip.compress(b"{}\n", mtime=0), gzip.compress(b"no json\n", mtime=0)]
)
def test_what_is_no_snapshot_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(InputError, match="some-file"):
        parsed_snapshot(data, "some-file")


def test_a_snapshot_that_was_cut_off_is_refused() -> None:
    world = go_on(new_world(3), 4.0)
    data = snapshot_of(world.cluster, world.history).compressed()
    with pytest.raises(InputError, match="cut off"):
        parsed_snapshot(data[:-100], "short")
    rows = gzip.decompress(data).splitlines(keepends=True)
    with pytest.raises(InputError, match="cut off"):
        parsed_snapshot(gzip.compress(b"".join(rows[:-3])), "short")


# The journal --------------------------------------------------------------------------------------------------------


def test_a_chain_leads_from_a_running_pod_to_the_request_that_made_it(unbroken: dict[str, BareWorld]) -> None:
    entries = unbroken["scripted"].engine.journal
    ready = next(e for e in entries if e.subject.startswith("pods/shop/web-") and "status.phase=Running" in e.detail)
    chain = [(entry.actor, entry.action) for entry in entries.chain(ready.number)]
    assert chain == [
        (ready.actor, "updated"),
        ("default-scheduler", "updated"),
        ("replicaset-controller", "created"),
        ("deployment-controller", "created"),
        ("admin", "created"),
        ("admin", "create"),
    ]


def test_each_pod_is_bound_because_of_its_own_creation(unbroken: dict[str, BareWorld]) -> None:
    entries = unbroken["scripted"].engine.journal
    bound = [e for e in entries if e.actor == "default-scheduler" and "spec.nodeName" in e.detail]
    assert len(bound) > 10
    causes = {entry.subject: entries.entry(entry.because) for entry in bound}
    own = [subject for subject, cause in causes.items() if cause is not None and cause.subject == subject]
    assert len(own) == len(causes)


def test_refusals_are_told_with_their_reason(unbroken: dict[str, BareWorld]) -> None:
    refusals = [entry for entry in unbroken["scripted"].engine.journal if entry.action == "refuse"]
    assert [entry.detail.partition(" ")[0] for entry in refusals] == ["409", "422"]


def test_entries_are_found_by_number_after_old_ones_fell_out() -> None:
    entries = Journal(limit=5)
    for number in range(12):
        entries.record(0.0, "a", "b", str(number), "", 0)
    assert entries.entry(7) is None
    entry = entries.entry(8)
    assert entry is not None
    assert entry.subject == "7"
    assert [e.number for e in entries.after(10)] == [11, 12]
    assert [e.number for e in entries.after(0)] == [8, 9, 10, 11, 12]
