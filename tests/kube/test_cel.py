"""Rules of custom resources have the value that CEL gives them."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.cel import EvaluationError, NotSupportedError, compiled

SELF: dict[str, Any] = {
    "replicas": 3,
    "minReplicas": 1,
    "name": "web-1",
    "groups": ["a", "b"],
    "limits": {"cpu": "1"},
    "ports": [{"port": 80}, {"port": 443, "name": "https"}],
    "class": "x",
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("self.minReplicas <= self.replicas", True),
        ("self.replicas % 2 == 0 ? 'even' : 'odd'", "odd"),
        ("1 + 2 * 3 - -1", 8),
        ("-7 / 2", -3),
        ("!(self.replicas > 5) && self.name.startsWith('web')", True),
        ("has(self.limits) && !has(self.requests)", True),
        ("self.name.find('[a-z]+')", "web"),
        ("self.name.find('[A-Z]+')", ""),
        ("'a1b22'.findAll('[0-9]+')", ["1", "22"]),
        ("!has(self.requests) || self.requests.cpu == '1'", True),
        ("'a' in self.groups", True),
        ("'cpu' in self.limits", True),
        ("self.limits['cpu'] == \"1\"", True),
        ("size(self.groups) == 2 && self.groups.size() < 3", True),
        ("self.ports.all(p, p.port > 0 && p.port < 65536)", True),
        ("self.ports.exists(p, has(p.name) && p.name == 'https')", True),
        ("self.ports.exists_one(p, p.port == 80)", True),
        ("self.ports.map(p, p.port)", [80, 443]),
        ("self.ports.map(p, p.port > 80, p.port)", [443]),
        ("self.ports.filter(p, p.port == 80).size() == 1", True),
        ("self.name.matches('^[a-z]+-[0-9]$')", True),
        ("self.name.matches(r'^web-\\d$')", True),
        ("self.__class__ == 'x'", True),
        ("self.groups == ['a', 'b']", True),
        ("{'a': 1}.a", 1),
        ("string(self.replicas) + 'x'", "3x"),
        ("true == 1", False),
        ("self.nope == 1 || self.replicas == 3", True),
    ],
)
def test_values(rule: str, value: Any) -> None:
    assert compiled(rule)({"self": SELF}) == value


@pytest.mark.parametrize("rule", ["self.nope == 1", "self.groups[7] == 'a'", "self.name < 3", "1 / 0 == 1"])
def test_rules_without_a_value(rule: str) -> None:
    with pytest.raises(EvaluationError):
        compiled(rule)({"self": SELF})


@pytest.mark.parametrize("rule", ["math.greatest(1, 2)", "self.name.capitalize()", "self.", "(1", "a b", "#"])
def test_what_is_not_here_is_said_before_evaluation(rule: str) -> None:
    with pytest.raises(NotSupportedError):
        compiled(rule)
