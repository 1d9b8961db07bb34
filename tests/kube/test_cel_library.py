"""Types of rules are checked in cel-go's words, and the libraries of Kubernetes compute what they compute there."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.cel import CompileError, EvaluationError, check, compiled
from wavetank.kube.cel.from_schema import type_of_schema, value_of
from wavetank.kube.cel.types import Type

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"},
        "a": {"type": "string"},
        "l": {"type": "array", "items": {"type": "string"}},
        "m": {"type": "object", "additionalProperties": {"type": "integer"}},
        "port": {"x-kubernetes-int-or-string": True},
        "when": {"type": "string", "format": "date-time"},
        "long": {"type": "string", "format": "duration"},
        "ratio": {"type": "number"},
        "maybe": {"type": "string", "nullable": True},
        "x-y": {"type": "string"},
        "free": {"x-kubernetes-preserve-unknown-fields": True},
    },
}


def variables() -> dict[str, Type]:
    found = type_of_schema(SCHEMA, is_object=True)
    assert found is not None
    return {"self": found, "oldSelf": found}


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("self.nope > 1", "1:5: undefined field 'nope'"),
        ("self.free.x == 1", "1:5: undefined field 'free'"),
        ("self.n == 'x'", "1:8: found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.a.contains(1)", "1:16: found no matching overload for 'contains' applied to 'string.(int)'"),
        ("self.n.map(x, x)", "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"),
        ("has(self)", "1:4: invalid argument to has() macro"),
        ("foo(self.n)", "1:4: undeclared reference to 'foo' (in container '')"),
        ("other.n", "1:1: undeclared reference to 'other' (in container '')"),
        ("self.a.b", "1:7: type 'string' does not support field selection"),
        ("self.a.matches('(')", "1:16: invalid matches argument"),
        ("[1, 'a'] == [1]", "1:5: expected type 'int' but found 'string'"),
        ("self.l.all(x, x > 1)", "1:17: found no matching overload for '_>_' applied to '(string, int)'"),
        ("self.n + 1.5 > 0.0", "1:8: found no matching overload for '_+_' applied to '(int, double)'"),
    ],
)  # fmt: skip
def test_what_does_not_compile_is_pointed_at(rule: str, complaint: str) -> None:
    with pytest.raises(CompileError) as error:
        check(rule, variables())
    said, _, caret = str(error.value).split("\n")
    assert said == f"ERROR: <input>:{complaint}"
    assert len(caret) - 3 == int(complaint.split(":")[1])


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("self.n > 1 && self.ratio > 1", "bool"),
        ("self.port == 80 || self.port == 'http'", "bool"),
        ("self.maybe == null || self.maybe.startsWith('x')", "bool"),
        ("self.x__dash__y == self.metadata.name", "bool"),
        ("self.l.map(x, x.size())", "list(int)"),
        ("self.?a.orValue('x')", "string"),
        ("self.m.transformMap(k, v, v + 1)", "map(string, int)"),
        ("self.m['a']", "int"),
        ("self.when + self.long", "timestamp"),
        ("quantity(self.a).add(quantity('1Gi')).asInteger()", "int"),
        ("type(self.n) == int", "bool"),
        ("[]", "list(dyn)"),
        ("self.n > 0 ? 'a' : string(self.n)", "string"),
        ("cel.bind(x, self.n, x * x)", "int"),
    ],
)
def test_types_follow_from_the_schema(rule: str, kind: str) -> None:
    assert str(check(rule, variables())[1]) == kind


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'hello'.charAt(1) + 'hello'.substring(1, 3)", "eel"),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'aXbX'.replace('X', '-', 1)", "a-bX"),
        ("'hello'.lastIndexOf('l')", 3),
        ("'%d of %s, %.2f'.format([1, ['a', true], 2.5])", "1 of [a, true], 2.50"),
        ("['a', 'b'].join('/')", "a/b"),
        ("'a1b22'.findAll('[0-9]+', 1)", ["1"]),
        ("[3, 1, 2].isSorted() || [1, 2].isSorted()", True),
        ("[1, 2, 3].sum() + [1, 5].max() - [4, 2].min()", 9),
        ("[1, 2, 1].lastIndexOf(1)", 2),
        ("[[1], [2, 3]].flatten().reverse()", [3, 2, 1]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("sets.contains([1, 2], [2]) && sets.equivalent([1], [1, 1]) && !sets.intersects([1], [2])", True),
        ("isURL('https://a.b:80/p?x=1') && url('https://a.b:80/p?x=1').getHostname() == 'a.b'", True),
        ("url('https://a.b/p?x=1').getQuery()", {"x": ["1"]}),
        ("quantity('1.5Gi').compareTo(quantity('1500Mi'))", 1),
        ("quantity('2').isInteger() && !isQuantity('x')", True),
        ("ip('10.0.0.1').family() + ip('::1').family()", 10),
        ("cidr('10.0.0.0/8').containsIP('10.1.1.1') && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", True),
        ("semver('1.10.0').isGreaterThan(semver('1.9.9')) && semver('1.0.0-a').isLessThan(semver('1.0.0'))", True),
        ("isSemver('v1.2', true) && !isSemver('v1.2')", True),
        ("duration('1h30m').getMinutes()", 90),
        ("timestamp('2026-01-02T03:04:05Z').getDayOfWeek()", 5),
        ("string(timestamp('2026-01-02T03:04:05Z') + duration('1s'))", "2026-01-02T03:04:06Z"),
        ("{'a': 1}[?'b'].orValue(7)", 7),
        ("optional.of(3).optMap(x, x + 1).value()", 4),
        ("{?'a': optional.none(), 'b': 1}", {"b": 1}),
        ("{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", True),
        ("[5, 6].transformList(i, v, i + v)", [5, 7]),
        ("format.dns1123Label().validate('A_').hasValue()", True),
        ("'\\u0041' + r'\\d'", "A\\d"),
        ("7u == 7 && 1 == 1.0 && type(1) != type(1u)", True),
        ("'a' in {'a': 1} && 2 in [1, 2]", True),
    ],
)
def test_libraries(expression: str, value: Any) -> None:
    assert compiled(expression)({}) == value


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1 / 0", "division by zero"),
        ("[1][3]", "index out of bounds: 3"),
        ("{'a': 1}.b", "no such key: b"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("'ab'.substring(3)", "index out of range: 3"),
        ("dyn(1) + dyn('a')", "no such overload"),
        ("optional.none().value()", "optional.none() dereference"),
    ],
)
def test_errors_of_values(expression: str, said: str) -> None:
    with pytest.raises(
        EvaluationError, match="^" + said.replace("(", r"\(").replace(")", r"\)").replace(".", r"\.") + "$"
    ):
        compiled(expression)({})


def test_values_are_those_of_the_schema() -> None:
    value = value_of({"when": "2026-01-02T00:00:00Z", "long": "90s", "ratio": 2, "l": ["a"]}, SCHEMA)
    rule = "self.when.getFullYear() == 2026 && self.long == duration('1m30s') && type(self.ratio) == double"
    assert compiled(rule)({"self": value}) is True
