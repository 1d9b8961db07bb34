"""``tools/replay_decisions.py`` writes what the recordings' judge reads, and tells of folders and words that it cannot play."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools.decisions.command import main
from tools.decisions.judge import JUDGES
from tools.decisions.recordings import OWN, SETS, recorded_cases

TOOL = Path(__file__).parents[2] / "tools" / "replay_decisions.py"


def written(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as lines:
        return {line["name"]: line["observed"] for line in map(json.loads, lines)}


def recordings(folder: Path, name: str, *cases: Any) -> Path:
    (folder / name).mkdir(parents=True)
    with gzip.open(folder / name / "cases.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(case) + "\n" for case in cases)
    return folder


def case_of(name: str, index: int = 0) -> Any:
    return json.loads(json.dumps(recorded_cases(name)[index]))


@pytest.mark.parametrize("name", SETS)
def test_writes_one_line_per_case_in_the_recordings_form(name: str, tmp_path: Path) -> None:
    case = case_of(name)
    assert main([str(recordings(tmp_path / "in", name, case)), str(tmp_path / "out")]) == 0
    observed = written(tmp_path / "out" / f"{name}.jsonl")
    assert list(observed) == [case["name"]]
    assert JUDGES[name](case, observed[case["name"]])[1].differences == []


def test_runs_as_a_program_in_several_processes(tmp_path: Path) -> None:
    names = [case["name"] for case in recorded_cases("admission")[:2]]
    only = [part for name in names for part in ("--only", name)]
    command = [sys.executable, str(TOOL), str(OWN), str(tmp_path), "--set", "admission", "--jobs", "2", *only]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert list(written(tmp_path / "admission.jsonl")) == names


def test_an_unknown_word_costs_its_own_case_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange, plain = case_of("hpa"), case_of("hpa", 1)
    strange["given"]["settings"]["moonPhase"] = 1
    assert main([str(recordings(tmp_path / "in", "hpa", strange, plain)), str(tmp_path / "out")]) == 2
    assert list(written(tmp_path / "out" / "hpa.jsonl")) == [plain["name"]]
    assert f"hpa: {strange['name']}: settings: unknown moonPhase (known: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no recordings"),
        ({"hpa.jsonl": "{"}, "cannot be read"),
        ({"hpa.jsonl": '{"name": "a"}\n'}, 'a case is an object with "name", "given" and "observed"'),
        ({"hpa.jsonl.gz": "no archive"}, "cannot be read"),
    ],
)
def test_a_bad_folder_is_told(
    files: dict[str, str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_folder_and_an_unknown_case_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert main([str(OWN), str(tmp_path / "out"), "--set", "admission", "--only", "nothing"]) == 2
    told = capsys.readouterr().err
    assert "none: is not a folder" in told
    assert "holds no case nothing" in told
