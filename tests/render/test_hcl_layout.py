"""What the HCL emitter writes parses back to what it was given, and needs no formatter."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wavetank.render.hcl import (
    Attribute,
    Blank,
    Block,
    Call,
    Comment,
    Item,
    attributes,
    block,
    document,
    expression,
    quoted,
)
from wavetank.render.trace import Line, Traced, tree

TERRAFORM = shutil.which("terraform")

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,14}", fullmatch=True)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"), max_size=20)
keys = identifiers | st.from_regex(r"[a-z][a-z0-9./:_-]{0,20}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def text(lines: tuple[Line, ...]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def read(source: str) -> Any:
    """The attributes of ``block "b" {}`` as python-hcl2 reads them, in our own terms."""
    return plain(hcl2.loads(source))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and len(value) > 1 and value.startswith('"') and value.endswith('"'):
        return unescaped(value[1:-1])
    return None if value == "null" else value


ESCAPE = re.compile(r"([$%])\1\{|\\u([0-9a-f]{4})|\\(.)")


def unescaped(literal: str) -> str:
    def plain_text(match: re.Match[str]) -> str:
        marker, code, escaped = match.groups()
        if marker:
            return f"{marker}{{"
        return chr(int(code, 16)) if code else {"n": "\n", "t": "\t", "r": "\r"}.get(escaped, escaped)

    return ESCAPE.sub(plain_text, literal)


@settings(deadline=None)  # the first call builds the parser
@given(st.dictionaries(identifiers, values, min_size=1, max_size=5))
def test_what_is_written_reads_back_as_the_same_values(body: dict[str, Any]) -> None:
    lines = document([block("b", (), tuple(Attribute(name, value) for name, value in body.items()))])
    assert read(text(lines))["b"] == [body]


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("a${b}", '"a$${b}"'),
        ("%{if}", '"%%{if}"'),
        ('say "no"', '"say \\"no\\""'),
        ("two\nlines", '"two\\nlines"'),
        ("back\\slash", '"back\\\\slash"'),
        ("$5 and 5%", '"$5 and 5%"'),
        ("bell\x07", '"bell\\u0007"'),
    ],
)
def test_strings_never_become_templates(value: str, literal: str) -> None:
    assert quoted(value) == literal


def test_equal_signs_align_in_runs_that_longer_values_and_comments_interrupt() -> None:
    body: tuple[Item, ...] = (
        *attributes(a=1, long_name="x"),
        *attributes(map={"k": 1}),
        *attributes(b=2),
        Attribute("ccc", Traced(3, "", "why three")),
        *attributes(d=4),
    )
    assert text(document([block("b", (), body)])).splitlines() == [
        "b {",
        "  a         = 1",
        '  long_name = "x"',
        "  map = {",
        "    k = 1",
        "  }",
        "  b = 2",
        "  # why three",
        "  ccc = 3",
        "  d   = 4",
        "}",
    ]


def test_every_line_carries_the_innermost_path_around_it() -> None:
    body = attributes(plain=1, traced=Traced({"a": Traced(1, "p.a"), "b": 2}, "p"), whole=tree({"x": {"y": [1]}}, "q"))
    lines = document([block("b", (), body, "root")])
    assert [(line.text.strip(), line.path) for line in lines] == [
        ("b {", "root"),
        ("plain = 1", "root"),
        ("traced = {", "p"),
        ("a = 1", "p.a"),
        ("b = 2", "p"),
        ("}", "p"),
        ("whole = {", "q"),
        ("x = {", "q.x"),
        ("y = [1]", "q.x.y[0]"),
        ("}", "q.x"),
        ("}", "q"),
        ("}", "root"),
    ]


def awkward_document(body: dict[str, Any]) -> tuple[Line, ...]:
    noted = {
        name: Traced(value, name, "a note" if at % 3 == 0 else "") for at, (name, value) in enumerate(body.items())
    }
    items: list[Item] = [Attribute(name, value) for name, value in noted.items()]
    inner = block("inner", ("label",), [*items, Blank(), *attributes(END=[expression("a.b")])])
    policy = Attribute("POLICY", Call("jsonencode", body))
    outer: list[Item | Block] = [*items, policy, inner, inner, Comment("last"), *attributes(LAST=1)]
    return document([Comment("head"), Blank(), block("outer", (), outer), Comment("about"), block("empty")])


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.dictionaries(identifiers, values, min_size=1, max_size=6), min_size=8, max_size=8))
def test_terraform_fmt_has_nothing_to_change(bodies: list[dict[str, Any]], tmp_path: Path) -> None:
    assert TERRAFORM is not None
    for at, body in enumerate(bodies):
        (tmp_path / f"{at}.tf").write_text(text(awkward_document(body)))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    words = [TERRAFORM, "fmt", "-check", "-diff", "-no-color", "."]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
