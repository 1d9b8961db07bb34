"""AVL010: an alert that wakes people only long after the objective has been missed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity

_QUANTILE = re.compile(r"histogram_quantile\s*\(\s*0?\.99\b")
_ABOVE = re.compile(r">=?\s*([0-9.]+)\s*\)*\s*$")


def check(case: Case) -> Iterator[Mistake]:
    objective = case.plan.objectives.p99_milliseconds if case.plan else None
    if objective is None:
        return
    for rules in case.manifests.of_kind("PrometheusRule", group="monitoring.coreos.com"):
        for at, group in enumerate(items(rules.spec.get("groups"))):
            for index, alert in enumerate(items(group.get("rules"))):
                threshold = p99_milliseconds(str(alert.get("expr", "")))
                if threshold is not None and threshold > objective:
                    yield Mistake(
                        at=rules.at("spec", "groups", at, "rules", index, "expr"),
                        message=(
                            f"the alert {alert.get('alert')} fires when the 99th percentile exceeds {threshold:f} ms, but the "
                            f"objective is {objective} ms: nobody hears of a slowness that breaks the promise"
                        ),
                        remedy=f"alert at {objective} ms or below",
                        numbers={"alertMilliseconds": f"{threshold:f}", "objectiveMilliseconds": f"{objective:f}"},
                    )


def p99_milliseconds(expression: str) -> Decimal | None:
    """The threshold of an alert on a 99th percentile; None for any other expression. Istio's metric counts milliseconds."""
    above = _ABOVE.search(expression)
    if not _QUANTILE.search(expression) or above is None:
        return None
    in_milliseconds = any(sign in expression for sign in ("_milliseconds", "_ms_bucket", "* 1000", "1000 *"))
    return (Decimal(above[1]) * (1 if in_milliseconds else 1000)).normalize()


RULE = Rule(
    id="AVL010",
    severity=Severity.INFO,
    title="The alert is looser than the objective",
    source="an alert has to fire before the promise is broken",
    check=check,
)
