"""A session's folder tells who runs, refuses a second one, and takes over from one that died."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from wavetank.app.session import Record, SessionFolder, sessions_beside, stop_process
from wavetank.base.errors import OperationFailed


def folder(tmp_path: Path) -> SessionFolder:
    return SessionFolder(tmp_path / "platform.yaml", "dev")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def record_of(process: subprocess.Popen[bytes]) -> Record:
    started = psutil.Process(process.pid).create_time()
    return Record("shop", "platform.yaml", "dev", process.pid, started, "2026-11-21T00:00:00Z")


def test_a_claimed_folder_is_found_running_until_it_is_removed(tmp_path: Path) -> None:
    here = folder(tmp_path)
    record = here.claim("shop", "2026-11-21T00:00:00Z")
    here.save(replace(record, services=(("ml/lb", "127.0.0.1:80"),), state="ready"))
    found = here.running()
    assert found is not None
    assert (found.process_id, found.state, found.services) == (os.getpid(), "ready", (("ml/lb", "127.0.0.1:80"),))
    assert [session.environment for session in sessions_beside(tmp_path / "platform.yaml")] == ["dev"]
    here.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_second_session_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    here, process = folder(tmp_path), sleeper()
    try:
        here.root.mkdir(parents=True)
        here.save(record_of(process))
        with pytest.raises(OperationFailed, match=f"process {process.pid}.*wavetank down"):
            here.claim("shop", "2026-11-21T00:00:00Z")
    finally:
        process.kill()
        process.wait()


def test_leftovers_of_a_dead_session_are_cleared(tmp_path: Path) -> None:
    here, process = folder(tmp_path), sleeper()
    here.pods.mkdir(parents=True)
    here.save(record_of(process))
    process.kill()
    process.wait()
    assert here.running() is None
    here.claim("shop", "2026-11-21T00:00:00Z")
    assert not here.pods.exists()


def test_a_reused_process_id_is_not_taken_for_the_session(tmp_path: Path) -> None:
    here = folder(tmp_path)
    here.root.mkdir(parents=True)
    here.save(replace(here.claim("shop", "now"), process_started=1.0))
    assert here.running() is None


def test_a_damaged_record_says_so(tmp_path: Path) -> None:
    here = folder(tmp_path)
    here.root.mkdir(parents=True)
    (here.root / "session.json").write_text("{")
    with pytest.raises(OperationFailed, match="damaged"):
        here.record()


def test_stopping_asks_politely_and_reports_one_that_does_not_listen() -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OperationFailed, match="kill -9"):
            stop_process(record_of(process), timeout_seconds=0.3)
        process.kill()
    polite = sleeper()
    stop_process(record_of(polite), timeout_seconds=10)
    assert polite.wait() != 0
