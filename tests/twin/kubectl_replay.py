"""Recorded kubectl sessions: running them against a cluster and comparing what was printed.

A session is a YAML file with manifests and shell steps; its recording holds what every step printed against real Kubernetes
1.36.2 and how it exited. Two texts are compared after ``normalised`` has taken out what may rightly differ: ages, uids,
addresses, random suffixes. Every rule removes one kind of difference and nothing else.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent.parent / "data" / "kubectl"
#: A step that has shown what it waited for may take this long to become equal.
GRACE_SECONDS = 4.0

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_DURATION = r"(?:\d+[ywdhms]|\d+ms)+"
Rule = tuple[str, re.Pattern[str], str]


def _rule(name: str, pattern: str, to: str, flags: int = 0) -> Rule:
    return name, re.compile(pattern, flags), to


#: (name, pattern, replacement), applied in this order; ``keep`` of a step switches rules off by name.
RULES: tuple[Rule, ...] = (
    _rule("skew", r"^WARNING: version difference between client .*\n?", "", re.M),
    _rule("ansi", r"\x1b\[[0-9;]*m", ""),
    _rule("klog", r"^([EWIF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\]", r"\1<klog>", re.M),
    _rule("jwt", r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "<jwt>"),
    _rule("pem", r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", "<certificate>", re.S),
    _rule("uid", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
    _rule("time", r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", "<time>"),
    _rule("time", r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
    _rule("time", r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4}(?: [A-Z]{3,4}\b)?(?: m=\S+)?", "<time>"),
    _rule("rv", r'(resourceVersion\\*"?: *\\*"?)\d+', r"\1<rv>"),
    _rule("rv", r'("?(?:uid|lastScheduleTime)"?: *"?)\d+', r"\1<n>"),
    _rule("rv", r"(Resource Version: +)\d+", r"\1<rv>"),
    _rule("server", r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", "<server>"),
    _rule("version", r"\bv1\.\d\d+\.\d+[\w.+-]*", "<version>"),
    _rule("tmp", r"/tmp/(LIVE|MERGED)-\d+", r"/tmp/\1"),
    _rule("ip", r"\b(?:10|172|100|192)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b(?!/\d)", "<ip>"),
    _rule(
        "nodeport",
        r"(?<=[0-9]:)3[0-2]\d{3}(?=/(?:TCP|UDP))|(?<=[nN]odePort: )3[0-2]\d{3}\b"
        r'|(?<="nodePort": )3[0-2]\d{3}\b|(?<=  )3[0-2]\d{3}(?=/(?:TCP|UDP))',
        "<nodeport>",
    ),
    _rule("containerid", r"\b(?:containerd|docker)://[^\s\",]+", "<containerid>"),
    _rule("imageid", r'("?imageID"?: *|Image ID: +)\S.*', r"\1<imageid>"),
    _rule("suffix", rf"\b([a-z0-9][a-z0-9.-]*-)[{_SAFE}]{{5}}(?![\w-])", r"\1<5>"),
    _rule("minute", r"\b([a-z][a-z0-9-]*-)2[89]\d{6}\b", r"\1<minute>"),
    _rule("eventid", r"(?<=[\w>])\.[0-9a-f]{16}\b", ".<id>"),
    _rule("count", rf" \(x\d+ over {_DURATION}\)", ""),
    _rule(
        "trigger",
        r"^( *)annotations:\n\1  endpoints\.kubernetes\.io/last-change-trigger-time: .*\n",
        "",
        re.M,
    ),
    _rule(
        "trigger",
        r"(?<=^Annotations:)( +)endpoints\.kubernetes\.io/last-change-trigger-time: .*$",
        r"\1<none>",
        re.M,
    ),
    _rule("restarts", rf"\({_DURATION} ago\)", "(<age> ago)"),
    _rule("elapsed", rf"(?<=^Duration:)( +){_DURATION}$", r"\1<age>", re.M),
    _rule("elapsed", r"(?<=[?&]timeout=)\d+s", "<n>s"),
)

_AGE_COLUMNS = {"AGE", "LAST SEEN", "FIRST SEEN", "LAST SCHEDULE", "DURATION", "Age", "LAST-SEEN"}
_AGE_CELL = re.compile(rf"^(?:{_DURATION}|<unknown>|<invalid>|<none>)(?: \(x\d+ over {_DURATION}\))?$")
_HEADER = re.compile(r"^ *[A-Z][A-Z0-9 ()/%_.:-]*$")


# Sessions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Step:
    """One shell command, how long it may be repeated until it shows ``until``, and how to compare it."""

    run: str
    stdin: str = ""
    files: dict[str, str] = field(default_factory=dict)
    until: str = ""
    timeout: float = 30
    sort: bool = False
    keep: tuple[str, ...] = ()
    mask: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    nodes: str = "mask"
    compare: str = "all"
    note: str = ""


@dataclass(frozen=True)
class Session:
    name: str
    steps: tuple[Step, ...]
    expected: tuple[Result, ...]
    namespace: str = ""
    files: dict[str, str] = field(default_factory=dict)
    cleanup: tuple[str, ...] = ()


def session_names() -> list[str]:
    return sorted(path.stem for path in (DATA / "sessions").glob("*.yaml"))


def session(name: str) -> Session:
    document = yaml.safe_load((DATA / "sessions" / f"{name}.yaml").read_text())
    recording = yaml.safe_load((DATA / "recordings" / f"{name}.yaml").read_text())
    base = document.get("defaults", {})
    steps = tuple(_step(base | ({"run": s} if isinstance(s, str) else s)) for s in document["steps"])
    expected = tuple(Result(e["stdout"], e["stderr"], e["exit"]) for e in recording["steps"])
    assert [s.run for s in steps] == [e["run"] for e in recording["steps"]], f"{name} is not what was recorded"
    files = {f: (DATA / "fixtures" / f).read_text() for f in document.get("fixtures", ())}
    files |= document.get("files", {})
    cleanup = tuple(document.get("cleanup", ()))
    return Session(name, steps, expected, document.get("namespace", ""), files, cleanup)


def _step(values: dict[str, Any]) -> Step:
    typed = dict(values)
    for key in ("keep", "drop"):
        typed[key] = tuple(values.get(key, ()))
    typed["mask"] = tuple((pattern, to) for pattern, to in values.get("mask", ()))
    return Step(**typed)


# Comparing ---------------------------------------------------------------------------------------------------------


def comparable(step: Step, result: Result) -> str:
    """One text that holds everything of a result that must be equal."""
    parts = []
    if step.compare in ("all", "stdout"):
        parts.append(normalised(result.stdout, step))
    if step.compare in ("all", "stderr"):
        errors = normalised(result.stderr, step)
        parts.append("--- stderr\n" + errors if errors else "")
    if step.compare != "none":
        parts.append(f"--- exit {result.code}")
    return "\n".join(part for part in parts if part)


def difference(step: Step, expected: Result, actual: Result) -> list[str]:
    """Lines of a diff; empty when the results are equal."""
    want, got = comparable(step, expected).split("\n"), comparable(step, actual).split("\n")
    return list(difflib.unified_diff(want, got, "recorded", "this cluster", n=1, lineterm=""))


def normalised(text: str, step: Step) -> str:
    text = text.replace("\r\n", "\n")
    for pattern, to in step.mask:
        text = re.sub(pattern, to, text, flags=re.M)
    lines = text.split("\n")
    text = "\n".join(lines if "age" in step.keep else _with_masked_ages(lines))
    for name, rule, to in RULES:
        if name not in step.keep:
            text = rule.sub(to, text)
    if step.nodes == "mask":
        text = re.sub(r"\bip-10-0-10\d-\d+\b", "<node>", text)
        text = re.sub(r"(?<=\b[zZ]one)([=:]\s*|\\*\": *\\*\")us-east-1[abc]\b", r"\1<zone>", text)
    lines = [re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() for line in text.split("\n")]
    lines = _with_sorted_bullets(_with_tidy_events(lines))
    lines = [line for line in lines if not any(re.search(pattern, line) for pattern in step.drop)]
    return "\n".join(sorted(lines) if step.sort else _with_sorted_twins(lines)).strip("\n")


def _cells(line: str) -> list[tuple[int, str]]:
    """(column, text) of a table's cells, which two blanks or more separate."""
    return [(m.start(), m.group()) for m in re.finditer(r"\S+(?: \S+)*", line)]


def _age_columns(line: str) -> list[tuple[int, int | None]]:
    """Where the columns of times begin and end, if the line is a table's head."""
    heads = _cells(line)
    if not (_HEADER.match(line) or line.lstrip().startswith(("Type ", "Namespace "))):
        return []
    ends = [*(at for at, _ in heads[1:]), None]
    return [(at, end) for (at, title), end in zip(heads, ends, strict=True) if title in _AGE_COLUMNS]


def _with_masked_ages(lines: list[str]) -> list[str]:
    masked: list[str] = []
    columns: list[tuple[int, int | None]] = []
    for line in lines:
        found = _age_columns(line)
        if found:
            columns = found
        elif not line.strip():
            columns = []
        elif columns:
            line = _with_masked_cells(line, columns)
        masked.append(line)
    return masked


def _with_masked_cells(line: str, columns: list[tuple[int, int | None]]) -> str:
    for start, end in reversed(columns):
        if _AGE_CELL.match(line[start:end].strip()):
            line = line[:start] + "<age>" + "  " + (line[end:] if end else "")
    row = _cells(line)  # rows of --watch do not stand under their heads
    if row and "<age>" not in line and re.fullmatch(_DURATION, row[-1][1]):
        line = line[: row[-1][0]] + "<age>"
    return line


def _with_tidy_events(lines: list[str]) -> list[str]:
    """Events of ``describe``: no order, no repeats, none of a kubelet."""
    tidy: list[str] = []
    at = 0
    while at < len(lines):
        tidy.append(lines[at])
        at += 1
        if lines[at - 1].strip() != "Events:":
            continue
        table = []
        while at < len(lines) and lines[at].startswith("  "):
            table.append(lines[at])
            at += 1
        tidy += table[:2] + sorted({row for row in table[2:] if not re.search(r"  kubelet(?:,|  )", row)})
    return tidy


def _with_sorted_bullets(lines: list[str]) -> list[str]:
    """The causes of a refusal come from walking Go maps: no order."""
    return _with_sorted_runs(lines, lambda line: "*" if re.match(r"\* \S+: ", line) else None)


def _with_sorted_twins(lines: list[str]) -> list[str]:
    """Neighbouring rows whose names differ only in a random suffix."""

    def name(line: str) -> str | None:
        words = line.split()
        if not words or "<5>" not in line:
            return None
        return words[0] if "<5>" in words[0] else " ".join(words[:2])

    return _with_sorted_runs(lines, name)


def _with_sorted_runs(lines: list[str], key: Callable[[str], str | None]) -> list[str]:
    ordered: list[str] = []
    at = 0
    while at < len(lines):
        end, mine = at + 1, key(lines[at])
        while mine is not None and end < len(lines) and key(lines[end]) == mine:
            end += 1
        ordered += sorted(lines[at:end])
        at = end
    return ordered


# Running -----------------------------------------------------------------------------------------------------------


class Shell:
    """Runs steps in a folder of their own, with a kubectl whose configuration and caches are there, too."""

    def __init__(self, kubeconfig: Path, folder: Path, namespace: str) -> None:
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        binaries = folder / "bin"
        binaries.mkdir()
        real = shutil.which("kubectl")
        assert real is not None, "kubectl is not on PATH"
        (binaries / "kubectl").symlink_to(Path(real).resolve())
        config = folder / "kubeconfig"
        config.write_text(yaml.safe_dump(_in_namespace(yaml.safe_load(kubeconfig.read_text()), namespace)))
        self._environment = {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "KUBECACHEDIR": str(folder / "cache"),
            "KUBECONFIG": str(config),
            "KUBE_EDITOR": "false",
        }

    def run(self, command: str, stdin: str = "", limit_seconds: float = 120) -> Result:
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.work,
            env=self._environment,
            text=True,
            errors="replace",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, errors = process.communicate(stdin, timeout=limit_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            return Result(out, f"{errors}\n(no end after {limit_seconds:.0f} s)\n", 124)
        return Result(out, errors, process.returncode)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def _in_namespace(config: dict[str, Any], namespace: str) -> dict[str, Any]:
    for context in config["contexts"] if namespace else ():
        context["context"]["namespace"] = namespace
    return config


@dataclass(frozen=True)
class Report:
    """How a session went: a diff per failed step, by the step's number (from 1)."""

    name: str
    steps: int
    failures: dict[int, list[str]]

    @property
    def text(self) -> str:
        lines = [f"{self.name}: {self.steps - len(self.failures)} of {self.steps} steps equal"]
        for number, diff in self.failures.items():
            lines += [f"#{number}", *(f"    {line[:240]}" for line in diff[:14])]
        return "\n".join(lines)


def replayed(recorded: Session, kubeconfig: Path, folder: Path) -> Report:
    """Run a session in its namespace and compare every step with its recording."""
    shell = Shell(kubeconfig, folder, recorded.namespace)
    shell.write(recorded.files)
    _prepare(shell, recorded.namespace)
    failures: dict[int, list[str]] = {}
    try:
        for number, (step, expected) in enumerate(zip(recorded.steps, recorded.expected, strict=True), start=1):
            diff = difference(step, expected, _performed(shell, step, expected))
            if diff:
                failures[number] = diff
    finally:
        _clean_up(shell, recorded)
    return Report(recorded.name, len(recorded.steps), failures)


def _prepare(shell: Shell, namespace: str) -> None:
    if not namespace:
        return
    shell.run(f"kubectl create ns {namespace}")
    for _ in range(100):  # pods can be created once the namespace has its account and certificate
        if shell.run("kubectl get sa/default cm/kube-root-ca.crt").code == 0:
            return
        time.sleep(0.1)


def _performed(shell: Shell, step: Step, expected: Result) -> Result:
    shell.write(step.files)
    end = time.monotonic() + step.timeout
    matched_at = 0.0
    while True:
        result = shell.run(step.run, step.stdin)
        matches = not step.until or bool(re.search(step.until, result.stdout + result.stderr, re.M | re.S))
        now = time.monotonic()
        if not step.until or now > end:
            break
        if matches:
            matched_at = matched_at or now
            if not difference(step, expected, result) or now - matched_at > GRACE_SECONDS:
                break
        time.sleep(0.15)
    if matches:
        return result
    return Result(result.stdout, f"{result.stderr}\n(never showed /{step.until}/)\n", result.code)


def _clean_up(shell: Shell, recorded: Session) -> None:
    commands: Iterable[str] = recorded.cleanup
    for command in commands:
        shell.run(command)
    if recorded.namespace:
        shell.run(f"kubectl delete ns {recorded.namespace} --timeout=60s --ignore-not-found")
