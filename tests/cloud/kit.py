"""What the tests of the embedded AWS share: clients, a network to put clusters in, and a listener that remembers."""

from __future__ import annotations

import threading
from typing import Any

import boto3

from wavetank.cloud import Cloud, CloudEvent

REGION = "ap-southeast-2"
ROLE = "arn:aws:iam::111122223333:role/somebody"


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[CloudEvent] = []
        self._lock = threading.Lock()

    def __call__(self, event: CloudEvent) -> None:
        with self._lock:
            self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


def client(cloud: Cloud, service: str, *, key: str = "test", secret: str = "test", region: str = REGION) -> Any:
    """A boto3 client; untyped because the tests read answers as the dictionaries that they are."""
    return boto3.client(  # type: ignore[call-overload]  # the name of the service is a variable here
        service,
        endpoint_url=cloud.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=region,
    )


def two_subnets(cloud: Cloud, region: str = REGION) -> list[str]:
    """A VPC 10.0.0.0/16 with one /24 in each of two zones."""
    ec2 = client(cloud, "ec2", region=region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]


def cluster(cloud: Cloud, name: str = "c", *, subnets: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A new cluster that uses access entries, unless told otherwise."""
    given = {
        "name": name,
        "roleArn": ROLE,
        "resourcesVpcConfig": {"subnetIds": subnets or two_subnets(cloud)},
        "accessConfig": {"authenticationMode": "API"},
    }
    made: dict[str, Any] = client(cloud, "eks").create_cluster(**(given | more))["cluster"]
    return made


def node_group(cloud: Cloud, made: dict[str, Any], name: str = "g", **more: Any) -> dict[str, Any]:
    """A node group of 1 to 4, 2 wanted, in the cluster's subnets."""
    given = {
        "clusterName": made["name"],
        "nodegroupName": name,
        "subnets": made["resourcesVpcConfig"]["subnetIds"],
        "nodeRole": "arn:aws:iam::111122223333:role/nodes",
        "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 4},
    }
    answer: dict[str, Any] = client(cloud, "eks").create_nodegroup(**(given | more))["nodegroup"]
    return answer
