"""What EKS's pod identity webhook gives to pods, and that a real process finds its token."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from real_kit import RealWorld, get, until

from wavetank.kube.types import Obj
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components.pod_identity_webhook import AGENT_URI, PodIdentityWebhook
from wavetank.twin.engine import Engine

ROLE = "arn:aws:iam::111122223333:role/reader"
ANNOTATION = "eks.amazonaws.com/role-arn"


def created(account: Obj | None = None, *, associated: bool = False, pod: Obj | None = None, **spec: Any) -> Obj:
    """A pod of the account ``reader`` as it is stored."""
    cluster = new_cluster(Engine(seed=1))
    webhook = PodIdentityWebhook(cluster, "eu-central-1")
    if associated:
        webhook.associate("a-1", "default", "reader", ROLE)
    metadata = {"name": "reader", "namespace": "default", "annotations": account or {}}
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    full = {"serviceAccountName": "reader", "containers": [{"name": "app", "image": "app:1"}], **spec}
    identity = {"name": "web", "namespace": "default", **(pod or {})}
    return cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": identity, "spec": full})


def environment(obj: Obj, container: int = 0) -> dict[str, str]:
    return {v["name"]: v["value"] for v in obj["spec"]["containers"][container].get("env") or ()}


def token(obj: Obj, volume: str) -> Obj:
    found = next(v for v in obj["spec"]["volumes"] if v["name"] == volume)
    source: Obj = found["projected"]["sources"][0]["serviceAccountToken"]
    return source


def test_the_annotation_of_an_account_brings_token_and_variables() -> None:
    obj = created({ANNOTATION: ROLE}, initContainers=[{"name": "setup", "image": "setup:1"}])
    folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
    assert list(environment(obj)) == [
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ]
    assert environment(obj)["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{folder}/token"
    assert token(obj, "aws-iam-token") == {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}
    for container in (*obj["spec"]["containers"], *obj["spec"]["initContainers"]):
        assert {"name": "aws-iam-token", "mountPath": folder, "readOnly": True} in container["volumeMounts"]


def test_audience_lifetime_and_endpoints_can_be_stated() -> None:
    account = {
        ANNOTATION: ROLE,
        "eks.amazonaws.com/audience": "mine",
        "eks.amazonaws.com/token-expiration": "60",
        "eks.amazonaws.com/sts-regional-endpoints": "false",
    }
    obj = created(account)
    assert token(obj, "aws-iam-token") == {"audience": "mine", "expirationSeconds": 3600, "path": "token"}
    assert "AWS_STS_REGIONAL_ENDPOINTS" not in environment(obj)


def test_containers_that_look_after_themselves_are_left_alone() -> None:
    own = {"name": "own", "image": "app:1", "env": [{"name": "AWS_ROLE_ARN", "value": "mine"}]}
    skipped = {"name": "skipped", "image": "app:1"}
    regional = {"name": "regional", "image": "app:1", "env": [{"name": "AWS_REGION", "value": "us-east-1"}]}
    annotations = {"eks.amazonaws.com/skip-containers": "skipped"}
    obj = created({ANNOTATION: ROLE}, pod={"annotations": annotations}, containers=[own, skipped, regional])
    assert environment(obj, 0) == {"AWS_ROLE_ARN": "mine"}
    assert environment(obj, 1) == {}
    assert environment(obj, 2)["AWS_REGION"] == "us-east-1"
    assert environment(obj, 2)["AWS_ROLE_ARN"] == ROLE


def test_an_association_comes_before_the_annotation() -> None:
    obj = created({ANNOTATION: ROLE}, associated=True)
    assert environment(obj)["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == AGENT_URI
    assert "AWS_ROLE_ARN" not in environment(obj)
    assert token(obj, "eks-pod-identity-token")["audience"] == "pods.eks.amazonaws.com"


def test_other_pods_are_as_they_were() -> None:
    assert environment(created()) == {}


def test_a_real_process_finds_its_token_where_the_variable_says(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    webhook = PodIdentityWebhook(world.cluster, "eu-central-1")
    account = world.cluster.get("serviceaccounts", "default", "default")
    annotated = {**account["metadata"], "annotations": {ANNOTATION: ROLE}}
    world.cluster.update({**account, "metadata": annotated})

    async def story() -> None:
        world.create()
        await until(world.ready)
        answer = await get(world.pod()["status"]["podIP"], 8080)
        found = json.loads(answer[1])["env"]
        path = Path(found["AWS_WEB_IDENTITY_TOKEN_FILE"])
        claims = world.cluster.tokens.claims(path.read_text())
        assert claims["aud"] == ["sts.amazonaws.com"]
        assert found["AWS_ROLE_ARN"] == ROLE
        await asyncio.sleep(0)

    world.run(story)
    webhook.close()
