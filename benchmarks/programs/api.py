"""A twin's API with a thousand running pods and nothing that changes them, or (``--busy``) a scheduler that never rests.

``python -m benchmarks.programs.api FOLDER [--busy]`` writes the certificates of client, server and authority into the
folder, prints its port and serves until its stdin closes.
"""

from __future__ import annotations

import asyncio
import base64
import resource
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.scheduling import basic_pod, cluster_of
from wavetank.app.collector import spare_survivors
from wavetank.kube.times import rfc3339
from wavetank.twin.apiserver import ApiServer
from wavetank.twin.apiserver.pki import Authority
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Pacer
from wavetank.twin.scheduler import Scheduler

NODES = 10
PODS = 1_000
#: Pods beside those that run, in a busy cluster.
BUSY_PODS = 100


async def serve(folder: Path, *, busy: bool = False) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    cluster = cluster_of(NODES)
    for number in range(PODS):
        _run(cluster, cluster.create(basic_pod(number)), number)
    if busy:
        Scheduler(cluster).start()
        _keep_busy(cluster, 0)
    spare_survivors()  # as the programs do that run a twin for people
    pacer = Pacer(cluster.engine)
    api = ApiServer(cluster, pacer)
    await api.start()
    pacing = asyncio.create_task(pacer.run())
    api.write_kubeconfig(folder / "kubeconfig")
    _write_certificates(folder, api.ca_pem)
    print(api.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)  # the benchmark closes it, also when it dies
    await api.stop()
    pacing.cancel()


def _keep_busy(cluster: Cluster, number: int) -> None:
    """One more pod, one less of those that are placed; and again, as soon as that has been taken in."""
    cluster.create(basic_pod(PODS + number))
    gone = f"pod-{PODS + number - BUSY_PODS}"
    if number >= BUSY_PODS and cluster.find("pods", "default", gone) is not None:
        cluster.delete("pods", "default", gone, grace_seconds=0)
    cluster.engine.call_soon(lambda: _keep_busy(cluster, number + 1))


def _run(cluster: Cluster, made: Any, number: int) -> None:
    """As a kubelet would have it."""
    name, node = made["metadata"]["name"], f"node-{number % NODES}"
    cluster.bind("default", name, node)
    now = rfc3339(cluster.engine.utc)
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "imageID": "",
        "ready": True,
        "restartCount": 0,
    }
    started = {**container, "started": True, "state": {"running": {"startedAt": now}}, "lastState": {}}
    ready = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Ready", "ContainersReady")]
    address = f"10.1.{number // 250}.{number % 250 + 1}"
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "startTime": now, "conditions": ready}
    live = cluster.get("pods", "default", name)
    cluster.set_status(live, {**live["status"], **status, "containerStatuses": [started]})


def _write_certificates(folder: Path, ca_pem: str) -> None:
    """The administrator's from the kubeconfig; one more server certificate, by an authority of its own, for the bare server."""
    user = yaml.safe_load((folder / "kubeconfig").read_text())["users"][0]["user"]
    (folder / "client.crt").write_bytes(base64.b64decode(user["client-certificate-data"]))
    (folder / "client.key").write_bytes(base64.b64decode(user["client-key-data"]))
    other = Authority("bare")
    server = other.server(["127.0.0.1"])
    (folder / "server.crt").write_bytes(server.certificate_pem)
    (folder / "server.key").write_bytes(server.key_pem)
    (folder / "ca.crt").write_text(ca_pem + other.certificate_pem.decode())


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), busy="--busy" in sys.argv))
