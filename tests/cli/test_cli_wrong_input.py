"""Whatever is wrong with the input: a clear list with places and remedies, exit 2, nothing written, and soon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import EXAMPLE, FIVE_MISTAKES, ON, example_with, line_of, wavetank
from hypothesis import given, settings
from hypothesis import strategies as st

VERBS = ("check", "cost", "render")
#: Far above what it takes, and far below what a person would call a hang.


def lines_of_mistakes(file: Path) -> list[int]:
    return sorted(line_of(file, wrong.strip()) for wrong in FIVE_MISTAKES.values())


@pytest.mark.parametrize("verb", VERBS)
def test_five_mistakes_are_five_located_problems(tmp_path: Path, verb: str) -> None:
    file = example_with(tmp_path, FIVE_MISTAKES)
    ended = wavetank(verb, file, *ON)
    assert (ended.code, ended.out) == (2, "")
    problems = [line for line in ended.err.splitlines() if line.startswith(f"{file}:")]
    assert [int(line.removeprefix(f"{file}:").split(":")[0]) for line in problems] == lines_of_mistakes(file)
    assert all(": error: " in line for line in problems)
    assert ended.err.splitlines()[-1] == "5 problems"
    for nearest in ("ap-southeast-2", "t3.medium", "disruptionBudget", "internet-facing"):
        assert f'Did you mean "{nearest}"?' in ended.err


def test_render_writes_nothing_when_the_input_is_wrong(tmp_path: Path) -> None:
    file = example_with(tmp_path, FIVE_MISTAKES)
    assert wavetank("render", file, "-o", tmp_path / "build", *ON).code == 2
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_mistake_leaves_an_earlier_build_as_it_was(tmp_path: Path) -> None:
    build = tmp_path / "build"
    assert wavetank("render", EXAMPLE, "-o", build, *ON).code == 0
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in build.rglob("*") if path.is_file()}
    wavetank("render", example_with(tmp_path, FIVE_MISTAKES), "-o", build, *ON)
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in build.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("verb", ["check", "cost"])
def test_a_program_that_asked_for_json_gets_every_problem_as_json(tmp_path: Path, verb: str) -> None:
    file = example_with(tmp_path, FIVE_MISTAKES)
    ended = wavetank(verb, file, "--format", "json", *ON)
    assert (ended.code, ended.err, list(ended.json)) == (2, "", ["problems"])
    assert [problem["line"] for problem in ended.json["problems"]] == lines_of_mistakes(file)
    for problem in ended.json["problems"]:
        assert list(problem) == ["file", "line", "column", "message", "remedy"]
        assert (problem["file"], problem["column"] > 0) == (str(file), True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a binary file"),
        (b"name: x\n" * 1_250_000, "larger than 1 MiB"),
        (b"\xff\xfe\xfa", "not UTF-8 text"),
        (b"- a\n- b\n", "a mapping of keys to values"),
        (b"name: [x\n", "not YAML"),
    ],
    ids=["empty", "binary", "10 MB", "not UTF-8", "a list", "not YAML"],
)
def test_a_file_that_is_no_platform_is_one_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "platform.yaml"
    file.write_bytes(content)
    for verb in VERBS:
        ended = wavetank(verb, file, *ON)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err
        assert ended.err.startswith(str(file))


@pytest.mark.parametrize("verb", VERBS)
def test_no_file_and_a_folder_are_told_apart(tmp_path: Path, verb: str) -> None:
    missing = wavetank(verb, tmp_path / "nothing.yaml")
    folder = wavetank(verb, tmp_path)
    assert (missing.code, folder.code) == (2, 2)
    assert "nothing.yaml: error: " in missing.err
    assert "no such file" in missing.err
    # `check` takes folders: of files that somebody has already.
    assert ("nothing to check" if verb == "check" else "a directory, not a file") in folder.err
    assert str(tmp_path) in folder.err


def test_thousands_of_problems_are_a_short_list_and_a_count(tmp_path: Path) -> None:
    junk = "".join(f"junk{number}: 1\n" for number in range(3_000))
    file = tmp_path / "platform.yaml"
    file.write_text(EXAMPLE.read_text() + "\n" + junk)
    ended = wavetank("check", file, *ON)
    assert ended.code == 2
    assert ended.err.count(": error: ") == 50
    assert ended.err.splitlines()[-2:] == ["... and 2,950 more", "3,000 problems"]
    assert len(wavetank("check", file, "--format", "json", *ON).json["problems"]) == 3_000


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any-bytes.yaml"
    file.write_bytes(content)
    ended = wavetank("check", file, *ON)
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err


@given(st.integers(min_value=0), st.sampled_from(["", "  - x", "x: [", "x: 7", "      - {a: b}", "\t", "null", '"']))
@settings(max_examples=25, deadline=None)
def test_a_damaged_line_is_a_verdict_or_a_list_of_places_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, position: int, damage: str
) -> None:
    lines = EXAMPLE.read_text().splitlines()
    lines[position % len(lines)] = damage
    file = tmp_path_factory.getbasetemp() / "damaged.yaml"
    file.write_text("\n".join(lines))
    ended = wavetank("check", file, "--format", "json", *ON)
    assert ended.code in (0, 1, 2), ended.err
    document = json.loads(ended.out)
    assert list(document) == (["problems"] if ended.code == 2 else ["findings"])
    for problem in document.get("problems", ()):
        assert 0 <= problem["line"] <= len(lines) + 1
        assert problem["message"]
