"""Where terraform and kubectl are missing the demo says so and does the rest through our own client."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from programs import step, wavetank, well

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_without_terraform_and_kubectl_it_says_so_and_does_the_rest(tmp_path: Path) -> None:
    """The same on a PATH that has neither."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("python", "python3", "sh", "env"):
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    file = tmp_path / "demo.json"
    done = wavetank("demo", "--json", str(file), environment={"PATH": str(tools)}, timeout=200)
    well(done)
    assert "terraform is not on PATH" in done.stderr
    assert "kubectl is not on PATH" in done.stderr
    told = json.loads(file.read_text())
    assert step(told, "kill one pod's process while predictions go on")["requests"]["failed"] == 0
    assert told["left"] == {"processes": [], "files": []}
