"""The answers of single services that Terraform compares, asked with boto3; the whole is tried with Terraform itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from kit import client

from wavetank.cloud import Cloud
from wavetank.cloud.web_identity import Claims, may_assume

ISSUER = "https://oidc.eks.ap-southeast-2.amazonaws.com/id/ABC"
HOST = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{HOST}"


def test_rules_between_security_groups_keep_their_description(cloud: Cloud) -> None:
    ec2 = client(cloud, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    one, two = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("one", "two"))
    pair = {"GroupId": two, "Description": "webhooks"}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
    rule = ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[permission])["SecurityGroupRules"][0]
    assert rule["Description"] == "webhooks"
    wanted = {"IpProtocol": "-1", "ReferencedGroupId": one, "Description": "itself"}
    change = {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": wanted}
    ec2.modify_security_group_rules(GroupId=one, SecurityGroupRules=[change])
    shown = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    changed = shown["SecurityGroupRules"][0]
    assert (changed["IpProtocol"], changed["ReferencedGroupInfo"]["GroupId"]) == ("-1", one)
    assert changed["Description"] == "itself"
    assert changed.get("FromPort") in (None, -1)


def test_tags_of_a_launch_template_are_not_tags_of_its_machines(cloud: Cloud) -> None:
    ec2 = client(cloud, "ec2")
    data = {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "node"}]}]}
    own = {"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "ml"}]}
    ec2.create_launch_template(LaunchTemplateName="tuned", LaunchTemplateData=data, TagSpecifications=[own])
    version = ec2.describe_launch_template_versions(LaunchTemplateName="tuned")["LaunchTemplateVersions"][0]
    kinds = [spec["ResourceType"] for spec in version["LaunchTemplateData"]["TagSpecifications"]]
    assert kinds == ["instance"]
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_changed_tags_of_a_launch_template_are_seen(cloud: Cloud) -> None:
    ec2 = client(cloud, "ec2")
    tagged = {"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "ml"}]}
    made = ec2.create_launch_template(LaunchTemplateName="tuned", LaunchTemplateData={}, TagSpecifications=[tagged])
    ec2.create_tags(Resources=[made["LaunchTemplate"]["LaunchTemplateId"]], Tags=[{"Key": "team", "Value": "other"}])
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == [{"Key": "team", "Value": "other"}]


def test_policies_that_aws_manages_exist(cloud: Cloud) -> None:
    iam = client(cloud, "iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    for name in ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "service-role/AmazonEBSCSIDriverPolicy"):
        iam.attach_role_policy(RoleName="r", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    assert len(iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]) == 3


def trust(**condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": PROVIDER},
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def claims(subject: str = "system:serviceaccount:ml:api", issuer: str = ISSUER) -> Claims:
    return {"iss": issuer, "sub": subject, "aud": ["sts.amazonaws.com"]}


SUBJECT = {f"{HOST}:sub": "system:serviceaccount:ml:api", f"{HOST}:aud": "sts.amazonaws.com"}


def test_a_trust_policy_lets_in_the_service_account_that_it_names_and_nobody_else() -> None:
    assert may_assume(trust(StringEquals=SUBJECT), PROVIDER, claims())
    assert may_assume(trust(StringLike={f"{HOST}:sub": "system:serviceaccount:ml:*"}), PROVIDER, claims())
    assert not may_assume(trust(StringEquals=SUBJECT), PROVIDER, claims("system:serviceaccount:ml:other"))
    assert not may_assume(trust(StringEquals=SUBJECT), PROVIDER + "D", claims())
    assert not may_assume(trust(StringEquals={"other:sub": "system:serviceaccount:ml:api"}), PROVIDER, claims())
    assert not may_assume(trust(DateLessThan={"aws:CurrentTime": "2030-01-01"}), PROVIDER, claims())
    assert not may_assume(json.dumps({"Statement": []}), PROVIDER, claims())


@given(st.text(max_size=40))
def test_only_the_exact_subject_passes_an_equals(subject: str) -> None:
    assert may_assume(trust(StringEquals=SUBJECT), PROVIDER, claims(subject)) == (subject == claims()["sub"])


def test_a_pod_gets_credentials_of_the_role_that_trusts_it() -> None:
    tokens = {"of api": claims(), "of other": claims("system:serviceaccount:ml:other")}
    with Cloud(web_identities=tokens.get) as cloud:
        iam, sts = client(cloud, "iam"), client(cloud, "sts")
        role = iam.create_role(RoleName="api", AssumeRolePolicyDocument=trust(StringEquals=SUBJECT))["Role"]["Arn"]
        asked = {"RoleArn": role, "RoleSessionName": "pod"}
        with pytest.raises(ClientError, match=r"InvalidIdentityToken.*No OpenIDConnect provider"):
            sts.assume_role_with_web_identity(**asked, WebIdentityToken="of api")
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
        given = sts.assume_role_with_web_identity(**asked, WebIdentityToken="of api")["Credentials"]
        key, secret = given["AccessKeyId"], given["SecretAccessKey"]
        who = client(cloud, "sts", key=key, secret=secret).get_caller_identity()
        assert who["Arn"] == "arn:aws:sts::111122223333:assumed-role/api/pod"
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role_with_web_identity(**asked, WebIdentityToken="of other")
        with pytest.raises(ClientError, match="InvalidIdentityToken"):
            sts.assume_role_with_web_identity(**asked, WebIdentityToken="forged")
