"""The file for eksctl says the same as the plan, in eksctl's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml
from sample_plans import sample_plan

from wavetank.plan.model import Plan
from wavetank.render import render

#: fields of eksctl.io/v1alpha5 as its published schema has them (pkg/apis/eksctl.io/v1alpha5/assets/schema.json)
CLUSTER_CONFIG = """
apiVersion kind metadata upgradePolicy kubernetesNetworkConfig iam accessConfig vpc addons addonsConfig managedNodeGroups
availabilityZones cloudWatch secretsEncryption
"""
NODE_GROUP = """
name amiFamily instanceTypes spot minSize desiredCapacity maxSize availabilityZones privateNetworking volumeSize volumeType
volumeEncrypted labels taints disableIMDSv1 disablePodIMDS updateConfig propagateASGTags
"""
ADD_ON = "name version configurationValues attachPolicyARNs attachPolicy"
SERVICE_ACCOUNT = "metadata roleName roleOnly attachPolicyARNs attachPolicy"


def config(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(render(plan).files["eksctl/cluster.yaml"].text)
    return found


def test_only_fields_that_eksctl_knows_are_written() -> None:
    found = config(sample_plan())
    assert found.keys() <= set(CLUSTER_CONFIG.split())
    assert all(group.keys() <= set(NODE_GROUP.split()) for group in found["managedNodeGroups"])
    assert all(add_on.keys() <= set(ADD_ON.split()) for add_on in found["addons"])
    assert all(account.keys() <= set(SERVICE_ACCOUNT.split()) for account in found["iam"]["serviceAccounts"])


def test_the_cluster_is_that_of_the_plan() -> None:
    found, cluster = config(sample_plan()), sample_plan().cluster
    assert (found["metadata"]["name"], found["metadata"]["version"]) == (cluster.name, cluster.version)
    assert found["vpc"]["cidr"] == "10.0.0.0/16"
    assert found["vpc"]["nat"] == {"gateway": "Single"}
    assert found["vpc"]["publicAccessCIDRs"] == ["203.0.113.0/24"]
    assert found["cloudWatch"]["clusterLogging"] == {"enableTypes": ["api", "audit"], "logRetentionInDays": 90}


def test_machines_are_those_of_the_plan() -> None:
    general, gpu = config(sample_plan())["managedNodeGroups"]
    assert (general["minSize"], general["desiredCapacity"], general["maxSize"]) == (1, 2, 4)
    assert general["privateNetworking"] is True
    assert "availabilityZones" not in general
    assert gpu["amiFamily"] == "Bottlerocket"
    assert gpu["spot"] is True
    assert gpu["availabilityZones"] == ["ap-southeast-2a"]
    assert gpu["updateConfig"] == {"maxUnavailablePercentage": 33}


def test_roles_have_the_names_that_manifests_and_charts_expect() -> None:
    accounts = config(sample_plan())["iam"]["serviceAccounts"]
    assert {account["roleName"] for account in accounts} == {"tug-api", "tug-lbc"}
    assert all(account["roleOnly"] for account in accounts)


def test_an_add_on_brings_its_own_permissions() -> None:
    cni = config(sample_plan())["addons"][0]
    assert cni["attachPolicyARNs"] == ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]


def test_pod_identity_is_said_in_its_own_words() -> None:
    found = config(replace(sample_plan(), pod_identity="podIdentity"))["iam"]
    assert "serviceAccounts" not in found
    assert {item["serviceAccountName"] for item in found["podIdentityAssociations"]} == {
        "api",
        "aws-load-balancer-controller",
    }
