"""Real pods: processes with an address, folders, probes and an end of their own; and no orphans, whatever happens."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from real_kit import IMAGE, RealWorld, get, server_container, until

from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.local_command import (
    Filling,
    LocalCommand,
    UnknownVolumeError,
    command_for,
    filled_argv,
    located,
)
from wavetank.twin.nodes.runtime.loopback import LoopbackAddresses, bind_problem

ON_LINUX = sys.platform.startswith("linux")


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody has waited for does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def served(world: RealWorld, name: str = "web") -> Obj:
    """What the pod's server says about itself."""
    code, body = await get(world.pod(name)["status"]["podIP"], 8080, "/about")
    assert code == 200
    answer: Obj = json.loads(body)
    return answer


def test_a_process_that_ends_at_once_was_never_ready(tmp_path: Path) -> None:
    world = RealWorld(tmp_path, {"broken": LocalCommand(("false",))}, speed=1.0)
    conditions: set[str] = set()

    def restarted() -> bool:
        status = world.pod()["status"]
        conditions.update(c["status"] for c in status.get("conditions") or () if c["type"] == "Ready")
        return any(c["restartCount"] for c in status.get("containerStatuses") or ())

    async def story() -> None:
        world.create(containers=[{"name": "main", "image": "broken"}])
        await until(restarted)

    world.run(story)
    assert conditions == {"False"}


def test_a_real_pod_serves_at_its_own_address(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.create("one")
        world.create("two")
        await until(lambda: world.ready("one") and world.ready("two"))
        addresses = {world.pod(name)["status"]["podIP"] for name in ("one", "two")}
        assert len(addresses) == 2
        assert all(address.startswith("127.") for address in addresses)
        about = await served(world, "one")
        assert about["pod"] == "one"
        assert about["env"]["HOST"] == world.pod("one")["status"]["podIP"]
        assert about["env"]["PORT"] == "8080"

    world.run(story)


def test_configuration_arrives_as_environment_and_files(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    volumes = [{"name": "config", "configMap": {"name": "settings"}}, {"name": "scratch", "emptyDir": {}}]
    env = [
        {"name": "TREES", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "trees"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}},
        {"name": "WHO", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "GREETING", "value": "$(WHO) grows $(TREES) $$(TREES) $(NOTHING)"},
    ]

    async def story() -> None:
        world.cluster.create(_config_map({"trees": "100"}))
        metadata = {"name": "keys", "namespace": "default"}
        world.cluster.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "c2VjcmV0"}}
        )
        world.create(containers=[server_container(env=env)], volumes=volumes)
        await until(world.ready)
        told = (await served(world))["env"]
        assert told["TREES"] == "100"
        assert told["PASSWORD"] == "secret"
        assert told["IP"] == told["HOST"]
        assert told["GREETING"] == "web grows 100 $(TREES) $(NOTHING)"
        config = Path(told["VOLUME_CONFIG"])
        assert (config / "trees").read_text() == "100"
        assert (config / "trees").stat().st_mode & 0o222 == 0
        assert list(Path(told["VOLUME_SCRATCH"]).iterdir()) == []

    world.run(story)


def _config_map(data: dict[str, str]) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "default"},
        "data": data,
    }


def test_a_changed_config_map_reaches_the_files_at_the_next_sync(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.cluster.create(_config_map({"trees": "100", "old": "x"}))
        world.create(volumes=[{"name": "config", "configMap": {"name": "settings"}}])
        await until(world.ready)
        config = Path((await served(world))["env"]["VOLUME_CONFIG"])
        world.cluster.modify("configmaps", "default", "settings", lambda old: {**old, "data": {"trees": "200"}})
        assert (config / "trees").read_text() == "100"
        world.engine.run_for(61.0)
        assert (config / "trees").read_text() == "200"
        assert not (config / "old").exists()

    world.run(story)


def test_readiness_and_its_loss_are_real(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        pod = world.create()
        await until(world.ready)
        root = tmp_path / "state" / "pods" / pod["metadata"]["uid"]
        (root / "unready").touch()
        await until(lambda: not world.ready())
        unhealthy = world.cluster.list("events", where=lambda e: e["reason"] == "Unhealthy")
        assert unhealthy[-1]["message"] == "Readiness probe failed: HTTP probe failed with statuscode: 503"
        (root / "unready").unlink()
        await until(world.ready)

    world.run(story)


def test_a_killed_process_is_restarted_and_counted(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.create()
        await until(world.ready)
        os.kill((await served(world))["pid"], signal.SIGKILL)
        await until(lambda: world.container()["restartCount"] == 1)
        await until(world.ready)
        ended = world.container()["lastState"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (137, "Error")

    world.run(story)


def test_a_failing_liveness_probe_restarts_the_process(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    alive = {"exec": {"command": ["test", "!", "-e", "dead"]}, "periodSeconds": 1, "failureThreshold": 2}

    async def story() -> None:
        pod = world.create(containers=[server_container(livenessProbe=alive)])
        await until(world.ready)
        root = tmp_path / "state" / "pods" / pod["metadata"]["uid"]
        (root / "dead").touch()
        await until(lambda: not world.ready())
        (root / "dead").unlink()
        await until(lambda: world.container()["restartCount"] == 1)
        killing = world.cluster.list("events", where=lambda e: e["reason"] == "Killing")
        assert killing[0]["message"] == "Container app failed liveness probe, will be restarted"
        assert world.container()["lastState"]["terminated"]["exitCode"] == 0

    world.run(story)


def test_a_deleted_pod_gets_sigterm_and_leaves_nothing(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        pod = world.create()
        await until(world.ready)
        pid = (await served(world))["pid"]
        address = world.pod()["status"]["podIP"]
        world.cluster.delete("pods", "default", "web")
        await until(world.gone, 3.0)
        assert not alive(pid)
        assert not (tmp_path / "state" / "pods" / pod["metadata"]["uid"]).exists()
        assert bind_problem(address, 8080) == 0

    world.run(story)


def test_a_process_that_ignores_sigterm_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    stubborn = LocalCommand(("sh", "-c", "trap '' TERM; echo armed; while :; do sleep 0.1; done"))
    world = RealWorld(tmp_path, {"registry.example/stubborn": stubborn}, speed=1.0)

    async def story() -> None:
        stubborn_container = {"name": "app", "image": "registry.example/stubborn"}
        pod = world.create(containers=[stubborn_container], terminationGracePeriodSeconds=1)
        log = tmp_path / "state" / "pods" / pod["metadata"]["uid"] / "logs" / "app" / "0.log"
        await until(lambda: log.exists() and "armed" in log.read_text())
        started = time.monotonic()
        world.cluster.delete("pods", "default", "web")
        await until(world.gone, 4.0)
        assert time.monotonic() - started > 0.9

    world.run(story)


def test_a_command_that_does_not_exist_fails_with_containerds_words(tmp_path: Path) -> None:
    missing = LocalCommand(("no-such-program",))
    world = RealWorld(tmp_path, {"registry.example/missing": missing})

    async def story() -> None:
        world.create(containers=[{"name": "app", "image": "registry.example/missing:1"}], restartPolicy="Never")
        await until(lambda: world.pod()["status"].get("phase") == "Failed")
        ended = world.container()["state"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
        assert 'exec: "no-such-program": No such file or directory' in ended["message"]

    world.run(story)


def test_no_child_outlives_its_container(tmp_path: Path) -> None:
    detach = textwrap.dedent(
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                time.sleep(600)
            os._exit(0)
        time.sleep(1)
        """
    )
    daemon = LocalCommand((sys.executable, "-I", "-S", "-c", detach))
    world = RealWorld(tmp_path, {"registry.example/daemon": daemon})

    async def story() -> None:
        pod = world.create(containers=[{"name": "app", "image": "registry.example/daemon"}], restartPolicy="Never")
        log = tmp_path / "state" / "pods" / pod["metadata"]["uid"] / "logs" / "app" / "0.log"
        await until(lambda: log.exists() and bool(log.read_text()))
        orphan = int(log.read_text().split()[-1])
        assert alive(orphan)
        await until(lambda: world.pod()["status"].get("phase") == "Succeeded")
        await until(lambda: not alive(orphan), 2.0)

    if not ON_LINUX:
        pytest.skip("only Linux lets a supervisor adopt processes that detach themselves")
    world.run(story)


def test_nothing_survives_a_kill_dash_nine_of_the_parent(tmp_path: Path) -> None:
    children = tmp_path / "pids"
    worker = textwrap.dedent(
        f"""
        import os, time
        os.fork()
        with open({str(children)!r}, "a") as file:
            file.write(str(os.getpid()) + chr(10))
        time.sleep(600)
        """
    )
    parent = textwrap.dedent(
        f"""
        import asyncio, sys
        from pathlib import Path
        from wavetank.twin.nodes.runtime.supervised import Command, SupervisedProcess

        async def main():
            loop = asyncio.get_running_loop()
            command = Command((sys.executable, "-I", "-S", "-c", {worker!r}), {{}}, Path({str(tmp_path)!r}))
            process = SupervisedProcess(loop, command, lambda stream, data: None, lambda ended: None)
            await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        pids = _wait_for_lines(children, 2)
        supervisors = [p.pid for p in psutil.Process(process.pid).children()]
        assert len(supervisors) == 1
        process.kill()
    everyone = [*supervisors, *pids]
    end = time.monotonic() + 5
    while any(alive(pid) for pid in everyone):
        assert time.monotonic() < end, f"still there: {[p for p in everyone if alive(p)]}"
        time.sleep(0.02)


def _wait_for_lines(path: Path, count: int) -> list[int]:
    end = time.monotonic() + 10
    while not path.exists() or len(path.read_text().split()) < count:
        assert time.monotonic() < end, "the children did not start"
        time.sleep(0.02)
    return [int(pid) for pid in path.read_text().split()]


def test_a_place_is_not_given_twice_and_a_busy_port_is_passed_over() -> None:
    addresses = LoopbackAddresses(1000)
    first, second = addresses.take([18080]), addresses.take([18080])
    assert first.address != second.address
    assert not first.mapped_ports


def test_placeholders_are_filled_and_unknown_volumes_refused(tmp_path: Path) -> None:
    filling = Filling("127.64.0.1", 8080, tmp_path, "web", "default", {"models": tmp_path / "m"})
    command = LocalCommand(("serve", "--bind={HOST}:{PORT}", "--models", "{VOLUME:models}", "{ARGS}", "{}"))
    assert filled_argv(command, filling, ("-v", "-x")) == (
        *("serve", "--bind=127.64.0.1:8080", "--models", str(tmp_path / "m"), "-v", "-x", "{}"),
    )
    with pytest.raises(UnknownVolumeError):
        filled_argv(LocalCommand(("{VOLUME:nothing}",)), filling, ())


@pytest.mark.parametrize(
    "image", [IMAGE, f"{IMAGE}:1.0", f"{IMAGE}@sha256:{'0' * 64}", f"{IMAGE}:1.0@sha256:{'0' * 64}"]
)
def test_a_command_stands_for_every_tag_of_its_repository(image: str) -> None:
    command = LocalCommand(("x",))
    assert command_for(image, {IMAGE: command}) is command
    assert command_for("registry.example/other:1.0", {IMAGE: command}) is None


def test_requests_are_answered_while_the_world_sleeps(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.create()
        await until(world.ready)
        answers = await asyncio.gather(*(served(world) for _ in range(20)))
        assert len(answers) == 20

    world.run(story)


def test_a_projected_token_speaks_for_the_pods_service_account(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    token = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}
    names = {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}
    volumes = [{"name": "access", "projected": {"sources": [token, names]}}]

    async def story() -> None:
        world.create(volumes=volumes, serviceAccountName="default")
        await until(world.ready)
        folder = Path((await served(world))["env"]["VOLUME_ACCESS"])
        assert (folder / "namespace").read_text() == "default"
        first = (folder / "token").read_text()
        assert world.cluster.user_of_token(first).name == "system:serviceaccount:default:default"
        world.engine.run_for(3000.0)
        assert (folder / "token").read_text() != first

    world.run(story)


def test_without_addresses_of_their_own_pods_share_one_and_have_mapped_ports(tmp_path: Path) -> None:
    world = RealWorld(tmp_path, own_addresses=False)

    async def story() -> None:
        world.create("one")
        world.create("two")
        await until(lambda: world.ready("one") and world.ready("two"))
        ports = set()
        for name in ("one", "two"):
            pod = world.pod(name)
            assert pod["status"]["podIP"] == "127.0.0.1"
            mapped = json.loads(pod["metadata"]["annotations"]["twin.wavetank.dev/mapped-ports"])
            code, body = await get("127.0.0.1", mapped["8080"])
            assert (code, json.loads(body)["pod"]) == (200, name)
            ports.add(mapped["8080"])
        assert len(ports) == 2

    world.run(story)


def test_the_end_of_the_log_can_be_the_reason_of_an_end(tmp_path: Path) -> None:
    failing = LocalCommand(("sh", "-c", "echo loading; echo no model >&2; exit 4"))
    world = RealWorld(tmp_path, {"registry.example/failing": failing})
    container = {"name": "app", "image": "registry.example/failing"}

    async def story() -> None:
        told = container | {"terminationMessagePolicy": "FallbackToLogsOnError"}
        world.create("told", containers=[told], restartPolicy="Never")
        world.create("silent", containers=[container], restartPolicy="Never")
        await until(lambda: all(world.pod(n)["status"].get("phase") == "Failed" for n in ("told", "silent")))
        ended = world.container("told")["state"]["terminated"]
        assert ended["exitCode"] == 4
        assert sorted(ended["message"].split("\n")) == ["", "loading", "no model"]
        assert "message" not in world.container("silent")["state"]["terminated"]

    world.run(story)


@pytest.mark.skipif(not ON_LINUX, reason="only Linux ends a process with its parent")
def test_a_process_does_not_outlive_its_supervisor(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.create()
        await until(world.ready)
        pid = world.fleet.process_id("default", "web")
        assert pid is not None
        assert pid == (await served(world))["pid"]
        supervisor = psutil.Process(pid).parent()
        assert supervisor is not None
        supervisor.kill()
        await until(lambda: not alive(pid))
        await until(lambda: world.container()["restartCount"] == 1)

    world.run(story)


def test_words_that_name_a_place_in_a_volume_name_it_on_this_computer() -> None:
    mounts = {"/opt": Path("/pods/a/volumes/code"), "/opt/data": Path("/pods/a/volumes/data")}
    words = ("python", "-u", "/opt/server.py", "/opt/data/rows.csv", "/optional", "--root=/opt", "opt/server.py")
    assert located(words, mounts) == (
        "python",
        "-u",
        "/pods/a/volumes/code/server.py",
        "/pods/a/volumes/data/rows.csv",
        "/optional",
        "--root=/opt",
        "opt/server.py",
    )
