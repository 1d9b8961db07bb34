"""EKS Pod Identity associations: which service account gets which role, with or without an add-on that owns them."""

from __future__ import annotations

from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import ResourceInUseException, ResourceNotFoundException
from wavetank.cloud.eks.state import Cluster, Wire
from wavetank.cloud.events import PodIdentityChanged

_SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


def create_pod_identity_association(call: Call) -> Wire:
    subject = {key: call.parameters[key] for key in ("namespace", "serviceAccount", "roleArn")}
    return {"association": _associate(call, call.cluster, subject, dict(call.get("tags", {})))}


def _associate(call: Call, cluster: Cluster, subject: Wire, tags: dict[str, str], owner_arn: str | None = None) -> Wire:
    who = (subject["namespace"], subject["serviceAccount"])
    if any((one["namespace"], one["serviceAccount"]) == who for one in cluster.pod_identities.values()):
        raise ResourceInUseException(
            f"Association already exists: namespace {who[0]}, service account {who[1]} in cluster {cluster.ref.name}"
        )
    association_id = f"a-{call.clusters.new_hex(17)}"
    made: Wire = {
        "clusterName": cluster.ref.name,
        **subject,
        "associationArn": call.arn("podidentityassociation", cluster.ref.name, association_id),
        "associationId": association_id,
        "tags": tags,
        "createdAt": call.now,
        "modifiedAt": call.now,
        "disableSessionTags": bool(call.get("disableSessionTags", False)),
    }
    made |= {"ownerArn": owner_arn} if owner_arn else {}
    made |= {key: call.get(key) for key in ("targetRoleArn", "policy") if call.get(key) is not None}
    cluster.pod_identities[association_id] = made
    _tell(call, cluster, made, made["roleArn"])
    return made


def _tell(call: Call, cluster: Cluster, association: Wire, role_arn: str | None) -> None:
    subject = (association["associationId"], association["namespace"], association["serviceAccount"])
    call.emit(PodIdentityChanged(cluster.ref, *subject, role_arn))


def associate_for_addon(call: Call, cluster: Cluster, addon: Wire, wanted: list[Wire]) -> list[str]:
    """The associations that an add-on brings along; their ARNs."""
    namespace = addon["namespaceConfig"]["namespace"]
    return [
        _associate(call, cluster, {"namespace": namespace, **one}, {}, addon["addonArn"])["associationArn"]
        for one in wanted
    ]


def dissociate_of_addon(call: Call, cluster: Cluster, addon: Wire) -> None:
    for one in [one for one in cluster.pod_identities.values() if one.get("ownerArn") == addon["addonArn"]]:
        _dissociate(call, cluster, one)


def _dissociate(call: Call, cluster: Cluster, association: Wire) -> None:
    del cluster.pod_identities[association["associationId"]]
    _tell(call, cluster, association, None)


def _association(call: Call) -> Wire:
    found = call.cluster.pod_identities.get(call.parameters["associationId"])
    if found is None:
        raise ResourceNotFoundException(
            f"The specified association could not be found: {call.parameters['associationId']}"
        )
    return found


def describe_pod_identity_association(call: Call) -> Wire:
    return {"association": _association(call)}


def list_pod_identity_associations(call: Call) -> Wire:
    wanted = {key: call.get(key) for key in ("namespace", "serviceAccount") if call.get(key)}
    found = [
        {key: one[key] for key in _SUMMARY if key in one}
        for one in call.cluster.pod_identities.values()
        if all(one[key] == value for key, value in wanted.items())
    ]
    return call.page("associations", found)


def update_pod_identity_association(call: Call) -> Wire:
    association = _association(call)
    for key in ("roleArn", "disableSessionTags", "targetRoleArn", "policy"):
        if call.get(key) is not None:
            association[key] = call.get(key)
    association["modifiedAt"] = call.now
    _tell(call, call.cluster, association, association["roleArn"])
    return {"association": association}


def delete_pod_identity_association(call: Call) -> Wire:
    association = _association(call)
    _dissociate(call, call.cluster, association)
    return {"association": association}


OPERATIONS: dict[str, Handler] = {
    "CreatePodIdentityAssociation": create_pod_identity_association,
    "DescribePodIdentityAssociation": describe_pod_identity_association,
    "ListPodIdentityAssociations": list_pod_identity_associations,
    "UpdatePodIdentityAssociation": update_pod_identity_association,
    "DeletePodIdentityAssociation": delete_pod_identity_association,
}
