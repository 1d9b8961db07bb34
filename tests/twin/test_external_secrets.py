"""The stand-in for External Secrets makes the Secrets that pods wait for, with placeholders, once it runs."""

from __future__ import annotations

import base64

from nodes_kit import World

from wavetank.kube.conditions import is_true
from wavetank.kube.types import Obj
from wavetank.twin.components import StandIns, install
from wavetank.twin.components.external_secrets import CONTROLLER, EXTERNAL_SECRETS
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers

WANTED: Obj = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "login", "namespace": "default"},
    "spec": {
        "secretStoreRef": {"name": "aws", "kind": "SecretStore"},
        "target": {"name": "credentials", "creationPolicy": "Owner"},
        "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": "shop/login", "property": "password"}}],
    },
}


def operator(world: World) -> None:
    """A pod of the operator on the machine, as its Deployment would make one where a scheduler runs."""
    account = {"name": "default", "namespace": "kube-system"}
    world.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    metadata = {"name": "e", "namespace": "kube-system", "labels": {"app.kubernetes.io/name": CONTROLLER}}
    spec = {"containers": [{"name": "main", "image": "e:1"}], "nodeName": world.machine.name}
    world.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def test_a_secret_comes_once_the_operator_runs_and_says_what_would_stand_there() -> None:
    world = World()
    StandIns(world.cluster, ModelledLoadBalancers())
    install(world.cluster, "external-secrets", "2.0.0")
    world.after(1.0)
    world.cluster.create(WANTED)
    world.after(2.0)
    assert world.cluster.find("secrets", "default", "credentials") is None
    operator(world)
    world.after(6.0)
    made = world.cluster.get("secrets", "default", "credentials")
    assert base64.b64decode(made["data"]["PASSWORD"]) == b"placeholder for shop/login:password"
    assert made["metadata"]["ownerReferences"][0]["kind"] == "ExternalSecret"
    assert is_true(world.cluster.get(EXTERNAL_SECRETS, "default", "login"), "Ready")
