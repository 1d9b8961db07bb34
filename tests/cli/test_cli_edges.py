"""What every verb promises: help with an example, colour for terminals only, quiet pipes, exit codes that mean something."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import EXAMPLE, FIRST_DRAFT, ON, WAVETANK, example_with, wavetank, wavetank_process

from wavetank import __version__
from wavetank.cli.main import VERBS

ESCAPE = "\x1b["


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_shows_an_example_of_it(verb: str) -> None:
    ended = wavetank(verb, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"\n  wavetank {verb}" in ended.out
    assert ended.out == wavetank(verb, "-h").out


def test_the_help_lists_every_verb_and_the_exit_codes() -> None:
    out = wavetank("--help").out
    for verb, (_, text) in VERBS.items():
        assert verb in out
        assert text in out
    assert "0 clean, 1 findings or a refusal, 2 bad input, 3 a tool is missing, 70 our bug" in " ".join(out.split())


def test_the_version_is_the_packages() -> None:
    assert wavetank("--version").out.split()[-1] == __version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chekc",), "Did you mean 'check'?"),
        (("check",), "Missing argument"),
        (("check", "x.yaml", "--formt", "json"), "No such option"),
        (("check", "x.yaml", "--format", "yaml"), "is not one of"),
        (("check", "x.yaml", "--on", "tomorrow"), "is not a date like 2026-11-21"),
        (("check", "x.yaml", "--on", "2026-02-30"), "is not a date like 2026-11-21"),
        (("check", "x.yaml", "--fail-on", "fatal"), "is not one of"),
    ],
)
def test_a_wrong_call_is_exit_2_with_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    ended = wavetank(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def on_a_terminal(*arguments: str | Path, **variables: str) -> str:
    """What a person sees: stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    words = [*WAVETANK, *map(str, arguments)]
    program = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env={"TERM": "xterm", **variables})
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # Linux ends a terminal whose other side is closed with EIO
    finally:
        os.close(ours)
    program.wait(60)
    return seen.decode()


def test_colour_is_for_terminals_only(tmp_path: Path) -> None:
    draft = example_with(tmp_path, FIRST_DRAFT)
    seen = on_a_terminal("check", draft, *ON)
    assert f"{ESCAPE}31m" in seen
    piped = wavetank_process("check", draft, *ON, TERM="xterm")
    assert (piped.returncode, ESCAPE in piped.stdout, ESCAPE in piped.stderr) == (1, False, False)


def test_no_color_is_respected_on_a_terminal(tmp_path: Path) -> None:
    seen = on_a_terminal("check", tmp_path / "missing.yaml", NO_COLOR="1")
    assert "no such file" in seen
    assert ESCAPE not in seen


def unread_pipe() -> int:
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("arguments", [("schema",), ("--help",), ("cost", str(EXAMPLE))], ids=lambda a: a[0])
def test_a_reader_that_goes_away_gets_no_traceback(arguments: tuple[str, ...]) -> None:
    pipe = unread_pipe()
    ended = subprocess.run(
        [*WAVETANK, *arguments], stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(pipe)
    # As if SIGPIPE had ended it: 1 would mean findings.
    assert (ended.returncode, ended.stderr) == (141, "")


def test_mistakes_keep_their_exit_code_when_nobody_reads_them(tmp_path: Path) -> None:
    pipe = unread_pipe()
    words = [*WAVETANK, "check", str(tmp_path / "missing.yaml")]
    ended = subprocess.run(words, stdout=pipe, stderr=pipe, timeout=60, check=False)
    os.close(pipe)
    assert ended.returncode == 2


@pytest.mark.parametrize("arguments", [("--help",), ("check", str(EXAMPLE), *ON), ("schema",)], ids=lambda a: a[0])
def test_the_design_verbs_load_nothing_of_the_running_half(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom wavetank.cli.main import exit_code\n"
        f"assert exit_code({list(arguments)!r}) == 0\n"
        "heavy = ('wavetank.twin', 'wavetank.cloud', 'moto', 'uvicorn', 'boto3')\n"
        "sys.exit(str([name for name in heavy if name in sys.modules]) if set(heavy) & set(sys.modules) else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_output_folder_that_cannot_be_made_is_a_refusal_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = wavetank("render", EXAMPLE, "-o", tmp_path / "file" / "build", *ON)
    assert ended.code in (1, 2)
    assert "error: " in ended.err
    assert "Traceback" not in ended.err
