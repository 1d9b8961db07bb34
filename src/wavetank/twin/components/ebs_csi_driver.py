"""The Amazon EBS CSI driver: a controller of six containers in two replicas, and a DaemonSet on the nodes."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    EVERYWHERE,
    NODE_CRITICAL,
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    daemon_set,
    deployment,
    disruption_budget,
    http_probe,
    service_account,
)

CONTROLLER = {"app": "ebs-csi-controller", "app.kubernetes.io/name": "aws-ebs-csi-driver"}
NODE = {"app": "ebs-csi-node", "app.kubernetes.io/name": "aws-ebs-csi-driver"}
_SIDECARS = ("csi-provisioner", "csi-attacher", "csi-snapshotter", "csi-resizer", "livenessprobe")
_HEALTH = {
    "livenessProbe": http_probe("/healthz", "healthz", initialDelaySeconds=10, timeoutSeconds=3, failureThreshold=5)
}
_PORTS = {"ports": [{"name": "healthz", "containerPort": 9808}]}


def objects(installation: Installation) -> list[Obj]:
    rules = [
        ("", "persistentvolumes", "get list watch create delete patch"),
        ("", "persistentvolumeclaims nodes pods events", "get list watch create update patch"),
        ("storage.k8s.io", "storageclasses csinodes volumeattachments", "get list watch patch"),
    ]
    return [
        service_account("ebs-csi-controller-sa"),
        service_account("ebs-csi-node-sa"),
        *cluster_role("ebs-external-provisioner-role", rules, "ebs-csi-controller-sa"),
        deployment(_controller(installation), installation.part("controller")),
        daemon_set(_node(installation), installation.part("node")),
        disruption_budget("ebs-csi-controller", CONTROLLER),
        _driver(),
    ]


def _part(installation: Installation, name: str, **more: object) -> Obj:
    image = installation.image("eks/aws-ebs-csi-driver" if name == "ebs-plugin" else f"eks/{name}")
    return container(name.replace("livenessprobe", "liveness-probe"), image, "10m", "40Mi", "256Mi", **more)


def _controller(installation: Installation) -> Workload:
    plugin = _part(installation, "ebs-plugin", **_HEALTH, **_PORTS)
    return Workload(
        name="ebs-csi-controller",
        labels=CONTROLLER,
        containers=(plugin, *(_part(installation, name) for name in _SIDECARS)),
        service_account="ebs-csi-controller-sa",
        replicas=2,
        tolerations=({"key": "CriticalAddonsOnly", "operator": "Exists"},),
        spread=True,
    )


def _node(installation: Installation) -> Workload:
    plugin = _part(installation, "ebs-plugin", **_HEALTH, **_PORTS)
    return Workload(
        name="ebs-csi-node",
        labels=NODE,
        containers=(plugin, _part(installation, "node-driver-registrar"), _part(installation, "livenessprobe")),
        service_account="ebs-csi-node-sa",
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
    )


def _driver() -> Obj:
    spec = {"attachRequired": True, "podInfoOnMount": False, "fsGroupPolicy": "ReadWriteOnceWithFSType"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": "ebs.csi.aws.com"},
        "spec": spec,
    }


EBS_CSI_DRIVER = Component("aws-ebs-csi-driver", objects)
