"""Fargate profiles: stored and described. Nothing runs on them here; they only let Terraform roots apply."""

from __future__ import annotations

from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import InvalidParameterException, ResourceInUseException, ResourceNotFoundException
from wavetank.cloud.eks.state import Wire


def create_fargate_profile(call: Call) -> Wire:
    cluster, name = call.cluster, call.parameters["fargateProfileName"]
    if name in cluster.fargate_profiles:
        raise ResourceInUseException("A Fargate Profile already exists with this name in this cluster.")
    if not call.get("selectors"):
        raise InvalidParameterException("Fargate Profile requires at least one selector.")
    profile: Wire = {
        "fargateProfileName": name,
        "fargateProfileArn": call.arn("fargateprofile", cluster.ref.name, name, call.clusters.new_uuid()),
        "clusterName": cluster.ref.name,
        "createdAt": call.now,
        "podExecutionRoleArn": call.parameters["podExecutionRoleArn"],
        "subnets": list(call.get("subnets", [])),
        "selectors": call.get("selectors"),
        "status": "ACTIVE",
        "tags": dict(call.get("tags", {})),
        "health": {"issues": []},
    }
    cluster.fargate_profiles[name] = profile
    return {"fargateProfile": profile}


def _profile(call: Call) -> Wire:
    found = call.cluster.fargate_profiles.get(call.parameters["fargateProfileName"])
    if found is None:
        raise ResourceNotFoundException(f"No Fargate Profile found with name: {call.parameters['fargateProfileName']}.")
    return found


def describe_fargate_profile(call: Call) -> Wire:
    return {"fargateProfile": _profile(call)}


def list_fargate_profiles(call: Call) -> Wire:
    return call.page("fargateProfileNames", sorted(call.cluster.fargate_profiles))


def delete_fargate_profile(call: Call) -> Wire:
    profile = _profile(call)
    del call.cluster.fargate_profiles[profile["fargateProfileName"]]
    return {"fargateProfile": profile | {"status": "DELETING"}}


OPERATIONS: dict[str, Handler] = {
    "CreateFargateProfile": create_fargate_profile,
    "DescribeFargateProfile": describe_fargate_profile,
    "ListFargateProfiles": list_fargate_profiles,
    "DeleteFargateProfile": delete_fargate_profile,
}
