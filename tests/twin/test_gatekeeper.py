"""Gatekeeper's stand-in makes the kinds that templates describe, once it runs; constraints can then be applied."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from nodes_kit import World

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.plan import plan
from wavetank.render import render
from wavetank.spec import load
from wavetank.twin.cluster import Cluster
from wavetank.twin.components import StandIns, install
from wavetank.twin.components.gatekeeper import CONTROLLER
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers

PLATFORM = Path(__file__).parents[1] / "data" / "operations" / "platform.yaml"


def rendered(file: str) -> list[Obj]:
    bundle = render(plan(load(PLATFORM, "production")))
    return list(yaml.safe_load_all(bundle.files[f"kubernetes/{file}"].text))


def controller(cluster: Cluster, node: str) -> None:
    account = {"name": "default", "namespace": "kube-system"}
    if cluster.find("serviceaccounts", "kube-system", "default") is None:
        cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    metadata = {"name": "g", "namespace": "kube-system", "labels": {"app.kubernetes.io/name": CONTROLLER}}
    spec = {"containers": [{"name": "main", "image": "g:1"}], "nodeName": node, "restartPolicy": "Always"}
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def test_constraints_are_taken_once_the_controller_has_made_their_kinds() -> None:
    world = World()
    StandIns(world.cluster, ModelledLoadBalancers())
    install(world.cluster, "gatekeeper", "3.23.1")
    world.after(1.0)
    for template in rendered("03-policy-templates.yaml"):
        world.cluster.create(template)
    constraints = rendered("04-policies.yaml")
    world.after(2.0)
    with pytest.raises(ApiError):
        world.cluster.create(constraints[0])
    controller(world.cluster, world.machine.name)
    world.after(5.0)
    for constraint in constraints:
        stored = world.cluster.create(constraint)
        assert stored["spec"]["enforcementAction"] == "deny"
    assert len(constraints) == 6
