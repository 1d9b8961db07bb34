"""Which level of PodSecurity a workload is warned of: the one that is asked for, or else the one that is enforced."""

from __future__ import annotations

import pytest

from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.calls import Call
from wavetank.twin.engine import Engine

PREFIX = "pod-security.kubernetes.io/"


@pytest.mark.parametrize(
    ("labels", "level"),
    [
        ({}, ""),
        ({"enforce": "restricted"}, "restricted:latest"),
        ({"enforce": "restricted", "enforce-version": "v1.30"}, "restricted:v1.30"),
        ({"enforce": "restricted", "warn-version": "v1.31"}, "restricted:v1.31"),
        ({"enforce": "restricted", "warn": "privileged"}, ""),
        ({"enforce": "restricted", "warn": "baseline"}, ""),
        ({"enforce": "privileged", "warn": "restricted"}, "restricted:latest"),
    ],
)
def test_a_deployment_is_warned_of_the_level_asked_for_or_else_of_the_enforced_one(
    labels: dict[str, str], level: str
) -> None:
    cluster = new_cluster(Engine())
    metadata = {"name": "secure", "labels": {PREFIX + key: value for key, value in labels.items()}}
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    place = {"name": "web", "namespace": "secure"}
    call = Call()
    cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": place, "spec": spec}, call=call)
    assert [text.split('"')[1] for text in call.warnings] == ([level] if level else [])
