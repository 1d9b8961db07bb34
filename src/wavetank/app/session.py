"""What is known on disk about a running platform: its folder beside the spec, and the record that other commands read.

``<folder of platform.yaml>/.wavetank/<environment>/`` holds the rendered bundle, Terraform's state, the kubeconfig, logs and pod
files while a platform runs. ``session.json`` in it names the process, so that ``status``, ``down`` and a second ``up`` find it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from wavetank.base.errors import OperationFailed

FOLDER = ".wavetank"
RECORD = "session.json"


@dataclass(frozen=True)
class Record:
    """``state`` is "starting", "ready", or "no cluster" once somebody has deleted it.

    ``process_started`` tells a reused process id from the real one.
    """

    platform: str
    spec_file: str
    environment: str
    process_id: int
    process_started: float
    started_at: str
    state: str = "starting"
    aws_endpoint_url: str = ""
    api_url: str = ""
    kubeconfig: str = ""
    build: str = ""
    terraform: str = ""
    cluster: str = ""
    log: str = ""
    #: "namespace/name" of a LoadBalancer service -> its local address
    services: tuple[tuple[str, str], ...] = ()

    @property
    def alive(self) -> bool:
        with suppress(psutil.Error):
            process = psutil.Process(self.process_id)
            return process.create_time() == self.process_started and process.status() != psutil.STATUS_ZOMBIE
        return False


class SessionFolder:
    """The folder of one platform in one environment on this machine."""

    def __init__(self, spec_file: Path, environment: str) -> None:
        self.spec_file = spec_file
        self.environment = environment
        #: the user's folder in which it all lies
        self.home = spec_file.resolve().parent
        self.root = self.home / FOLDER / environment
        self.build = self.root / "build"
        self.kubeconfig = self.root / "kubeconfig"
        self.log = self.root / "wavetank.log"
        self.pods = self.root / "pods"
        self._record = self.root / RECORD

    def record(self) -> Record | None:
        """The record of the session that runs or ran here; None when there is none."""
        try:
            raw = json.loads(self._record.read_text())
            return Record(**{**raw, "services": tuple((name, address) for name, address in raw["services"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as damaged:
            raise OperationFailed(f"{self._record} is damaged ({damaged}); remove it if nothing runs here") from damaged

    def running(self) -> Record | None:
        """The record of a session whose process is alive."""
        record = self.record()
        return record if record is not None and record.alive else None

    def claim(self, platform: str, started_at: str) -> Record:
        """Make this process the one that runs here; OperationFailed when another does. Leftovers of a dead one are removed."""
        other = self.running()
        if other is not None and other.process_id != os.getpid():
            raise OperationFailed(
                f"{platform} ({self.environment}) already runs here as process {other.process_id}, since {other.started_at}; "
                f"`wavetank status {self.spec_file}` shows it, `wavetank down {self.spec_file} -e {self.environment}` stops it"
            )
        self.clear()
        self.root.mkdir(parents=True, exist_ok=True)
        # Everything below .wavetank belongs to this machine alone.
        (self.root.parent / ".gitignore").write_text("*\n")
        me = psutil.Process()
        record = Record(platform, str(self.spec_file), self.environment, me.pid, me.create_time(), started_at)
        self.save(record)
        return record

    def save(self, record: Record) -> None:
        """Write the record so that a reader sees the old one or the new one, never half of one."""
        temporary = self._record.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(record), indent=2) + "\n")
        temporary.replace(self._record)

    def clear(self) -> None:
        """Remove what a session left, but the log of a detached one that is being written."""
        if not self.root.exists():
            return
        for entry in self.root.iterdir():
            if entry == self.log:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder, and ``.wavetank`` itself when no other environment uses it."""
        shutil.rmtree(self.root, ignore_errors=True)
        parent = self.root.parent
        if parent.exists() and {entry.name for entry in parent.iterdir()} <= {".gitignore"}:
            shutil.rmtree(parent, ignore_errors=True)


def sessions_beside(spec_file: Path) -> list[SessionFolder]:
    """The session folders of a platform, by environment."""
    root = spec_file.resolve().parent / FOLDER
    if not root.is_dir():
        return []
    return [SessionFolder(spec_file, folder.name) for folder in sorted(root.iterdir()) if (folder / RECORD).exists()]


def stop_process(record: Record, timeout_seconds: float) -> None:
    """Ask a session's process to end as Ctrl-C would; OperationFailed when it does not within the time."""
    with suppress(ProcessLookupError):
        os.kill(record.process_id, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while record.alive:
        if time.monotonic() > deadline:
            raise OperationFailed(
                f"process {record.process_id} did not end within {timeout_seconds:.0f} s; `kill -9 {record.process_id}` "
                "ends it at once, pods included"
            )
        time.sleep(0.1)
