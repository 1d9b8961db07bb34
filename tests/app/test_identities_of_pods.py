"""Pods that are somebody in AWS, and KEDA that asks it: twins and the embedded AWS wired together by the tank."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from wavetank.app.aws import client
from wavetank.app.pod_credentials import trusts_pods
from wavetank.app.scaler_sources import OutsideSources
from wavetank.app.tank import Tank, TankOptions
from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.components.keda import Answer, Question, SourceError

NAME, REGION, ACCOUNT = "shop", "us-west-2", "111122223333"
PATIENCE_SECONDS = 40.0
AGENT, PODS = "pods.eks.amazonaws.com", "system:serviceaccount:default:reader"


@pytest.fixture(scope="module")
def tank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tank]:
    made = Tank(TankOptions(REGION, ACCOUNT, tmp_path_factory.mktemp("tank"), speed=100.0))
    made.start()
    try:
        create(made)
        yield made
    finally:
        made.stop()


def create(tank: Tank) -> None:
    """A cluster of one machine, with KEDA."""
    ec2, eks = client("ec2", tank.environment()), client("eks", tank.environment())
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    eks.create_cluster(name=NAME, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    for addon in ("vpc-cni", "eks-pod-identity-agent"):
        eks.create_addon(clusterName=NAME, addonName=addon)
    scaling = {"minSize": 1, "desiredSize": 1, "maxSize": 1}
    eks.create_nodegroup(
        clusterName=NAME,
        nodegroupName="general",
        subnets=subnets,
        nodeRole=role,
        scalingConfig=scaling,
        instanceTypes=["m7i.xlarge"],
    )
    tank.install(NAME, "keda", "2.18.0", {})


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def on(tank: Tank, work: Callable[[Any], Any]) -> Any:
    world = tank.world(NAME)

    def now() -> Any:
        world.pacer.catch_up()
        return work(world)

    return tank._loop.call(now)


def make(tank: Tank, version: str, kind: str, name: str, more: Obj, annotations: Obj | None = None) -> Obj:
    metadata = {"name": name, "namespace": "default"} | ({"annotations": annotations} if annotations else {})
    obj = {"apiVersion": version, "kind": kind, "metadata": metadata, **more}
    found: Obj = on(tank, lambda world: world.cluster.create(obj))
    return found


def pod(tank: Tank, name: str, account: str) -> Obj:
    """A pod, created and running."""
    spec = {"serviceAccountName": account, "containers": [{"name": "app", "image": "registry.example/app:1"}]}
    make(tank, "v1", "Pod", name, {"spec": spec})
    wait(lambda: is_pod_ready(on(tank, lambda world: world.cluster.get("pods", "default", name))))
    found: Obj = on(tank, lambda world: world.cluster.get("pods", "default", name))
    return found


def variables(obj: Obj) -> dict[str, str]:
    return {each["name"]: each["value"] for each in obj["spec"]["containers"][0]["env"]}


def token(tank: Tank, obj: Obj, audience: str) -> str:
    """As the kubelet asks for it."""
    bound = {"kind": "Pod", "apiVersion": "v1", "name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}
    spec = {"audiences": [audience], "expirationSeconds": 86400, "boundObjectRef": bound}
    account = obj["spec"]["serviceAccountName"]
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return str(on(tank, lambda world: world.cluster.issue_token("default", account, request))["status"]["token"])


def role(tank: Tank, name: str, statement: Obj) -> str:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    made = client("iam", tank.environment()).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(made["Role"]["Arn"])


def test_an_annotated_account_gives_its_pods_a_token_that_aws_exchanges(tank: Tank) -> None:
    eks, iam = client("eks", tank.environment()), client("iam", tank.environment())
    issuer = eks.describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
    host = issuer.removeprefix("https://")
    iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40])
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    condition = {"StringEquals": {f"{host}:sub": PODS, f"{host}:aud": "sts.amazonaws.com"}}
    action = {"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}, "Condition": condition}
    arn = role(tank, "reader", action)
    make(tank, "v1", "ServiceAccount", "reader", {}, {"eks.amazonaws.com/role-arn": arn})
    obj = pod(tank, "with-annotation", "reader")
    assert variables(obj) == {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ROLE_ARN": arn,
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    }
    sts = client("sts", tank.environment())
    asked = {"RoleArn": arn, "RoleSessionName": "reading", "WebIdentityToken": token(tank, obj, "sts.amazonaws.com")}
    assert sts.assume_role_with_web_identity(**asked)["Credentials"]["AccessKeyId"]
    make(tank, "v1", "ServiceAccount", "other", {})
    other = pod(tank, "without", "other")
    assert "env" not in other["spec"]["containers"][0]
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        sts.assume_role_with_web_identity(**{**asked, "WebIdentityToken": token(tank, other, "sts.amazonaws.com")})
    with pytest.raises(ClientError, match="Incorrect token audience"):
        sts.assume_role_with_web_identity(**{**asked, "WebIdentityToken": token(tank, obj, "elsewhere")})


def test_an_association_gives_credentials_through_the_agent(tank: Tank) -> None:
    eks = client("eks", tank.environment())
    trusted = {"Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"Service": AGENT}}
    arn = role(tank, "writer", trusted)
    make(tank, "v1", "ServiceAccount", "writer", {})
    eks.create_pod_identity_association(clusterName=NAME, namespace="default", serviceAccount="writer", roleArn=arn)
    obj = pod(tank, "with-association", "writer")
    found = variables(obj)
    folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
    assert found["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == f"{folder}/eks-pod-identity-token"
    uri = found["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    wait(lambda: bool(on(tank, lambda world: agents(world))))
    answer = httpx.get(uri, headers={"Authorization": token(tank, obj, AGENT)}, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["AccountId"] == ACCOUNT
    assert answer.json()["Token"]
    assert httpx.get(uri, headers={"Authorization": "nobody"}, trust_env=False).status_code == 400
    on(tank, lambda world: world.uninstall_component("eks-pod-identity-agent"))
    wait(lambda: not on(tank, lambda world: agents(world)))
    answer = httpx.get(uri, headers={"Authorization": token(tank, obj, AGENT)}, trust_env=False)
    assert answer.status_code == 503


def agents(world: Any) -> list[Obj]:
    found: list[Obj] = world.cluster.list(
        "pods", "kube-system", lambda p: is_pod_ready(p) and "identity-agent" in p["metadata"]["name"]
    )
    return found


def test_keda_asks_the_embedded_queue(tank: Tank) -> None:
    sqs = client("sqs", tank.environment())
    here = sqs.create_queue(QueueName="render-jobs")["QueueUrl"]
    labels = {"app": "worker"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}
    make(
        tank,
        "apps/v1",
        "Deployment",
        "worker",
        {"spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}},
    )
    wait(lambda: bool(on(tank, lambda world: world.stand_ins.custom_metrics.available())))
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/render-jobs"
    trigger = {"type": "aws-sqs-queue", "metadata": {"queueURL": url, "awsRegion": REGION, "queueLength": "5"}}
    spec = {"scaleTargetRef": {"name": "worker"}, "triggers": [trigger], "maxReplicaCount": 6}
    make(tank, "keda.sh/v1alpha1", "ScaledObject", "worker", {"spec": spec})
    for number in range(20):
        sqs.send_message(QueueUrl=here, MessageBody=str(number))

    def replicas() -> int:
        return int(
            on(tank, lambda world: world.cluster.get("deployments.apps", "default", "worker"))["spec"]["replicas"]
        )

    wait(lambda: replicas() == 4)


def test_trust_policies_must_name_eks_and_both_actions() -> None:
    service = {"Principal": {"Service": AGENT}}
    both = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], **service}
    assert trusts_pods({"Statement": both})
    assert not trusts_pods({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **service}]})
    assert not trusts_pods({"Statement": [{**both, "Principal": {"Service": "ec2.amazonaws.com"}}]})


def has(answers: list[Answer], number: int) -> bool:
    return len(answers) == number


class _Numbers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        vector = [{"value": [0, "12.5"]}] if "rate" in self.path else []
        body = json.dumps({"data": {"result": vector}, "jobs": [{"waiting": 7}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        return


def test_http_sources_are_asked_where_the_service_really_answers() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Numbers)
    Thread(target=server.serve_forever, daemon=True).start()
    sources = OutsideSources({})
    answers: list[Answer] = []
    asked: list[tuple[str, int, str]] = []

    def resolve(host: str, port: int, namespace: str) -> tuple[str, int]:
        asked.append((host, port, namespace))
        return "127.0.0.1", int(server.server_address[1])

    sources.serve(lambda action: action(), resolve)
    address = {"serverAddress": "http://prometheus.monitoring.svc:9090"}
    location = {"url": "http://api/jobs", "valueLocation": "jobs.0.waiting"}
    questions = (
        Question("prometheus", "shop", {**address, "query": "rate(x)"}),
        Question("prometheus", "shop", {**address, "query": "none"}),
        Question("metrics-api", "shop", location),
        Question("kafka", "shop", {}),
    )
    for number, question in enumerate(questions, 1):
        sources.ask(question, answers.append)
        wait(partial(has, answers, number))
    server.shutdown()
    server.server_close()
    sources.close()
    assert answers == [12.5, None, 7.0, SourceError("kafka: nothing on this computer answers for it")]
    assert asked[0] == ("prometheus.monitoring.svc", 9090, "shop")
    assert asked[2] == ("api", 80, "shop")
