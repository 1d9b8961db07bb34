"""Clients of the AWS API for what ``app`` itself asks and makes. The variables say which AWS: the embedded one, always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def client(service: str, environment: Mapping[str, str]) -> Any:
    """A boto3 client for the endpoint, region and credentials of ``environment``."""
    # Imported late: a platform without anything to ask needs no boto3.
    import boto3

    # The stubs know each service by its literal name only.
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def desired_nodes(cluster: str, environment: Mapping[str, str]) -> int:
    """How many machines the managed node groups of a cluster should have now."""
    eks = client("eks", environment)
    groups = eks.list_nodegroups(clusterName=cluster)["nodegroups"]
    described = (eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"] for name in groups)
    return sum(int(group["scalingConfig"]["desiredSize"]) for group in described)
