"""What user data tells the kubelet, in each form that images of EKS read."""

from __future__ import annotations

import base64

import pytest
from kit import Heard, client, cluster, node_group

from wavetank.cloud import Cloud
from wavetank.cloud.eks.user_data import max_pods
from wavetank.cloud.events import NodeGroupCreated

CONFIG = "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {kubelet: {config: {maxPods: %s}}}\n"
PART = "--B\nContent-Type: application/node.eks.aws\n\n" + CONFIG
SCRIPT = "--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho maxPods: 3\n"


def mime(*parts: str) -> str:
    return 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n' + "".join(parts) + "--B--\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "pods"),
    [
        (mime(PART % 29), 29),
        (mime(PART % 29, SCRIPT), 29),
        (mime(PART % 29, PART % 8), 8),
        (CONFIG % 12, 12),
        ('[settings.kubernetes]\nmax-pods = 40\ncpu-manager-policy = "static"\n', 40),
        (mime(SCRIPT), None),
        (mime(PART % "many"), None),
        (mime("--B\nContent-Type: application/node.eks.aws\n\n[}"), None),
        ("#!/bin/sh\n", None),
        ("", None),
    ],
)
def test_the_kubelet_is_told_how_many_pods(text: str, pods: int | None) -> None:
    assert max_pods(encoded(text)) == pods


def test_what_is_no_base64_says_nothing() -> None:
    assert max_pods("%%%") is None


def test_the_group_of_such_a_template_knows_it(cloud: Cloud, heard: Heard) -> None:
    data = {"UserData": encoded(mime(PART % 29))}
    client(cloud, "ec2").create_launch_template(LaunchTemplateName="tuned", LaunchTemplateData=data)
    node_group(cloud, cluster(cloud), launchTemplate={"name": "tuned"}, instanceTypes=["m7i.large"])
    assert heard.of(NodeGroupCreated)[0].group.max_pods == 29
