"""From an AWS identity to a Kubernetes user: entries, policies, groups, and the creator of a cluster."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from botocore.signers import RequestSigner
from kit import REGION, ROLE, Heard, client, cluster, node_group

from wavetank.cloud import Cloud, ClusterRef, ClusterUser, Grant, TokenRefused
from wavetank.cloud.events import AccessChanged
from wavetank.cloud.tokens import PREFIX

REF = ClusterRef("111122223333", REGION, "c")


def token_of(cloud: Cloud, name: str = "c", **credentials: str) -> str:
    """What ``aws eks get-token`` prints for a cluster."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} | credentials
    session = boto3.Session(region_name=REGION, **keys)  # type: ignore[arg-type]  # the stubs want each key by name
    sts = session.client("sts", endpoint_url=cloud.url)
    found = session.get_credentials()
    assert found is not None
    signer = RequestSigner(sts.meta.service_model.service_id, REGION, "sts", "v4", found, session.events)
    url = signer.generate_presigned_url(
        {
            "method": "GET",
            "url": f"{cloud.url}/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {"x-k8s-aws-id": name},
            "context": {},
        },
        region_name=REGION,
        expires_in=60,
        operation_name="",
    )
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def user(cloud: Cloud, **credentials: str) -> ClusterUser:
    return cloud.user_of_token(REF, token_of(cloud, **credentials), datetime.now(UTC))


def session_of(cloud: Cloud, role: str, name: str) -> dict[str, str]:
    given = client(cloud, "sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def test_the_creator_is_an_administrator(cloud: Cloud) -> None:
    cluster(cloud)
    creator = user(cloud)
    assert creator.username == "arn:aws:iam::111122223333:user/wavetank"
    assert creator.groups == ("system:masters",)
    assert creator.grants == (Grant("AmazonEKSClusterAdminPolicy", "cluster-admin"),)


def test_the_creator_is_nobody_when_bootstrapping_does_not_permit_it(cloud: Cloud) -> None:
    access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    cluster(cloud, accessConfig=access)
    with pytest.raises(TokenRefused, match="has no access"):
        user(cloud)


def test_in_config_map_mode_the_creator_is_a_hidden_administrator(cloud: Cloud) -> None:
    cluster(cloud, accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert user(cloud).groups == ("system:masters",)
    with pytest.raises(ClientError, match="authentication mode must be set to one of"):
        client(cloud, "eks").create_access_entry(clusterName="c", principalArn=ROLE)


def test_a_role_is_its_sessions_with_the_groups_and_policies_of_its_entry(cloud: Cloud) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    role = "arn:aws:iam::111122223333:role/team/operators"
    entry = eks.create_access_entry(clusterName="c", principalArn=ROLE, kubernetesGroups=["operators"])["accessEntry"]
    assert entry["username"] == "arn:aws:sts::111122223333:assumed-role/somebody/{{SessionName}}"
    eks.associate_access_policy(
        clusterName="c",
        principalArn=ROLE,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        accessScope={"type": "namespace", "namespaces": ["ml", "batch"]},
    )
    found = user(cloud, **session_of(cloud, ROLE, "ada@example.com"))
    assert found.username == "arn:aws:sts::111122223333:assumed-role/somebody/ada-example.com"
    assert found.groups == ("operators",)
    assert found.grants == (Grant("AmazonEKSEditPolicy", "edit", ("ml", "batch")),)
    with pytest.raises(TokenRefused):
        user(cloud, **session_of(cloud, role, "ada"))


def test_a_name_of_its_own_is_used(cloud: Cloud) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    eks.create_access_entry(clusterName="c", principalArn=ROLE, username="deploy:{{SessionName}}")
    assert user(cloud, **session_of(cloud, ROLE, "build-7")).username == "deploy:build-7"
    eks.update_access_entry(clusterName="c", principalArn=ROLE, username="deployer", kubernetesGroups=["d"])
    changed = user(cloud, **session_of(cloud, ROLE, "build-8"))
    assert (changed.username, changed.groups) == ("deployer", ("d",))


def test_access_ends_with_the_entry_the_policy_and_the_key(cloud: Cloud, heard: Heard) -> None:
    cluster(cloud)
    eks, iam = client(cloud, "eks"), client(cloud, "iam")
    arn = iam.create_user(UserName="ada")["User"]["Arn"]
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    policy = {
        "clusterName": "c",
        "principalArn": arn,
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    }
    eks.create_access_entry(clusterName="c", principalArn=arn)
    eks.associate_access_policy(**policy, accessScope={"type": "cluster"})
    assert user(cloud, **keys).grants == (Grant("AmazonEKSViewPolicy", "view"),)
    eks.disassociate_access_policy(**policy)
    assert user(cloud, **keys).grants == ()
    iam.update_access_key(UserName="ada", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    with pytest.raises(TokenRefused, match="inactive"):
        user(cloud, **keys)
    iam.update_access_key(UserName="ada", AccessKeyId=made["AccessKeyId"], Status="Active")
    eks.delete_access_entry(clusterName="c", principalArn=arn)
    with pytest.raises(TokenRefused, match="has no access"):
        user(cloud, **keys)
    assert len([event for event in heard.of(AccessChanged) if event.principal_arn == arn]) == 4


def test_a_wrong_secret_another_cluster_and_an_old_token_are_refused(cloud: Cloud) -> None:
    cluster(cloud)
    now = datetime.now(UTC)
    for bad in (token_of(cloud, aws_secret_access_key="guess"), token_of(cloud, "other")):
        with pytest.raises(TokenRefused, match="signature"):
            cloud.user_of_token(REF, bad, now)
    with pytest.raises(TokenRefused, match="expired"):
        cloud.user_of_token(REF, token_of(cloud), now + timedelta(minutes=16))
    with pytest.raises(TokenRefused, match="no access"):
        cloud.user_of_token(ClusterRef("111122223333", REGION, "absent"), token_of(cloud, "absent"), now)


def test_the_role_of_a_node_group_gets_an_entry_for_nodes(cloud: Cloud) -> None:
    node_group(cloud, cluster(cloud))
    entry = client(cloud, "eks").describe_access_entry(
        clusterName="c", principalArn="arn:aws:iam::111122223333:role/nodes"
    )["accessEntry"]
    assert entry["type"] == "EC2_LINUX"
    assert "system:nodes" in entry["kubernetesGroups"]


def test_reserved_names_unknown_policies_and_doubles_are_refused(cloud: Cloud) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    with pytest.raises(ClientError, match="cannot start with"):
        eks.create_access_entry(clusterName="c", principalArn=ROLE, kubernetesGroups=["system:masters"])
    eks.create_access_entry(clusterName="c", principalArn=ROLE)
    with pytest.raises(ClientError, match="already in use"):
        eks.create_access_entry(clusterName="c", principalArn=ROLE)
    with pytest.raises(ClientError, match="policyArn"):
        eks.associate_access_policy(
            clusterName="c",
            principalArn=ROLE,
            policyArn="arn:aws:iam::aws:policy/ReadOnly",
            accessScope={"type": "cluster"},
        )


def aws_cli(cloud: Cloud, folder: Path, *words: str) -> str:
    """Run the real AWS CLI with nothing but an endpoint and credentials."""
    environment: dict[str, str] = {"PATH": os.environ["PATH"], "HOME": str(folder)} | cloud.client_environment(REGION)
    done = subprocess.run(["aws", *words], env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.mark.e2e
def test_the_real_aws_cli_writes_a_kubeconfig_and_its_token_is_verified(cloud: Cloud, tmp_path: Path) -> None:
    cluster(cloud)
    kubeconfig = tmp_path / "config"
    aws_cli(cloud, tmp_path, "eks", "update-kubeconfig", "--name", "c", "--kubeconfig", str(kubeconfig))
    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    shown = client(cloud, "eks").describe_cluster(name="c")["cluster"]
    assert config["clusters"][0]["cluster"]["server"] == shown["endpoint"]
    assert config["clusters"][0]["cluster"]["certificate-authority-data"] == shown["certificateAuthority"]["data"]
    plugin = config["users"][0]["user"]["exec"]
    printed = json.loads(aws_cli(cloud, tmp_path, *plugin["args"]))
    found = cloud.user_of_token(REF, printed["status"]["token"], datetime.now(UTC))
    assert found.groups == ("system:masters",)
