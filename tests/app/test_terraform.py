"""Driving terraform: found or named as missing, its counts and errors read, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from wavetank.app.lifeline import started
from wavetank.app.terraform import PROVIDER, Terraform, cli_config, mirrors, program
from wavetank.base.errors import OperationFailed, ToolMissing

REAL = any((Path(folder) / "terraform").exists() for folder in os.get_exec_path())
needs_terraform = pytest.mark.skipif(not REAL, reason="terraform is not installed")

BUILT_IN_ONLY = """\
resource "terraform_data" "a" {
  input = "x"
}

resource "terraform_data" "b" {
  input = terraform_data.a.output
}

output "b" {
  value = terraform_data.b.output
}
"""


def folder_with(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "main.tf").write_text(text)
    return folder


def terraform(folder: Path, heard: list[str] | None = None) -> Terraform:
    said: list[str] = [] if heard is None else heard
    return Terraform(folder, folder.parent / "work", {**os.environ, "HOME": str(folder.parent)}, said.append)


def program_that(tmp_path: Path, body: str) -> dict[str, str]:
    """An environment in which ``terraform`` is a Python script."""
    script = tmp_path / "bin" / "terraform"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nimport json, os, signal, subprocess, sys, time\n{body}")
    script.chmod(0o755)
    return {"PATH": str(script.parent), "HOME": str(tmp_path)}


def gone(pid: int, within_seconds: float = 10) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


# --- finding ----------------------------------------------------------------------------------------------------------


def test_a_missing_terraform_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match=r"terraform is not on PATH: install"):
        program({"PATH": str(tmp_path)})


def test_a_mirror_below_the_home_folder_is_found(tmp_path: Path) -> None:
    mirror = tmp_path / ".terraform.d" / "mirror"
    (mirror / PROVIDER).mkdir(parents=True)
    (tmp_path / ".terraform.d" / "other").mkdir()
    assert mirror in mirrors({"HOME": str(tmp_path)})
    assert mirror not in mirrors({})


def test_terraforms_configuration_takes_the_provider_from_the_mirror_only(tmp_path: Path) -> None:
    text = cli_config(tmp_path / 'a "quoted" folder')
    assert 'path    = "' + str(tmp_path) + '/a \\"quoted\\" folder"' in text
    assert text.count(f'["{PROVIDER}"]') == 2


# --- the real one -----------------------------------------------------------------------------------------------------


@needs_terraform
def test_a_whole_life_is_counted_as_terraform_counts(tmp_path: Path) -> None:
    heard: list[str] = []
    run = terraform(folder_with(tmp_path, BUILT_IN_ONLY), heard)
    run.init()
    run.validate()
    planned, applied = run.plan(), run.apply()
    assert (planned.added, planned.changes_nothing) == (2, False)
    assert (applied.added, applied.changed, applied.destroyed) == (2, 0, 0)
    assert applied.text == "Apply complete! Resources: 2 added, 0 changed, 0 destroyed."
    assert any(message.startswith("terraform_data.b: Creation complete") for message in heard)
    assert run.plan().changes_nothing
    destroyed = run.destroy()
    assert (destroyed.added, destroyed.destroyed) == (0, 2)
    assert destroyed.text == "Destroy complete! Resources: 2 destroyed."


@needs_terraform
def test_errors_are_terraforms_own_with_their_place(tmp_path: Path) -> None:
    run = terraform(folder_with(tmp_path, 'resource "terraform_data" "a" {\n  input = nowhere.x\n}\n'))
    with pytest.raises(OperationFailed, match=r"main\.tf:2: Reference to undeclared resource"):
        run.plan()


@needs_terraform
def test_an_invalid_configuration_is_refused(tmp_path: Path) -> None:
    run = terraform(folder_with(tmp_path, "resource {}\n"))
    with pytest.raises(OperationFailed, match="validate"):
        run.validate()


# --- the end ----------------------------------------------------------------------------------------------------------

SLOW = """\
def on_interrupt(number, frame):
    open("state-written", "w").close()
    sys.exit(1)

signal.signal(signal.SIGINT, on_interrupt)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(json.dumps({"@level": "info", "@message": f"child {child.pid}"}), flush=True)
time.sleep(600)
"""


def test_a_crash_without_json_is_shown_as_it_is(tmp_path: Path) -> None:
    environment = program_that(tmp_path, 'print("panic: runtime error"); sys.exit(11)')
    with pytest.raises(OperationFailed, match=r"exit 11(.|\n)*panic: runtime error"):
        Terraform(tmp_path, tmp_path / "work", environment).apply()


def test_an_interrupt_is_polite_and_leaves_no_child(tmp_path: Path) -> None:
    seen: list[int] = []

    def interrupt(message: str) -> None:
        seen.append(int(message.split()[1]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Terraform(tmp_path, tmp_path / "work", program_that(tmp_path, SLOW), interrupt).apply()
    assert (tmp_path / "state-written").exists()
    assert gone(seen[0])


def test_nothing_outlives_us_when_we_are_killed(tmp_path: Path) -> None:
    text = (
        "import sys\nfrom pathlib import Path\nfrom wavetank.app.lifeline import started\n"
        "words = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "with started(words, {}, Path('.')) as program:\n    print(program.pid, flush=True)\n    program.wait()\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert gone(pid)


def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid)"]
    with started(words, dict(os.environ), tmp_path) as running:
        assert running.stdout is not None
        pid = int(running.stdout.readline())
        assert running.wait(10) == 0
    assert gone(pid)
