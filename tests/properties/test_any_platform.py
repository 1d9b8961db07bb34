"""Any valid platform can be planned, rendered, checked and priced, in each of its environments; and what is rendered is right.

Two hundred platforms in ``make test``, always the same ones; two thousand others in each ``make test-all``, where a failure
prints the blob that brings it back (``@reproduce_failure``).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import hcl2
import pytest
import yaml
from drawn import Section
from drawn_platforms import plans_of, platforms
from hypothesis import HealthCheck, Phase, given, settings

from strict import problems_of
from wavetank.app.design import Design
from wavetank.base.errors import InputError
from wavetank.cost import Bill
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.validation import validate_create
from wavetank.plan import Plan
from wavetank.render import Family, kubernetes, render
from wavetank.render.trace import bare

ON = date(2026, 11, 21)
_PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
#: the same platforms each time
FIXED = settings(_PROFILE, derandomize=True, phases=[Phase.generate])
#: others each time; a failure prints how to see it again
NIGHTLY = settings(_PROFILE, print_blob=True, phases=[Phase.generate, Phase.shrink])
_RESOURCES = {(each.group, each.kind): each for each in BUILT_IN}


def use_whole(document: Section) -> None:
    """Everything that the design half does with a platform; raises where it cannot."""
    plans = _accepted(document)
    family = Family.of(*plans.values())
    for planned in plans.values():
        design = Design(planned, ON, family)
        assert all(file.text is not None for file in design.bundle.files.values())
        assert all(finding.message for finding in design.findings)
        assert_adds_up(design.bill)


def _accepted(document: Section) -> dict[str, Plan]:
    try:
        return plans_of(document)
    except InputError as refused:
        raise AssertionError(f"a platform that is meant to be valid is refused: {refused.problems}") from refused


def assert_adds_up(priced: Bill) -> None:
    """Totals are the sums of their lines, to the cent, by whatever they are grouped."""
    amounts = [line.amount for line in priced.lines if line.amount is not None]
    for bound in ("floor", "expected", "ceiling"):
        total = getattr(priced.total, bound)
        assert total == sum((getattr(amount, bound) for amount in amounts), Decimal(0))
        assert total == sum((getattr(part, bound) for part in priced.by_component().values()), Decimal(0))
        assert total == total.quantize(Decimal("0.01"))
    assert all(amount.floor <= amount.expected <= amount.ceiling for amount in amounts), amounts


@settings(FIXED, max_examples=120)
@given(platforms())
def test_a_valid_platform_is_rendered_checked_and_priced(document: Section) -> None:
    use_whole(document)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(NIGHTLY, max_examples=2000)
@given(platforms())
def test_two_thousand_others_are_rendered_checked_and_priced(document: Section) -> None:
    use_whole(document)


# --- what is rendered ---------------------------------------------------------------------------------------------------


@settings(FIXED, max_examples=25)
@given(platforms())
def test_rendered_objects_are_such_that_the_api_server_takes_them(document: Section) -> None:
    for planned in _accepted(document).values():
        for group in kubernetes.objects_of(planned).values():
            for obj in map(bare, group):
                assert refusals(obj, planned.cluster.version) == [], obj


def refusals(obj: dict[str, Any], minor: str) -> list[Any]:
    """What the API server would say: of the structure, and of a built-in object's meaning."""
    resource = _RESOURCES.get((obj["apiVersion"].rpartition("/")[0], obj["kind"]))
    return [*problems_of(obj, minor), *(validate_create(defaulted(obj, resource), resource) if resource else ())]


@settings(FIXED, max_examples=8)
@given(platforms())
def test_rendered_files_are_what_they_are_called(document: Section) -> None:
    plans = _accepted(document)
    family = Family.of(*plans.values())
    for planned in plans.values():
        for name, file in render(planned, family).files.items():
            if name.endswith(".tf"):
                hcl2.loads(file.text)
            elif name.endswith((".yaml", ".yml", ".json")) and "/templates/" not in name:
                assert list(yaml.load_all(file.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))), name
