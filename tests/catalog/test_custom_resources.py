"""The packed structures: every kind is there, becomes a definition, and tells good objects from bad ones."""

from __future__ import annotations

import pytest

from strict import problems_of
from wavetank.catalog.custom_resources import CustomResource, custom_resources

SCHEDULE = {
    "apiVersion": "velero.io/v1",
    "kind": "Schedule",
    "metadata": {"name": "daily", "namespace": "velero"},
    "spec": {"schedule": "0 2 * * *", "template": {"includedNamespaces": ["production"], "ttl": "720h0m0s"}},
}


def test_a_good_object_has_no_problems() -> None:
    assert problems_of(SCHEDULE) == []


def test_a_field_that_no_version_has_is_a_problem() -> None:
    backup = {**SCHEDULE, "kind": "Backup", "spec": {"schedule": "0 2 * * *"}}
    assert 'unknown field "spec.schedule"' in problems_of(backup)


def test_a_rule_of_the_schema_is_kept() -> None:
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"host": "api", "trafficPolicy": {"loadBalancer": {"simple": "LEAST_CONNECTIONS_OF_ALL"}}},
    }
    assert any("loadBalancer.simple" in problem for problem in problems_of(rule))


@pytest.mark.parametrize("kind", custom_resources().values(), ids=lambda kind: f"{kind.group}/{kind.kind}")
def test_every_kind_becomes_a_valid_definition(kind: CustomResource) -> None:
    assert problems_of(kind.definition()) == []
