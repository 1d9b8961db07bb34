"""Ctrl-C: what hears it, and what it leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from wavetank.app.lifeline import started
from wavetank.app.progress import Progress, Step
from wavetank.cli.progress import TerminalProgress
from wavetank.cli.signals import finish_undisturbed, terminated_as_interrupted

STUBBORN = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def test_taking_down_is_finished_however_often_ctrl_c_is_pressed() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with terminated_as_interrupted():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        finish_undisturbed()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def leave_in_a_hurry(folder: Path, seen: list[int]) -> None:
    """Start a program that hears no Ctrl-C, leave its block, and be interrupted while it is asked to end."""
    with started([sys.executable, "-c", STUBBORN], dict(os.environ), folder) as program:
        assert program.stdout is not None, "its output is a pipe"
        assert program.stdout.readline() == "up\n"
        seen.append(program.pid)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()


def test_a_second_ctrl_c_ends_a_program_that_takes_its_time(tmp_path: Path) -> None:
    seen: list[int] = []
    with terminated_as_interrupted(), pytest.raises(KeyboardInterrupt):
        leave_in_a_hurry(tmp_path, seen)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(seen[0]).wait(timeout=10)


def test_an_interrupted_step_has_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress([TerminalProgress()])
    with pytest.raises(KeyboardInterrupt), progress.step("wait"):
        raise KeyboardInterrupt
    step: Step = progress.steps[0]
    assert (step.ok, step.interrupted) == (False, True)
    assert "interrupted" in capsys.readouterr().err
