"""What is assumed for the bill is about groups that exist, and no share is more than the whole."""

from __future__ import annotations

import pytest

from wavetank.base.errors import InputError
from wavetank.spec import load_text

BASE = """
name: small
region: us-east-1
accountId: "111122223333"
cluster: {version: "1.36"}
nodeGroups:
  - {name: general, instanceTypes: m5.large, minSize: 1, maxSize: 3}
namespaces: [{name: apps}]
workloads: []
"""


def problems(cost: str) -> list[str]:
    try:
        load_text(BASE + f"cost: {cost}\n", "platform.yaml")
    except InputError as wrong:
        return [problem.message for problem in wrong.problems]
    return []


@pytest.mark.parametrize(
    "cost",
    [
        "{nodeHours: {general: 10}, spotSavings: {general: 70}}",
        "{commitments: [{kind: reserved, term: 3y-all-upfront, nodeGroups: [general]}]}",
        "{spotSavingPercent: 100, changePercentPerDay: 0}",
    ],
)
def test_assumptions_about_what_is_there_are_fine(cost: str) -> None:
    assert problems(cost) == []


@pytest.mark.parametrize(
    "cost",
    [
        "{nodeHours: {genral: 10}}",
        "{spotSavings: {genral: 10}}",
        "{commitments: [{kind: savings-plan, term: 1y-no-upfront, nodeGroups: [genral]}]}",
    ],
)
def test_a_group_that_is_not_there_is_refused(cost: str) -> None:
    assert problems(cost) == ['there is no node group "genral"']


@pytest.mark.parametrize("cost", ["{spotSavingPercent: 120}", "{spotSavings: {general: 100.5}}"])
def test_nothing_is_more_than_the_whole(cost: str) -> None:
    (found,) = problems(cost)
    assert "more than the whole" in found
