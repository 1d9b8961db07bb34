"""``up``: a platform on this machine until somebody says stop; in the foreground, or in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from wavetank.app.collector import spare_survivors
from wavetank.app.session import Record, SessionFolder, stop_process
from wavetank.app.voyage import Voyage, exports
from wavetank.base.errors import OperationFailed

#: Fixed, so that addresses stay the same from one `up` to the next and a second one is noticed.
DEFAULT_AWS_PORT = 4577
DEFAULT_API_PORT = 6443
POLL_SECONDS = 0.2
#: terraform apply, machines, images and training take one to two minutes; a slow first download of providers more.
DETACHED_START_SECONDS = 900.0
STOP_SECONDS = 90.0


def bring_up(voyage: Voyage) -> Record:
    """All steps until the load balancers answer; the record on disk then says "ready"."""
    assert voyage.record is not None, "a voyage is entered first"
    folder = voyage.folder
    record = replace(voyage.record, aws_endpoint_url=voyage.tank.cloud.url, build=str(folder.build))
    folder.save(record)
    voyage.write_files()
    record = replace(record, terraform=str(voyage.written.terraform))
    voyage.apply_terraform()
    record = replace(
        record, kubeconfig=str(folder.kubeconfig), cluster=voyage.cluster, api_url=voyage.tank.api_url(voyage.cluster)
    )
    folder.save(record)
    (folder.root / "env.sh").write_text(exports(voyage.client_environment()) + "\n")
    voyage.wait_for_nodes()
    voyage.install_releases()
    voyage.apply_kubernetes()
    voyage.wait_for_workloads()
    record = replace(record, services=tuple(voyage.wait_for_addresses().items()), state="ready")
    folder.save(record)
    return record


def stay(voyage: Voyage, record: Record, tell: Callable[[str], None]) -> None:
    """Wait until interrupted (KeyboardInterrupt passes) or until the twin breaks, which is our bug: the journal is saved.

    Meanwhile whoever has the AWS endpoint may delete the cluster and create it again: the record follows.
    """
    spare_survivors()
    while not voyage.tank.failed.wait(POLL_SECONDS):
        record = _followed(voyage, record, tell)
    journal = voyage.folder.home / f"wavetank-{voyage.folder.environment}.journal"
    journal.write_text("\n".join(voyage.tank.journal()) + "\n")
    raise AssertionError(
        f"the cluster stopped because of a bug of ours; its journal is in {journal}"
    ) from voyage.tank.failure


def _followed(voyage: Voyage, record: Record, tell: Callable[[str], None]) -> Record:
    """The record as it must be now, saved and told when it had to change."""
    cluster = record.cluster
    state = "ready" if voyage.tank.has_cluster(cluster) else "no cluster"
    if state == record.state:
        return record
    api_url = ""
    if state == "ready":
        voyage.tank.write_kubeconfig(cluster, voyage.folder.kubeconfig)
        api_url = voyage.tank.api_url(cluster)
        tell(
            f"cluster {cluster} was created again: the kubeconfig is that of {api_url}, and nothing is deployed on it yet"
        )
    else:
        tell(f"cluster {cluster} was deleted, its pods with it; the embedded AWS still answers")
    followed = replace(record, state=state, api_url=api_url, services=())
    voyage.folder.save(followed)
    return followed


def start_detached(folder: SessionFolder, words: Sequence[str], tell: Callable[[str], None]) -> Record:
    """Run ``wavetank up`` in a process of its own, passing its progress on until it is ready.

    OperationFailed when it ends before that; interrupted while waiting, it is stopped again.
    """
    other = folder.running()
    if other is not None:
        raise OperationFailed(f"{other.platform} ({other.environment}) already runs here as process {other.process_id}")
    folder.root.mkdir(parents=True, exist_ok=True)
    with folder.log.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "wavetank", "up", *words],
            stdin=subprocess.DEVNULL,
            # Its progress goes to the log; how to connect is told by whoever started it.
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    try:
        return _ready(folder, child, tell)
    except BaseException:
        child.terminate()
        child.wait(STOP_SECONDS)
        raise


def _ready(folder: SessionFolder, child: subprocess.Popen[bytes], tell: Callable[[str], None]) -> Record:
    deadline = time.monotonic() + DETACHED_START_SECONDS
    with folder.log.open() as log:
        while time.monotonic() < deadline:
            for line in log:
                tell(line.rstrip("\n"))
            if child.poll() is not None:
                raise OperationFailed(f"wavetank up ended with exit code {child.returncode} before it was ready")
            record = folder.record()
            if record is not None and record.process_id == child.pid and record.state == "ready":
                return record
            time.sleep(POLL_SECONDS)
    raise OperationFailed(f"wavetank up was not ready after {DETACHED_START_SECONDS:.0f} s")


def take_down(folder: SessionFolder) -> Record | None:
    """Stop the session of a folder and remove what a dead one left; returns the record of the one that ran, if one did."""
    record = folder.running()
    if record is not None:
        stop_process(record, STOP_SECONDS)
    folder.remove()
    return record
