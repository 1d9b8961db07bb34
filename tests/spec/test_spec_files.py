"""Files that are no platform: one clear problem each, and quickly."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_texts import MINIMAL

from wavetank.base.errors import InputError, Problem
from wavetank.spec import load
from wavetank.spec.tree import parse


def _only_problem(path: Path) -> Problem:
    with pytest.raises(InputError) as caught:
        load(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"# nothing but a comment\n", "the file is empty"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a binary file"),
        (b"name: caf\xe9\n", "not UTF-8 text"),
        (b"name: x\n" * 200_000, "larger than 1 MiB"),
        (b"#" * 10_000_000, "larger than 1 MiB"),
        (b"- name: harbor\n", "a platform is a mapping of keys to values"),
        (b"just words\n", "a platform is a mapping of keys to values"),
        (b"name: [harbor\n", "not YAML"),
        (b"name: harbor\n\tregion: x\n", "not YAML"),
        (b"name: a\n---\nname: b\n", "a second YAML document begins here"),
        (b"[" * 100_000, "nested more than 64 levels deep"),
        (b"a: *unknown\n", "the alias *unknown has no finished anchor"),
        (b"a: &a [*a]\n", "the alias *a has no finished anchor"),
        (b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
         + b"".join(b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n" % (n, n, *[n - 1] * 9) for n in range(98, 110)),
         "more than 100000 values or 64 levels"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_platform_is_one_problem(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_bytes(content)
    assert message in _only_problem(path).message


def test_a_missing_file_and_a_directory_say_so(tmp_path: Path) -> None:
    assert _only_problem(tmp_path / "platform.yaml").message == "no such file"
    assert _only_problem(tmp_path).message == "a directory, not a file"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load(path).written.name == "harbor"


def test_all_duplicate_keys_are_found_with_their_places() -> None:
    _, found = parse("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "f.yaml")
    assert [(each.line, each.column) for each in found] == [(4, 3), (5, 1)]


def test_yaml_1_1_words_stay_words() -> None:
    root, found = parse("[yes, on, 0644, 12:30, 2026-11-21, 1_000]", "f.yaml")
    assert not found
    assert root is not None
    assert [getattr(item, "value", None) for item in getattr(root, "items", ())] == [
        "yes",
        "on",
        "0644",
        "12:30",
        "2026-11-21",
        "1_000",
    ]
