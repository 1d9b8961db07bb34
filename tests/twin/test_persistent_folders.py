"""Persistent volumes of real pods are folders: what a pod leaves there is there for the next one, until the volume goes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from real_kit import RealWorld, get, until
from test_controllers_volumes import claim, volume

from wavetank.kube.types import Obj
from wavetank.twin.controllers import start_controllers
from wavetank.twin.nodes.persistent_folders import PersistentFolders

DATA = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


def world_with_a_volume(folder: Path, **spec: Any) -> RealWorld:
    world = RealWorld(folder)
    start_controllers(world.cluster, heartbeats=world.fleet.last_heartbeat_seconds)
    PersistentFolders(world.cluster, folder / "state")
    world.cluster.create(volume(**spec))
    world.cluster.create(claim())
    world.engine.run_for(1.0)
    return world


async def folder_told(world: RealWorld, name: str) -> Path:
    """The folder that the server in a pod was told of."""
    _, body = await get(world.pod(name)["status"]["podIP"], 8080)
    return Path(_environment(body)["VOLUME_DATA"])


def _environment(body: bytes) -> Obj:

    found: Obj = json.loads(body)["env"]
    return found


def test_what_a_pod_writes_is_there_after_a_restart_and_for_the_next_pod(tmp_path: Path) -> None:
    world = world_with_a_volume(tmp_path)

    async def story() -> None:
        world.create("db-0", volumes=DATA)
        await until(lambda: world.ready("db-0"))
        (await folder_told(world, "db-0") / "rows").write_text("1")
        with contextlib.suppress(IndexError):  # it dies without an answer
            await get(world.pod("db-0")["status"]["podIP"], 8080, "/crash")
        await until(lambda: world.container("db-0")["restartCount"] == 1 and world.ready("db-0"))
        assert (await folder_told(world, "db-0") / "rows").read_text() == "1"
        world.cluster.delete("pods", "default", "db-0")
        await until(lambda: world.gone("db-0"))
        world.create("db-0", volumes=DATA)
        await until(lambda: world.ready("db-0"))
        assert (await folder_told(world, "db-0") / "rows").read_text() == "1"

    world.run(story)


def test_the_folder_goes_with_the_volume(tmp_path: Path) -> None:
    world = world_with_a_volume(tmp_path)
    kept = tmp_path / "state" / "volumes" / "disk"

    async def story() -> None:
        world.create(volumes=DATA)
        await until(world.ready)
        (kept / "rows").write_text("1")
        world.cluster.delete("pods", "default", "web")
        await until(world.gone)
        world.cluster.delete("persistentvolumeclaims", "default", "data")
        await until(lambda: world.cluster.get("persistentvolumes", "", "disk")["status"]["phase"] == "Released")
        assert (kept / "rows").exists()
        world.cluster.delete("persistentvolumes", "", "disk")
        await until(lambda: not kept.exists())

    world.run(story)


def test_a_recycled_volume_is_empty(tmp_path: Path) -> None:
    world = world_with_a_volume(tmp_path, persistentVolumeReclaimPolicy="Recycle")
    kept = tmp_path / "state" / "volumes" / "disk"
    kept.mkdir(parents=True)
    (kept / "rows").write_text("1")
    world.cluster.delete("persistentvolumeclaims", "default", "data")
    world.engine.run_for(10.0)
    assert not kept.exists()


def test_a_claim_without_a_volume_keeps_its_pod_from_starting(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    world.cluster.create(claim())
    world.create(volumes=DATA)
    world.engine.run_for(5.0)
    messages = [event["message"] for event in world.cluster.list("events") if event["reason"] == "FailedMount"]
    text = 'MountVolume.SetUp failed for volume "data" : error processing PVC default/data: PVC is not bound'
    assert messages == [text]
