"""`wavetank up` refuses what it cannot run before it starts anything: exit 2, one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import EXAMPLE, wavetank


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a PLATFORM.YAML, or the files to run with --terraform DIR --manifests PATH"),
        ((EXAMPLE, "--terraform", "infra"), "--terraform runs files instead of a platform"),
        ((EXAMPLE, "--manifests", "k8s"), "--manifests goes with --terraform"),
        ((EXAMPLE, "-n", "shop"), "--namespace goes with --terraform"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: tuple[str | Path, ...], said: str) -> None:
    ended = wavetank("up", *words)
    assert ended.code == 2
    assert said in ended.err


def test_a_terraform_folder_that_is_none_is_told_with_all_other_mistakes(tmp_path: Path) -> None:
    ended = wavetank("up", "--terraform", tmp_path, "--manifests", tmp_path / "gone", "--var-file", tmp_path / "lost")
    assert ended.code == 2
    assert "has no .tf files" in ended.err
    assert ended.err.count("there is no such file or folder") == 2
    assert "3 problems" in ended.err


@pytest.mark.parametrize(("image", "said"), [("=true", "names no image"), ("shop/api='open", "No closing quotation")])
def test_an_image_that_cannot_run_is_told(tmp_path: Path, image: str, said: str) -> None:
    (tmp_path / "main.tf").write_text("")
    ended = wavetank("up", "--terraform", tmp_path, "--run", image)
    assert ended.code == 2
    assert said in ended.err


def test_a_real_pod_lives_in_real_time(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    ended = wavetank("up", "--terraform", tmp_path, "--run", "shop/api=true", "--speed", "10")
    assert ended.code == 2
    assert "real pods run in real time" in ended.err
