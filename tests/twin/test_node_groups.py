"""Groups of machines whose size somebody may change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from autoscaling_kit import AutoscaledWorld, node_group
from nodes_kit import BOOT_SECONDS

from wavetank.twin.nodes.groups import Done

ZONES = ("ap-southeast-2a", "ap-southeast-2b")


def ignore(refusal: str | None) -> None:
    assert refusal is None


def zones(world: AutoscaledWorld) -> list[str]:
    found = world.cluster.list("nodes", where=lambda n: n["metadata"]["name"] in world.nodes())
    return sorted(node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in found)


def test_new_machines_keep_the_zones_even() -> None:
    world = AutoscaledWorld(node_group(size=1, zones=ZONES))
    world.groups.increase_size("asg-general", 3, ignore)
    world.engine.run_for(BOOT_SECONDS + 1.0)
    assert zones(world) == [ZONES[0], ZONES[0], ZONES[1], ZONES[1]]


def test_a_size_beyond_the_bounds_is_refused_in_the_providers_words() -> None:
    world = AutoscaledWorld(node_group(size=1, least=1, most=2))
    with pytest.raises(ValueError, match="size increase too large - desired:3 max:2"):
        world.groups.increase_size("asg-general", 2, ignore)
    with pytest.raises(ValueError, match="min size reached, nodes will not be deleted"):
        world.groups.delete_nodes("asg-general", world.nodes(), ignore)
    with pytest.raises(ValueError, match="attempt to delete existing nodes targetSize:1 delta:-1 existingNodes: 1"):
        world.groups.decrease_target("asg-general", 1, ignore)


def test_the_machine_that_is_named_ends_and_no_other() -> None:
    world = AutoscaledWorld(node_group(size=3))
    first, second, third = world.nodes()
    node = world.cluster.get("nodes", "", second)
    assert world.groups.group_of(node) == "asg-general"
    world.groups.delete_nodes("asg-general", [second], ignore)
    assert world.groups.group_of(node) is None
    world.engine.run_for(120.0)
    assert world.nodes() == [first, third]
    assert world.size() == 2


def test_what_cannot_be_started_is_a_placeholder_that_says_why_and_is_tried_again() -> None:
    world = AutoscaledWorld(node_group(size=1))
    world.groups.capacity = lambda machine: "no room"
    world.groups.increase_size("asg-general", 1, ignore)
    there, missing = world.groups.instances("asg-general")
    assert (there.failure, missing.failure, missing.is_placeholder) == (None, "no room", True)
    world.groups.capacity = lambda machine: None
    world.engine.run_for(60.0 + BOOT_SECONDS + 1.0)
    assert len(world.nodes()) == 2


def test_a_size_that_the_cloud_refuses_is_taken_back() -> None:
    world = AutoscaledWorld(node_group(size=1))
    asked: list[tuple[str, int, Done]] = []
    world.groups.resize_through(lambda group, size, done: asked.append((group, size, done)))
    answers: list[str | None] = []
    world.groups.increase_size("asg-general", 2, answers.append)
    assert world.size() == 3
    ((group, size, done),) = asked
    assert (group, size) == ("asg-general", 3)
    done("not today")
    assert world.size() == 1
    assert answers == ["not today"]


def test_an_older_word_of_the_cloud_does_not_undo_what_was_asked_since() -> None:
    world = AutoscaledWorld(node_group(size=1))
    asked: list[Done] = []
    world.groups.resize_through(lambda group, size, done: asked.append(done))
    world.groups.increase_size("asg-general", 1, ignore)
    world.groups.increase_size("asg-general", 1, ignore)
    known = next(group for group in world.groups.all() if group.name == "general")
    world.groups.put(replace(known, target_size=2))
    assert world.size() == 3
    world.groups.put(replace(known, target_size=3))
    for done in asked:
        done(None)
    world.engine.run_for(BOOT_SECONDS + 1.0)
    assert (world.size(), len(world.nodes())) == (3, 3)


def test_a_group_that_is_deleted_is_emptied() -> None:
    world = AutoscaledWorld(node_group(size=2))
    world.groups.drop("asg-general")
    world.engine.run_for(300.0)
    assert world.nodes() == []
    assert [group.name for group in world.groups.all()] == ["system"]
