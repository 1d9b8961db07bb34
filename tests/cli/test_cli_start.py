"""``wavetank init`` and ``schema``: from nothing to a platform that an editor understands."""

from __future__ import annotations

from pathlib import Path

import jsonschema
from command_line import EXAMPLE, ON, wavetank

from wavetank.spec import json_schema


def test_init_copies_an_example_that_is_clean_and_says_what_is_next(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    ended = wavetank("init", "ml-inference", target)
    assert (ended.code, ended.err) == (0, "")
    assert f"Next: wavetank check {target}/platform.yaml -e dev" in ended.out
    assert (target / "platform.yaml").read_bytes() == EXAMPLE.read_bytes()
    assert wavetank("check", target / "platform.yaml", "-e", "dev", *ON).code == 0


def test_init_names_every_file_it_copied_and_copies_nothing_that_was_made(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    named = {line for line in wavetank("init", "ml-inference", target).out.splitlines() if line.startswith(str(target))}
    copied = {str(file) for file in target.rglob("*") if file.is_file()}
    assert named == copied
    assert not [file for file in copied if "__pycache__" in file or ".wavetank" in file]


def test_init_lists_the_examples() -> None:
    assert "ml-inference" in wavetank("init", "--list").out.splitlines()
    assert wavetank("init").out == wavetank("init", "--list").out


def test_init_never_writes_over_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ended = wavetank("init", "ml-inference", tmp_path)
    assert (ended.code, [file.name for file in tmp_path.iterdir()]) == (2, ["mine.txt"])
    assert "not an empty folder" in ended.err


def test_init_takes_an_empty_folder(tmp_path: Path) -> None:
    assert wavetank("init", "ml-inference", tmp_path).code == 0


def test_an_unknown_example_names_the_nearest(tmp_path: Path) -> None:
    ended = wavetank("init", "ml-inferense", tmp_path / "x")
    assert (ended.code, (tmp_path / "x").exists()) == (2, False)
    assert "ml-inference" in ended.err.splitlines()[1]


def test_schema_prints_the_json_schema_of_the_spec_and_nothing_else() -> None:
    ended = wavetank("schema")
    assert (ended.code, ended.err, ended.json) == (0, "", json_schema())
    jsonschema.Draft202012Validator.check_schema(ended.json)
