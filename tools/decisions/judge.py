"""Judge of recorded decisions: is what the twin decided equal to what Kubernetes 1.36.2 did?

One function per set of recordings; each rule that is more than equality says what the recordings leave open. Times have
tolerances because the recordings were made in real time; ties and races may go either way.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .given import Case

HPA_SECONDS = 2.0
RETRY_SECONDS = 1.5
NODE_SECONDS = 1.5
CRON_SECONDS = 2.0
#: So that 1.5 s apart, written in decimal, is still within 1.5 s.
EPSILON = 1e-6
MISSING = "<missing>"


class Report:
    """Differences of one case. A decision (numbered by ``index``) is equal when no difference names it."""

    def __init__(self) -> None:
        self.differences: list[tuple[int, str, Any, Any]] = []

    @property
    def wrong(self) -> set[int]:
        return {index for index, *_ in self.differences}

    def differ(self, index: int, field: str, recorded: Any, observed: Any) -> None:
        self.differences.append((index, field, recorded, observed))

    def equal(self, index: int, field: str, recorded: Any, observed: Any) -> bool:
        if recorded != observed:
            self.differ(index, field, recorded, observed)
            return False
        return True

    def near(self, index: int, field: str, recorded: float, observed: float, seconds: float) -> None:
        if not abs(recorded - observed) <= seconds + EPSILON:
            self.differ(index, field, recorded, observed)


def in_order(
    recorded: Sequence[Any], observed: Sequence[Any], report: Report, judge: Callable[[int, Any, Any], None]
) -> int:
    """Judge two lists by position; a missing or a surplus entry is a failed decision. Returns how many there are."""
    for i in range(max(len(recorded), len(observed))):
        if i >= len(observed):
            report.differ(i, "missing entry", "present", MISSING)
        elif i >= len(recorded):
            report.differ(i, "surplus entry", MISSING, observed[i])
        else:
            judge(i, recorded[i], observed[i])
    return max(len(recorded), len(observed))


# Scheduler ---------------------------------------------------------------------------------------------------------


def judge_scheduler(case: Case, observed: Any) -> tuple[int, Report]:
    """Pods: feasible nodes, every score, messages word for word, and the choice where it is not a tie."""
    report = Report()
    return in_order(case["observed"], observed, report, lambda i, a, b: _judge_pod(report, i, a, b)), report


def _judge_pod(report: Report, i: int, want: Any, got: Any) -> None:
    report.equal(i, "pod", want.get("pod"), got.get("pod"))
    if want["node"] is None:
        for field in ("node", "reason", "message"):
            report.equal(i, field, want.get(field), got.get(field, MISSING))
        report.equal(i, "firstAttempt", None, got.get("firstAttempt"))
    elif got.get("node") is None:
        report.differ(i, "node", want["node"], got.get("message", MISSING))
    elif "firstAttempt" in want:
        _judge_preemption(report, i, want, got)
    else:
        _judge_scores(report, i, want, got)


def _judge_scores(report: Report, i: int, want: Any, got: Any) -> None:
    report.equal(i, "firstAttempt", None, got.get("firstAttempt"))
    report.equal(i, "feasible", set(want["feasible"]), set(got.get("feasible", [])))
    scores, own = want.get("scores", {}), got.get("scores") or {}
    for plugin in sorted(set(scores) | set(own)):
        report.equal(i, f"scores.{plugin}", _by_node(want, scores.get(plugin)), _by_node(got, own.get(plugin)))
    report.equal(i, "total", _by_node(want, want.get("total")), _by_node(got, got.get("total")))
    total = _by_node(got, got.get("total")) or dict.fromkeys(got.get("feasible", []), 0)
    best = {node for node in total if total[node] == max(total.values())}
    if want["node"] not in best:
        report.differ(i, "node", want["node"], sorted(best))
    if got["node"] not in best:
        report.differ(i, "node (own choice)", sorted(best), got["node"])


def _by_node(record: Any, values: Any) -> Any:
    nodes = record.get("feasible", [])
    return dict(zip(nodes, values, strict=True)) if values is not None else None


def _judge_preemption(report: Report, i: int, want: Any, got: Any) -> None:
    first, own = want["firstAttempt"], got.get("firstAttempt")
    if not own:
        report.differ(i, "firstAttempt", f"nominated {first['nominatedNode']}", own)
        return
    for field in ("reason", "message"):
        report.equal(i, f"firstAttempt.{field}", first[field], own.get(field))
    choice = (first["nominatedNode"], sorted(first["victims"]))
    mine = (own.get("nominatedNode"), sorted(own.get("victims", [])))
    tied = [(node, sorted(victims)) for node, victims in got.get("tied") or []]
    if choice == mine or not (choice in tied and mine in tied):
        report.equal(i, "firstAttempt.nominatedNode", choice, mine)
        report.equal(i, "node", want["node"], got["node"])


# HorizontalPodAutoscaler -------------------------------------------------------------------------------------------


def judge_hpa(case: Case, observed: Any) -> tuple[int, Report]:
    """The sequence of sizes and of desired sizes with the conditions at each; times within two seconds."""
    judged = _HpaJudge(case, observed)
    judged.judge()
    return 1, judged.report


class _HpaJudge:
    def __init__(self, case: Case, observed: Any) -> None:
        self.report = Report()
        given = case["given"]
        self._recorded, self._observed, self._end = case["observed"], observed, given["seconds"]
        self._start = next((o["spec"].get("replicas", 1) for o in given["objects"] if o["kind"] == "Deployment"), None)
        steps = [(0.0, self._start), *self._spec_steps(self._recorded)]
        self._loose = (
            any("totalCpu" in phase for phase in given["phases"])
            or any(b > a for (_, a), (_, b) in itertools.pairwise(steps))
            or any(s["running"] > s["ready"] for s in self._recorded["perSecond"])
        )

    def _spec_steps(self, record: Any) -> list[Any]:
        """(t, spec.replicas) where it changed; writes that leave the value are dropped."""
        return distinct([(0.0, self._start)] + [tuple(entry) for entry in record["scaleTargetReplicas"]])[1:]

    def judge(self) -> None:
        report = self.report
        steps, own_steps = self._spec_steps(self._recorded), self._spec_steps(self._observed)
        for want, got in self._aligned("spec.replicas", steps, own_steps):
            report.near(0, "time of spec.replicas", want[0], got[0], HPA_SECONDS)
        runs, own = _desired_runs(self._recorded), _desired_runs(self._observed)
        for want, got in self._aligned("desiredReplicas", runs, own):
            report.near(0, "time of desiredReplicas", want[0], got[0], HPA_SECONDS)
            if not self._same(want[2][0][1], got[2][0][1]):
                report.differ(0, "conditions", want[2][0][1], got[2][0][1])
            self._judge_while_it_stays(want, runs, own)
            self._judge_while_it_stays(got, own, runs)

    def _judge_while_it_stays(self, one: Any, runs: list[Any], other: list[Any]) -> None:
        """In the middle of every state held for more than twice the tolerance the other must be in that state, too."""
        after = runs.index(one) + 1
        until = runs[after][0] if after < len(runs) else self._end
        for (t, listed), over in zip(one[2], [t for t, _ in one[2][1:]] + [until], strict=True):
            if over - t <= 2 * HPA_SECONDS:
                continue
            then = [c for run in other for s, c in run[2] if s <= (t + over) / 2][-1:]
            if not then or not self._same(listed, then[0]):
                self.report.differ(0, "conditions while desired stays", listed, then[0] if then else MISSING)
                return

    def _aligned(self, field: str, want: list[Any], got: list[Any]) -> list[tuple[Any, Any]]:
        """Pairs of the entries with equal values; a difference that no rule allows is reported."""
        for longer, shorter in ((want, got), (got, want)):
            at_the_end = len(longer) == len(shorter) + 1 and longer[-1][0] > self._end - HPA_SECONDS
            if at_the_end and [e[1] for e in longer[:-1]] == [e[1] for e in shorter]:
                return list(zip(want, got, strict=False))
        a, b = [e[1] for e in want], [e[1] for e in got]
        if a == b:
            return list(zip(want, got, strict=True))
        if self._loose and a and b and a[-1] == b[-1]:
            for i in range(max(len(a), len(b)) - 1):
                for cut_a, cut_b in ((1, 0), (0, 1), (1, 1)):
                    if a[:i] + a[i + cut_a :] == b[:i] + b[i + cut_b :]:
                        return list(zip(want[:i] + want[i + cut_a :], got[:i] + got[i + cut_b :], strict=True))
        self.report.differ(0, field, a, b)
        return []

    def _same(self, want: Any, got: Any) -> bool:
        return want == got or (self._loose and _masked_numbers(want) == _masked_numbers(got))


def _desired_runs(record: Any) -> list[Any]:
    """(t, desiredReplicas, [(t, conditions), ...]): the distinct values, each with its condition changes."""
    runs: list[Any] = []
    for entry in record["hpaStatus"]:
        fields = ("type", "status", "reason", "message")
        listed = sorted([c.get(k) for k in fields] for c in entry["conditions"])
        if not runs and not listed:
            continue
        if not runs or runs[-1][1] != entry["desiredReplicas"]:
            runs.append((entry["t"], entry["desiredReplicas"], []))
        runs[-1][2].append((entry["t"], listed))
    return runs


def distinct(entries: Sequence[Any]) -> list[Any]:
    return [e for i, e in enumerate(entries) if i == 0 or entries[i - 1][1] != e[1]]


def _masked_numbers(listed: Iterable[Any]) -> list[Any]:
    return [[c[0], c[1], c[2], re.sub(r"\d+", "#", c[3] or "")] for c in listed]


# Rollouts ----------------------------------------------------------------------------------------------------------


def judge_rollout(case: Case, observed: Any) -> tuple[int, Report]:
    """Every state equal, in order; the hash in names is masked, and which node a DaemonSet takes next is open."""
    report = Report()
    if isinstance(case["observed"], dict):
        return _judge_cron(case["observed"], observed, report), report
    given = case["given"]["object"]
    judge = _RolloutJudge(report, given["kind"], given["metadata"]["name"], case["observed"])
    return in_order(case["observed"], observed, report, judge.state), report


class _RolloutJudge:
    def __init__(self, report: Report, kind: str, name: str, recorded: Sequence[Any]) -> None:
        self._report, self._kind, self._name, self._recorded = report, kind, name, recorded

    def state(self, i: int, want: Any, got: Any) -> None:
        self._report.equal(i, "after", _action(want), _action(got))
        for field in sorted((set(want) | set(got)) - {"after"}):
            self._field(i, field, want.get(field, MISSING), got.get(field, MISSING))

    def _field(self, i: int, field: str, a: Any, b: Any) -> None:
        report = self._report
        if MISSING in (a, b):
            report.differ(i, field, a, b)
        elif field == "seconds":
            report.near(i, "retry delay", a, b, RETRY_SECONDS)
        elif field == "pods" and self._kind == "DaemonSet":
            report.equal(i, field, *(sorted(str([p[1], p[3]]) for p in x) for x in (a, b)))
        elif field == "pods":
            report.equal(i, field, sorted(a), sorted(b))
        elif field == "conditions":
            report.equal(i, field, *(sorted([*c[:3], self._masked(c[3])] for c in x) for x in (a, b)))
        elif field != "status" or self._kind != "StatefulSet" or self._ends_an_action(i):
            report.equal(i, field, a, b)

    def _ends_an_action(self, i: int) -> bool:
        """Status fields of StatefulSets lag and need only be equal then."""
        return i + 1 == len(self._recorded) or isinstance(_action(self._recorded[i + 1]), dict)

    def _masked(self, message: str | None) -> str:
        return re.sub(rf'"{re.escape(self._name)}-[A-Za-z0-9]+"', f'"{self._name}-HASH"', message or "")


def _action(entry: Any) -> Any:
    text = entry.get("after", MISSING)
    return json.loads(text) if text.startswith("{") else text


def _judge_cron(recorded: Any, observed: Any, report: Report) -> int:
    def state(i: int, want: Any, got: Any) -> None:
        report.equal(i, "active", want["active"], got["active"])
        report.equal(i, "jobs", sorted(want["jobs"]), sorted(got["jobs"]))
        if i:
            report.near(i, "time", want["t"], got["t"], CRON_SECONDS)

    count = in_order(recorded["changes"], observed["changes"], report, state)
    report.equal(count, "events", sorted(recorded["events"]), sorted(observed["events"]))
    return count + 1


# Disruptions -------------------------------------------------------------------------------------------------------


def judge_disruption(case: Case, observed: Any) -> tuple[int, Report]:
    """Answers of the eviction API with the numbers of the budget, or the order and times of what happens to a node."""
    report, recorded = Report(), case["observed"]
    if "pdb" not in recorded[0]:
        _judge_node(recorded, observed, report)
        return 1, report

    def answer(i: int, want: Any, got: Any) -> None:
        report.equal(i, "evict", want.get("evict"), got.get("evict"))
        a, b = want.get("answer") or {}, got.get("answer") or {}
        for field in ("code", "reason", "message"):
            report.equal(i, field, a.get(field) or None, b.get(field) or None)
        report.equal(i, "causes", a.get("causes") or [], b.get("causes") or [])
        for field in sorted(set(want["pdb"]) - {"conditions"}):
            report.equal(i, f"pdb.{field}", want["pdb"][field], got["pdb"].get(field, MISSING))

    return in_order(recorded, observed, report, answer), report


def _judge_node(recorded: Sequence[Any], observed: Sequence[Any], report: Report) -> None:
    want, got, times = _histories(recorded), _histories(observed), []
    for key in sorted(set(want) | set(got)):
        absent = [(recorded[0]["t"], MISSING)]
        a, b = want.get(key, absent), got.get(key, absent)
        for longer, shorter in ((a, b), (b, a)):
            early = len(longer) == len(shorter) + 1 and longer[1][0] <= NODE_SECONDS + EPSILON
            if early and [v for _, v in longer[1:]] == [v for _, v in shorter]:
                del longer[0]
        if report.equal(0, key, [v for _, v in a], [v for _, v in b]):
            for (t, value), (own, _) in list(zip(a, b, strict=True))[1:]:
                report.near(0, f"time of {key}", t, own, NODE_SECONDS)
                times.append((t, own, f"{key} = {value}"))
    for t, own, change in times:
        for later, own_later, other in times:
            if t < later and own > own_later:
                report.differ(0, "order of changes", f"{change}, then {other}", "the other way round")
                return


def _histories(record: Sequence[Any]) -> dict[str, list[Any]]:
    """What -> [(t, value), ...]: Ready, each taint, and each field of each pod, where it changed."""
    flat = [(entry["t"], _flattened(entry)) for entry in record]
    keys = sorted({key for _, state in flat for key in state})
    return {key: distinct([(t, state.get(key, MISSING)) for t, state in flat]) for key in keys}


def _flattened(entry: Any) -> dict[str, Any]:
    state = {f"pod {pod} {field}": v for pod, fields in entry["pods"].items() for field, v in fields.items()}
    if entry["node"] is not None:
        state["node Ready"] = entry["node"]["ready"]
        state.update({f"taint {taint}": "present" for taint in entry["node"]["taints"]})
    return state


# Admission ---------------------------------------------------------------------------------------------------------


def judge_admission(case: Case, observed: Any) -> tuple[int, Report]:
    """Code, reason, message, resources after defaulting, and what each quota shows as used."""
    report = Report()

    def attempt(i: int, want: Any, got: Any) -> None:
        for field in ("code", "reason", "resources", "used"):
            report.equal(i, field, want.get(field), got.get(field))
        if _violations(want.get("message")) != _violations(got.get("message")):
            report.differ(i, "message", want.get("message"), got.get("message"))

    return in_order(case["observed"], observed, report, attempt), report


def _violations(message: str | None) -> Any:
    """A LimitRange message that lists several violations in brackets has no order."""
    match = re.fullmatch(r"(.* is forbidden: )\[(.*)\]", message or "", re.DOTALL)
    if not match:
        return message
    return match[1], sorted(re.split(r", (?=(?:minimum|maximum) |\S+ max limit to request ratio )", match[2]))


#: Set -> its judge: (number of decisions, report) of a recorded case and our ``observed``.
JUDGES: dict[str, Callable[[Case, Any], tuple[int, Report]]] = {
    "scheduler": judge_scheduler,
    "hpa": judge_hpa,
    "rollout": judge_rollout,
    "disruption": judge_disruption,
    "admission": judge_admission,
}
