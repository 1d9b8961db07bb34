"""A cluster of an older minor serves the kinds that it had."""

from __future__ import annotations

import pytest

from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine

#: group/kind -> the first minor that serves it as v1 (release notes of Kubernetes)
SINCE = {
    "mutatingadmissionpolicies.admissionregistration.k8s.io": 36,
    "servicecidrs.networking.k8s.io": 33,
    "resourceclaims.resource.k8s.io": 34,
    "volumeattributesclasses.storage.k8s.io": 34,
    "deployments.apps": 9,
}


@pytest.mark.parametrize("minor", range(31, 37))
def test_kinds_that_came_later_are_not_served(minor: int) -> None:
    cluster = new_cluster(Engine(), version=f"1.{minor}")
    served = {resource.key for resource in cluster.registry.all()}
    assert {key: key in served for key in SINCE} == {key: minor >= since for key, since in SINCE.items()}
