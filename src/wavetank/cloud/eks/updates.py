"""Updates: what DescribeUpdate tells of a change. Here they have succeeded by the time anybody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import ResourceNotFoundException
from wavetank.cloud.eks.state import Cluster, Wire


def record_update(call: Call, cluster: Cluster, kind: str, params: Mapping[str, Any], subject: str = "") -> Wire:
    """Store the update of ``kind`` (UpdateType of the EKS API) and return the answer that every Update* call gives.

    ``subject`` is the node group or add-on; empty for the cluster itself.
    """
    update: Wire = {
        "id": call.clusters.new_uuid(),
        "status": "Successful",
        "type": kind,
        "params": [{"type": name, "value": str(value)} for name, value in params.items()],
        "createdAt": call.now,
        "errors": [],
    }
    cluster.updates[update["id"]] = {"subject": subject, "update": update}
    return {"update": update}


def describe_update(call: Call) -> Wire:
    found = call.cluster.updates.get(call.parameters["updateId"])
    if found is None:
        raise ResourceNotFoundException(f"No update found for ID: {call.parameters['updateId']}")
    return {"update": found["update"]}


def list_updates(call: Call) -> Wire:
    subject = call.get("nodegroupName") or call.get("addonName") or ""
    return call.page("updateIds", [key for key, one in call.cluster.updates.items() if one["subject"] == subject])


OPERATIONS: dict[str, Handler] = {"DescribeUpdate": describe_update, "ListUpdates": list_updates}
