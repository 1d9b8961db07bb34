"""`wavetank diff` and `wavetank graph` as a user calls them."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command_line import EXAMPLE, wavetank


def test_a_platform_does_not_differ_from_itself() -> None:
    ended = wavetank("diff", f"{EXAMPLE}:dev", str(EXAMPLE), "-e", "dev")
    assert (ended.code, ended.out.strip()) == (0, "no differences")


def test_environments_differ_in_objects_and_resources() -> None:
    ended = wavetank("diff", f"{EXAMPLE}:dev", f"{EXAMPLE}:production")
    assert ended.code == 1
    assert "~ HorizontalPodAutoscaler ml-inference/ml-inference-api" in ended.out
    assert "spec.maxReplicas: 3 → 10" in ended.out
    assert "+ aws_flow_log.main" in ended.out


def test_a_rendered_folder_is_compared_with_the_spec_it_came_from(tmp_path: Path) -> None:
    build = tmp_path / "build"
    wavetank("render", str(EXAMPLE), "-e", "dev", "-o", str(build))
    assert wavetank("diff", str(build), f"{EXAMPLE}:dev").code == 0
    file = build / "kubernetes/60-availability.yaml"
    file.write_text(file.read_text().replace("maxReplicas: 3", "maxReplicas: 5"))
    ended = wavetank("diff", str(build), f"{EXAMPLE}:dev", "--format", "json")
    (change,) = json.loads(ended.out)["changes"]
    assert (ended.code, change["name"]) == (1, "HorizontalPodAutoscaler ml-inference/ml-inference-api")
    assert change["fields"] == [{"path": "spec.maxReplicas", "change": "changed", "old": 5, "new": 3}]


def test_a_git_revision_is_compared_with_the_working_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(EXAMPLE.read_text())
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(tmp_path))
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        subprocess.run([*git, *words], check=True, capture_output=True)
    spec.write_text(EXAMPLE.read_text().replace("maxReplicas: 10", "maxReplicas: 12"))
    monkeypatch.chdir(tmp_path)
    ended = wavetank("diff", "HEAD:platform.yaml", "platform.yaml")
    assert (ended.code, "spec.maxReplicas: 10 → 12" in ended.out) == (1, True)
    assert wavetank("diff", "HEAD:platform.yaml:dev", "HEAD:platform.yaml", "-e", "dev").code == 0


@pytest.mark.parametrize("side", ["nothing-here", "no-such-revision:platform.yaml", "-x:platform.yaml"])
def test_what_cannot_be_compared_is_said(side: str) -> None:
    ended = wavetank("diff", "--", side, str(EXAMPLE))
    assert ended.code == 2
    assert side in ended.err


def test_the_picture_is_written_in_the_format_of_the_files_ending(tmp_path: Path) -> None:
    assert wavetank("graph", str(EXAMPLE), "-o", str(tmp_path / "a.svg")).code == 0
    ET.parse(tmp_path / "a.svg")
    assert wavetank("graph", str(EXAMPLE), "-o", str(tmp_path / "a.mmd")).code == 0
    assert "flowchart LR" in (tmp_path / "a.mmd").read_text()


def test_the_picture_goes_to_stdout_without_a_file() -> None:
    ended = wavetank("graph", str(EXAMPLE), "-e", "dev", "--format", "mermaid")
    assert (ended.code, "ml-inference, dev" in ended.out) == (0, True)
