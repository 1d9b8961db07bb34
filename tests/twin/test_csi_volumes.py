"""Volumes of the EBS and EFS drivers: made where the pod goes, attached, grown, deleted; and only while the driver runs."""

from __future__ import annotations

from typing import Any

import pytest
from nodes_kit import template
from test_controllers_volumes import claim, pod, storage_class

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components import StandIns, install, uninstall
from wavetank.twin.components.csi_driver import DriverRefusal, VolumeRequest
from wavetank.twin.components.csi_topology import picked_zone
from wavetank.twin.components.ebs_volumes import attachable, make
from wavetank.twin.components.efs_volumes import make as make_access_point
from wavetank.twin.controllers import start_controllers
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers
from wavetank.twin.nodes.runtime import ModelledRuntime
from wavetank.twin.scheduler import Scheduler

GIB = 1024**3
ZONES = ("ap-southeast-2a", "ap-southeast-2b")


class StorageWorld:
    """Two machines in two zones, everything that acts, and the drivers that are asked for."""

    def __init__(self, *components: str) -> None:
        self.engine = Engine(seed=3)
        self.cluster: Cluster = new_cluster(self.engine)
        self.fleet = Fleet(self.cluster, ModelledRuntime(self.engine))
        StandIns(self.cluster, ModelledLoadBalancers())
        start_controllers(self.cluster, heartbeats=self.fleet.last_heartbeat_seconds)
        Scheduler(self.cluster).start()
        self.machines = [self.fleet.start(template(zone=zone)) for zone in ZONES]
        for name in components:
            install(self.cluster, name, "v1")
        self.engine.run_for(180)

    def claim(self, name: str = "data") -> Obj:
        return self.cluster.get("persistentvolumeclaims", "default", name)

    def volumes(self) -> list[Obj]:
        return self.cluster.list("persistentvolumes")

    def phase(self, name: str = "user") -> str:
        return str(self.cluster.get("pods", "default", name)["status"]["phase"])

    def messages(self, name: str, reason: str) -> list[str]:
        events = self.cluster.list("events", where=lambda e: e["involvedObject"]["name"] == name)
        return [e["message"] for e in events if e["reason"] == reason]


def gp3(**more: Any) -> Obj:
    return storage_class("gp3", "ebs.csi.aws.com", **{"volumeBindingMode": "WaitForFirstConsumer", **more})


def on(zone: str, obj: Obj) -> Obj:
    return {**obj, "spec": {**obj["spec"], "nodeSelector": {"topology.kubernetes.io/zone": zone}}}


def test_a_volume_is_made_in_the_zone_of_the_node_and_attached_to_it() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.engine.run_for(30)
    assert world.claim()["status"]["phase"] == "Pending"
    assert world.volumes() == []
    world.cluster.create(on(ZONES[1], pod()))
    world.engine.run_for(30)
    assert world.phase() == "Running"
    (volume,) = world.volumes()
    uid = world.claim()["metadata"]["uid"]
    assert volume["metadata"]["name"] == f"pvc-{uid}" == world.claim()["spec"]["volumeName"]
    term = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"]
    assert term == [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": [ZONES[1]]}]
    assert volume["spec"]["csi"]["volumeHandle"].startswith("vol-0")
    assert volume["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == "ebs.csi.aws.com"
    assert world.messages("data", "ProvisioningSucceeded") == [f"Successfully provisioned volume pvc-{uid}"]
    assert world.messages("user", "SuccessfulAttachVolume") == [
        f'AttachVolume.Attach succeeded for volume "pvc-{uid}" '
    ]
    (attachment,) = world.cluster.list("volumeattachments.storage.k8s.io")
    assert attachment["spec"]["nodeName"] == world.machines[1].name
    assert attachment["status"] == {"attached": True}


def test_without_its_driver_a_claim_waits_and_says_for_whom() -> None:
    """Nothing works that was not installed."""
    world = StorageWorld()
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(pod())
    world.engine.run_for(300)
    assert world.claim()["status"]["phase"] == "Pending"
    assert world.volumes() == []
    assert "external provisioner 'ebs.csi.aws.com'" in world.messages("data", "ExternalProvisioning")[0]
    world.engine.run_for(400)
    failed = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    assert failed in world.messages("user", "FailedScheduling")
    install(world.cluster, "aws-ebs-csi-driver", "v1")
    world.engine.run_for(120)
    assert world.phase() == "Running"


def test_a_pod_that_comes_back_goes_to_the_zone_of_its_volume() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(on(ZONES[0], pod()))
    world.engine.run_for(30)
    world.cluster.delete("pods", "default", "user")
    world.engine.run_for(60)
    assert world.cluster.list("volumeattachments.storage.k8s.io") == []
    world.cluster.create(on(ZONES[1], pod(name="elsewhere")))
    world.engine.run_for(30)
    assert world.phase("elsewhere") == "Pending"
    assert "didn't match PersistentVolume's node affinity" in world.messages("elsewhere", "FailedScheduling")[0]
    world.cluster.create(pod(name="again"))
    world.engine.run_for(30)
    assert world.phase("again") == "Running"


def test_a_deleted_claim_takes_its_volume_with_it_once_it_is_detached() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(pod())
    world.engine.run_for(30)
    world.cluster.delete("persistentvolumeclaims", "default", "data")
    world.engine.run_for(30)
    assert len(world.volumes()) == 1
    world.cluster.delete("pods", "default", "user")
    world.engine.run_for(120)
    assert world.cluster.find("persistentvolumeclaims", "default", "data") is None
    assert world.volumes() == []


def test_a_retained_volume_stays() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3(volumeBindingMode="Immediate", reclaimPolicy="Retain"))
    world.cluster.create(claim(storageClassName="gp3"))
    world.engine.run_for(30)
    assert world.claim()["status"]["phase"] == "Bound"
    world.cluster.delete("persistentvolumeclaims", "default", "data")
    world.engine.run_for(60)
    (volume,) = world.volumes()
    assert volume["status"]["phase"] == "Released"


def test_a_volume_grows_with_its_claim_while_a_pod_uses_it() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3(allowVolumeExpansion=True))
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(pod())
    world.engine.run_for(30)
    world.cluster.modify("persistentvolumeclaims", "default", "data", _grown)
    world.engine.run_for(3)
    assert world.claim()["status"]["conditions"][0]["type"] == "Resizing"
    world.engine.run_for(30)
    assert world.claim()["status"]["capacity"] == {"storage": "20Gi"}
    assert "conditions" not in world.claim()["status"]
    assert world.volumes()[0]["spec"]["capacity"] == {"storage": "20Gi"}
    assert world.messages("data", "FileSystemResizeSuccessful")


def _grown(obj: Obj) -> Obj:
    return {**obj, "spec": {**obj["spec"], "resources": {"requests": {"storage": "20Gi"}}}}


def test_what_the_driver_refuses_is_told_on_the_claim_and_tried_again() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3(parameters={"type": "gp9"}, volumeBindingMode="Immediate"))
    world.cluster.create(claim(storageClassName="gp3"))
    world.engine.run_for(60)
    name = f"pvc-{world.claim()['metadata']['uid']}"
    text = f'Could not create volume "{name}": invalid AWS VolumeType "gp9"'
    assert world.messages("data", "ProvisioningFailed") == [
        f'failed to provision volume with StorageClass "gp3": rpc error: code = Internal desc = {text}'
    ]
    (event,) = [e for e in world.cluster.list("events") if e["reason"] == "ProvisioningFailed"]
    assert event["count"] > 3
    assert event["source"]["component"].startswith("ebs.csi.aws.com_ebs-csi-controller-")


def test_efs_volumes_are_access_points_for_many_pods_on_every_node() -> None:
    world = StorageWorld("aws-efs-csi-driver")
    parameters = {"provisioningMode": "efs-ap", "fileSystemId": "fs-1", "directoryPerms": "700"}
    world.cluster.create(storage_class("efs", "efs.csi.aws.com", parameters=parameters))
    world.cluster.create(claim(storageClassName="efs", accessModes=["ReadWriteMany"]))
    for zone in ZONES:
        world.cluster.create(on(zone, pod(name=f"user-{zone}")))
    world.engine.run_for(60)
    assert [world.phase(f"user-{zone}") for zone in ZONES] == ["Running", "Running"]
    (volume,) = world.volumes()
    assert volume["spec"]["csi"]["volumeHandle"].startswith("fs-1::fsap-0")
    assert "nodeAffinity" not in volume["spec"]
    assert world.cluster.list("volumeattachments.storage.k8s.io") == []


def test_one_node_at_a_time_holds_a_volume() -> None:
    """Two pods of one claim on two nodes: the second one waits, and says what for."""
    world = StorageWorld("aws-ebs-csi-driver")
    world.fleet.start(template(zone=ZONES[0]))
    world.engine.run_for(180)
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    first = on(ZONES[0], pod(name="first"))
    world.cluster.create(first)
    world.engine.run_for(30)
    taken = world.cluster.get("pods", "default", "first")["spec"]["nodeName"]
    world.cluster.modify("nodes", "", taken, lambda n: {**n, "spec": {**n["spec"], "unschedulable": True}})
    world.cluster.create(pod(name="second"))
    world.engine.run_for(30)
    assert world.cluster.get("pods", "default", "second")["spec"]["nodeName"] != taken
    name = world.volumes()[0]["metadata"]["name"]
    text = f'Multi-Attach error for volume "{name}" Volume is already used by pod(s) first'
    assert world.messages("second", "FailedAttachVolume") == [text]
    world.engine.run_for(180)
    assert world.phase("second") == "Pending"
    assert world.messages("second", "FailedMount")
    world.cluster.delete("pods", "default", "first")
    world.engine.run_for(60)
    assert world.phase("second") == "Running"


def test_a_dead_node_keeps_its_volume_for_six_minutes() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.fleet.start(template(zone=ZONES[0]))
    world.engine.run_for(180)
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(on(ZONES[0], pod(name="first")))
    world.engine.run_for(30)
    node = world.cluster.get("pods", "default", "first")["spec"]["nodeName"]
    world.fleet.fail(node)
    world.engine.run_for(90)
    world.cluster.delete("pods", "default", "first", grace_seconds=0)
    world.cluster.create(pod(name="second"))
    world.engine.run_for(240)
    assert world.phase("second") == "Pending"
    world.engine.run_for(180)
    assert world.phase("second") == "Running"


def test_nodes_say_how_many_volumes_they_attach() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    csi_node = world.cluster.get("csinodes.storage.k8s.io", "", world.machines[0].name)
    (entry,) = csi_node["spec"]["drivers"]
    assert entry["name"] == "ebs.csi.aws.com"
    assert entry["nodeID"] == world.machines[0].instance_id
    assert entry["allocatable"] == {"count": attachable("t3.medium")}
    labels = world.cluster.get("nodes", "", world.machines[0].name)["metadata"]["labels"]
    assert labels["topology.ebs.csi.aws.com/zone"] == ZONES[0]


def test_a_removed_driver_leaves_its_volumes_alone() -> None:
    world = StorageWorld("aws-ebs-csi-driver")
    world.cluster.create(gp3())
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(pod())
    world.engine.run_for(30)
    uninstall(world.cluster, "aws-ebs-csi-driver")
    world.engine.run_for(60)
    world.cluster.delete("pods", "default", "user")
    world.cluster.delete("persistentvolumeclaims", "default", "data")
    world.engine.run_for(120)
    (volume,) = world.volumes()
    assert volume["status"]["phase"] == "Released"


def test_objects_that_lack_what_they_need_upset_nobody() -> None:
    """Whatever a user writes, no loop fails over it."""
    world = StorageWorld("aws-ebs-csi-driver")
    storage, plain = "storage.k8s.io/v1", {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    bound = {"claimRef": {"uid": "nobody"}, "persistentVolumeReclaimPolicy": "Delete"}
    odd: list[Obj] = [
        {"apiVersion": "v1", "kind": "PersistentVolume", "spec": {**plain, "csi": {"driver": "ebs.csi.aws.com"}}},
        {"apiVersion": "v1", "kind": "PersistentVolume", "spec": {**plain, **bound, "csi": {"volumeHandle": "v"}}},
        {"apiVersion": storage, "kind": "VolumeAttachment", "spec": {"attacher": "ebs.csi.aws.com"}},
        {"apiVersion": storage, "kind": "VolumeAttachment", "spec": {"source": {"persistentVolumeName": "odd-0"}}},
        {"apiVersion": storage, "kind": "CSINode", "spec": {"drivers": [{"nodeID": "x"}]}},
    ]
    for number, obj in enumerate(odd):
        world.cluster.store.put(world.cluster.resource_of(obj).key, _identified(obj, number))
    world.cluster.create(gp3(allowedTopologies=[{"matchLabelExpressions": [{"values": ["a"]}]}]))
    world.cluster.create(claim(storageClassName="gp3"))
    world.cluster.create(claim("named", volumeName="odd-0"))
    world.cluster.create(pod())
    world.cluster.create(pod("named", "second"))
    world.engine.run_for(120)
    assert world.phase() == "Pending"


def _identified(obj: Obj, number: int) -> Obj:
    return {**obj, "metadata": {"name": f"odd-{number}", "uid": f"odd-{number}"}}


# --- what a driver makes of parameters ---------------------------------------------------------------------------------


def request(
    parameters: dict[str, str], size_gib: int = 10, modes: tuple[str, ...] = ("ReadWriteOnce",)
) -> VolumeRequest:
    return VolumeRequest("pvc-1", size_gib * GIB, parameters, modes)


@pytest.mark.parametrize(
    ("parameters", "size_gib", "words"),
    [
        ({"type": "gp3", "iops": "4000", "iopsPerGB": "5"}, 10, "specify either IOPS or IOPSPerGb, not both"),
        ({"type": "io2"}, 10, "The parameter iops must be specified for io2 volumes"),
        ({"type": "io1", "iops": "50"}, 10, "Volume iops of 50 is too low; minimum is 100."),
        ({"type": "st1"}, 10, "Volume of 10GiB is too small for volume type st1; minimum is 125GiB."),
        ({"type": "gp3", "throughput": "1000"}, 10, "ratio of 0.333333 is too high; maximum is 0.25"),
        ({"typ": "gp3"}, 10, "code = InvalidArgument desc = Invalid parameter key typ for CreateVolume"),
        ({"type": "gp3", "blockExpress": "true"}, 10, "Block Express is only supported on io2 volumes"),
        ({"type": "gp3", "iops": "many"}, 10, "Could not parse invalid iops"),
    ],
)
def test_parameters_that_cannot_be_are_refused(parameters: dict[str, str], size_gib: int, words: str) -> None:
    with pytest.raises(DriverRefusal) as refusal:
        make(request(parameters, size_gib))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "gp2", "iops": "4000"},
        {"type": "gp3", "iops": "1500"},
        {"type": "io1", "iopsPerGB": "1", "allowAutoIOPSPerGBIncrease": "true"},
        {"tagSpecification_1": "team=a", "encrypted": "true"},
    ],
)
def test_parameters_that_the_driver_lets_pass_are_no_error(parameters: dict[str, str]) -> None:
    """IOPS of gp2 are not sent to EC2; those of gp3 below the least are raised there."""
    assert make(request(parameters)).size_bytes == 10 * GIB


def test_a_disk_is_not_shared_between_nodes() -> None:
    with pytest.raises(DriverRefusal, match=r"Only AccessModes\[ReadWriteOnce\] supported"):
        make(request({}, modes=("ReadWriteMany",)))


def test_an_access_point_needs_its_file_system() -> None:
    with pytest.raises(DriverRefusal, match="Missing fileSystemId parameter"):
        make_access_point(request({"provisioningMode": "efs-ap"}))
    with pytest.raises(DriverRefusal, match="Provisioning mode efs-dir is not supported"):
        make_access_point(request({"provisioningMode": "efs-dir"}))


def test_claims_of_a_stateful_set_go_round_the_zones() -> None:
    zones = ["a", "b", "c"]
    picked = [picked_zone(f"data-db-{ordinal}", zones) for ordinal in range(6)]
    assert set(picked[:3]) == set(zones)
    assert picked[:3] == picked[3:]
    assert [picked_zone(f"wal-db-{ordinal}", zones) for ordinal in range(3)] == picked[:3]
