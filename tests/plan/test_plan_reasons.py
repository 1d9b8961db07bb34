"""Every value of a plan says why it is what it is, and the lines it names are the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_leaves import leaves

from wavetank.plan import Plan, plan
from wavetank.plan.reasons import Default, Derived, Stated, ancestors, nearest_reason, stated_place, steps_of
from wavetank.spec import load, load_text

EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"
SMALLEST = """\
name: harbor
region: eu-west-1
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: m7g.large, minSize: 1, maxSize: 2}]
namespaces: [{name: harbor}]
workloads: [{name: api, image: nginx, port: 80, autoscaling: {maxReplicas: 4, cpu: 50}}]
services: [{name: api, workload: api, port: 80, type: LoadBalancer}]
"""


def _plans() -> list[Plan]:
    example = [plan(load(EXAMPLE, environment)) for environment in ("production", "dev")]
    return [*example, plan(load_text(SMALLEST, "smallest.yaml"))]


@pytest.mark.parametrize("planned", _plans(), ids=["production", "dev", "smallest"])
def test_every_leaf_has_a_reason(planned: Plan) -> None:
    silent = [path for path, _ in leaves(planned) if planned.reason(path) is None]
    assert silent == []


@pytest.mark.parametrize("planned", _plans(), ids=["production", "dev", "smallest"])
def test_what_a_value_derives_from_has_a_reason_itself(planned: Plan) -> None:
    origins = {
        origin for reason in planned.reasons.values() if isinstance(reason, Derived) for origin in reason.from_paths
    }
    assert sorted(origin for origin in origins if nearest_reason(planned.reasons, origin) is None) == []


def test_stated_values_stand_on_the_lines_that_their_reasons_name() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for planned in (plan(load(EXAMPLE, environment)) for environment in ("production", "dev")):
        checked = 0
        for path, value in leaves(planned):
            reason = planned.reasons.get(path)
            if isinstance(reason, Stated) and isinstance(value, str | int) and not isinstance(value, bool):
                assert str(value) in lines[reason.line - 1], path
                checked += 1
        assert checked > 60


def test_defaults_say_what_rule_and_why() -> None:
    defaults = [reason for planned in _plans() for reason in planned.reasons.values() if isinstance(reason, Default)]
    assert defaults
    assert all(default.rule and default.why for default in defaults)


def test_the_place_behind_a_derived_value_is_that_of_its_origin() -> None:
    planned = plan(load(EXAMPLE, "production"))
    image = "workloads[ml-inference-api].containers[ml-inference-api].image"
    place = planned.place(image)
    assert place is not None
    assert "image: ml-inference-api:1.0.0" in EXAMPLE.read_text().splitlines()[place.line - 1]
    assert planned.place("cluster.serviceCidr") is None


def test_paths_are_walked_from_the_inside_out() -> None:
    path = "services[lb].annotations[service.beta.kubernetes.io/x].deep[0]"
    assert list(ancestors(path)) == [
        path,
        "services[lb].annotations[service.beta.kubernetes.io/x].deep",
        "services[lb].annotations[service.beta.kubernetes.io/x]",
        "services[lb].annotations",
        "services[lb]",
        "services",
    ]
    assert steps_of(path) == ("services", "lb", "annotations", "service.beta.kubernetes.io/x", "deep", "0")


def test_derivations_that_go_in_circles_end() -> None:
    circle = {"a": Derived(("b",), "from b"), "b": Derived(("a",), "from a")}
    assert stated_place(circle, "a") is None
