"""Claims find volumes, say what they wait for, and neither goes while it is used."""

from __future__ import annotations

from typing import Any

import pytest
from controllers_kit import Bench

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster.admission.claim_resize import CLAIM_RESIZE
from wavetank.twin.cluster.admission.storage_protection import STORAGE_PROTECTION

SECONDS = 1.0


def bench() -> Bench:
    return Bench(admission=(STORAGE_PROTECTION, CLAIM_RESIZE))


def storage_class(name: str = "manual", provisioner: str = "kubernetes.io/no-provisioner", **more: Any) -> Obj:
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
    return {**head, "provisioner": provisioner, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate", **more}


def volume(name: str = "disk", **spec: Any) -> Obj:
    own = {
        "capacity": {"storage": "10Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "manual",
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": "Filesystem",
        "nfs": {"server": "nfs.example", "path": "/"},
        **spec,
    }
    own = {key: value for key, value in own.items() if value is not None}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": own}


def claim(name: str = "data", **spec: Any) -> Obj:
    own = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "manual",
        "volumeMode": "Filesystem",
        **spec,
    }
    own = {key: value for key, value in own.items() if value is not None}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": own}


def pod(claim_name: str = "data", name: str = "user") -> Obj:
    source = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
    spec = {"containers": [{"name": "c", "image": "c:1"}], "volumes": [source]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def claim_of(there: Bench, name: str = "data") -> Obj:
    return there.cluster.get("persistentvolumeclaims", "default", name)


def volume_of(there: Bench, name: str = "disk") -> Obj:
    return there.cluster.get("persistentvolumes", "", name)


def messages(there: Bench, name: str) -> list[tuple[str, str]]:
    events = there.cluster.list("events")
    return [(e["reason"], e["message"]) for e in events if e["involvedObject"]["name"] == name]


def bound_pair() -> Bench:
    there = bench()
    there.cluster.create(volume())
    there.cluster.create(claim())
    there.settle(SECONDS)
    return there


def test_a_claim_and_a_volume_are_bound_in_both_directions() -> None:
    there = bound_pair()
    bound, disk = claim_of(there), volume_of(there)
    assert bound["spec"]["volumeName"] == "disk"
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}}
    assert bound["metadata"]["annotations"] == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    assert disk["status"]["phase"] == "Bound"
    assert disk["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
    assert disk["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}


def test_a_volume_that_comes_later_is_found_at_the_next_resync() -> None:
    there = bench()
    there.cluster.create(claim(storageClassName=""))
    there.settle(SECONDS)
    assert ("FailedBinding", "no persistent volumes available for this claim and no storage class is set") in messages(
        there, "data"
    )
    there.cluster.create(volume(storageClassName=None))
    there.settle(SECONDS)
    assert claim_of(there)["status"]["phase"] == "Pending"
    there.settle(15)
    assert claim_of(there)["status"]["phase"] == "Bound"


def test_a_claim_of_a_class_that_waits_says_whom_it_waits_for() -> None:
    there = bench()
    there.cluster.create(storage_class(volumeBindingMode="WaitForFirstConsumer"))
    there.cluster.create(claim())
    there.settle(SECONDS)
    assert messages(there, "data") == [
        ("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    ]
    there.cluster.create(pod())
    there.settle(16)
    assert messages(there, "data")[-1] == ("WaitForPodScheduled", "waiting for pod user to be scheduled")


@pytest.mark.parametrize(
    ("provisioner", "reason", "message"),
    [
        (
            "ebs.csi.aws.com",
            "ExternalProvisioning",
            (
                "Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the "
                "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
                "correctly registered."
            ),
        ),
        (
            "kubernetes.io/no-provisioner",
            "ProvisioningFailed",
            "no volume plugin matched name: kubernetes.io/no-provisioner",
        ),
        ("", "ProvisioningFailed", 'storageclass.storage.k8s.io "manual" not found'),
    ],
)
def test_a_claim_without_a_volume_is_told_who_should_make_one(provisioner: str, reason: str, message: str) -> None:
    there = bench()
    if provisioner:
        there.cluster.create(storage_class(provisioner=provisioner))
    there.cluster.create(claim())
    there.settle(SECONDS)
    assert messages(there, "data") == [(reason, message)]
    notes = claim_of(there)["metadata"].get("annotations") or {}
    assert (notes.get("volume.kubernetes.io/storage-provisioner") == provisioner) == (reason == "ExternalProvisioning")


def test_a_claim_gets_the_default_class_that_came_after_it() -> None:
    there = bench()
    there.cluster.create(claim(storageClassName=None))
    there.settle(SECONDS)
    default = storage_class("gp3", "ebs.csi.aws.com", volumeBindingMode="WaitForFirstConsumer")
    notes = {"storageclass.kubernetes.io/is-default-class": "true"}
    there.cluster.create({**default, "metadata": {"name": "gp3", "annotations": notes}})
    there.settle(16)
    assert claim_of(there)["spec"]["storageClassName"] == "gp3"


def test_a_named_volume_has_to_fit_and_to_be_free() -> None:
    there = bench()
    there.cluster.create(volume())
    there.cluster.create(claim("large", volumeName="disk", resources={"requests": {"storage": "50Gi"}}))
    there.settle(SECONDS)
    assert messages(there, "large") == [
        ("VolumeMismatch", 'Cannot bind to requested volume "disk": requested PV is too small')
    ]
    there.cluster.create(claim("first", volumeName="disk"))
    there.settle(SECONDS)
    there.cluster.create(claim("second", volumeName="disk"))
    there.settle(SECONDS)
    assert claim_of(there, "first")["status"]["phase"] == "Bound"
    assert "pv.kubernetes.io/bound-by-controller" not in claim_of(there, "first")["metadata"]["annotations"]
    assert messages(there, "second") == [("FailedBinding", 'volume "disk" already bound to a different claim.')]


def test_a_claim_whose_volume_is_gone_is_lost() -> None:
    there = bound_pair()
    there.cluster.modify("persistentvolumes", "", "disk", lambda v: {**v, "metadata": _without_finalizers(v)})
    there.cluster.delete("persistentvolumes", "", "disk")
    there.cluster.modify("persistentvolumeclaims", "default", "data", _touched)
    there.settle(SECONDS)
    assert claim_of(there)["status"]["phase"] == "Lost"
    text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert messages(there, "data")[-1] == ("ClaimLost", text)


def _without_finalizers(obj: Obj) -> Obj:
    return {k: v for k, v in obj["metadata"].items() if k != "finalizers"}


def _touched(obj: Obj) -> Obj:
    return {**obj, "metadata": {**obj["metadata"], "labels": {"touched": "yes"}}}


def test_a_retained_volume_is_released_and_can_be_given_back() -> None:
    there = bound_pair()
    there.cluster.delete("persistentvolumeclaims", "default", "data")
    there.settle(SECONDS)
    assert volume_of(there)["status"]["phase"] == "Released"
    there.cluster.create(claim("next"))
    there.settle(16)
    assert claim_of(there, "next")["status"]["phase"] == "Pending"
    there.cluster.modify(
        "persistentvolumes",
        "",
        "disk",
        lambda v: {**v, "spec": {k: x for k, x in v["spec"].items() if k != "claimRef"}},
    )
    there.settle(16)
    assert claim_of(there, "next")["status"]["phase"] == "Bound"


@pytest.mark.parametrize(
    ("policy", "source", "reason", "message"),
    [
        (
            "Delete",
            {"nfs": {"server": "nfs.example", "path": "/"}},
            "VolumeFailedDelete",
            'error getting deleter volume plugin for volume "disk": no deletable volume plugin matched',
        ),
        (
            "Recycle",
            {"nfs": None, "csi": {"driver": "other.example", "volumeHandle": "v1"}},
            "VolumeFailedRecycle",
            "No recycler plugin found for the volume!",
        ),
    ],
)
def test_a_volume_that_cannot_be_reclaimed_fails(policy: str, source: Obj, reason: str, message: str) -> None:
    there = bench()
    there.cluster.create(volume(persistentVolumeReclaimPolicy=policy, **source))
    there.cluster.create(claim())
    there.settle(SECONDS)
    there.cluster.delete("persistentvolumeclaims", "default", "data")
    there.settle(SECONDS)
    assert volume_of(there)["status"] == {"phase": "Failed", "message": message}
    assert messages(there, "disk") == [(reason, message)]


def test_a_recycled_volume_is_there_for_the_next_claim() -> None:
    there = bench()
    there.cluster.create(volume(persistentVolumeReclaimPolicy="Recycle"))
    there.cluster.create(claim())
    there.settle(SECONDS)
    there.cluster.delete("persistentvolumeclaims", "default", "data")
    there.settle(10)
    assert volume_of(there)["status"]["phase"] == "Available"
    assert "claimRef" not in volume_of(there)["spec"]


def test_a_claim_stays_while_a_pod_on_a_node_uses_it() -> None:
    there = bound_pair()
    there.cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    there.cluster.create(pod())
    there.bind_all("n1")
    there.cluster.delete("persistentvolumeclaims", "default", "data")
    there.cluster.delete("persistentvolumes", "", "disk")
    there.settle(SECONDS)
    assert claim_of(there)["metadata"]["deletionTimestamp"]
    assert volume_of(there)["metadata"]["deletionTimestamp"]
    there.cluster.delete("pods", "default", "user", grace_seconds=0)
    there.settle(SECONDS)
    assert there.cluster.find("persistentvolumeclaims", "default", "data") is None
    assert there.cluster.find("persistentvolumes", "", "disk") is None


def test_an_ephemeral_volume_is_a_claim_that_goes_with_its_pod() -> None:
    there = bench()
    template = {"metadata": {"labels": {"app": "x"}}, "spec": claim()["spec"]}
    ephemeral = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}
    user = pod()
    there.cluster.create({**user, "spec": {**user["spec"], "volumes": [ephemeral]}})
    there.settle(SECONDS)
    made = claim_of(there, "user-scratch")
    assert made["metadata"]["labels"] == {"app": "x"}
    assert made["metadata"]["ownerReferences"][0]["name"] == "user"
    there.cluster.delete("pods", "default", "user")
    there.settle(SECONDS)
    assert there.cluster.find("persistentvolumeclaims", "default", "user-scratch") is None


def test_a_claim_grows_only_where_its_class_allows_it() -> None:
    there = bound_pair()

    def grow() -> None:
        there.cluster.modify("persistentvolumeclaims", "default", "data", _grown)

    with pytest.raises(ApiError, match="the storageclass that provisions the pvc must support resize"):
        grow()
    there.cluster.create(storage_class(allowVolumeExpansion=True))
    grow()
    assert claim_of(there)["spec"]["resources"]["requests"]["storage"] == "20Gi"


def _grown(obj: Obj) -> Obj:
    return {**obj, "spec": {**obj["spec"], "resources": {"requests": {"storage": "20Gi"}}}}
