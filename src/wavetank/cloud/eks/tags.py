"""Tags on everything in EKS that has an ARN (moto knows those of clusters only)."""

from __future__ import annotations

from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import ResourceNotFoundException
from wavetank.cloud.eks.state import Wire


def _resource(call: Call) -> Wire:
    arn = call.parameters["resourceArn"]
    for cluster in call.clusters.all():
        for its_arn, resource in cluster.tagged():
            if its_arn == arn:
                return resource
    raise ResourceNotFoundException(f"Resource {arn} was not found")


def tag_resource(call: Call) -> Wire:
    _resource(call)["tags"].update(call.parameters["tags"])
    return {}


def untag_resource(call: Call) -> Wire:
    tags = _resource(call)["tags"]
    for key in call.parameters["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(call: Call) -> Wire:
    return {"tags": dict(_resource(call)["tags"])}


OPERATIONS: dict[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
