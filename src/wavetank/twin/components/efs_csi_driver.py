"""The Amazon EFS CSI driver: a controller in two replicas, and a DaemonSet on the nodes."""

from __future__ import annotations

from typing import Any

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
    http_probe,
    service_account,
)

CONTROLLER = {"app": "efs-csi-controller", "app.kubernetes.io/name": "aws-efs-csi-driver"}
NODE = {"app": "efs-csi-node", "app.kubernetes.io/name": "aws-efs-csi-driver"}
_HEALTH = {
    "livenessProbe": http_probe("/healthz", "healthz", initialDelaySeconds=10, timeoutSeconds=3, periodSeconds=2)
}
_PORTS = {"ports": [{"name": "healthz", "containerPort": 9909}]}


def objects(installation: Installation) -> list[Obj]:
    rules = [
        ("", "persistentvolumes", "get list watch create delete patch"),
        ("", "persistentvolumeclaims nodes events", "get list watch create update patch"),
        ("storage.k8s.io", "storageclasses csinodes", "get list watch"),
    ]
    return [
        service_account("efs-csi-controller-sa"),
        service_account("efs-csi-node-sa"),
        *cluster_role("efs-csi-external-provisioner-role", rules, "efs-csi-controller-sa"),
        deployment(_controller(installation), installation.part("controller")),
        daemon_set(_node(installation), installation.part("node")),
        _driver(),
    ]


def _part(installation: Installation, name: str, repository: str, **more: Any) -> Obj:
    """The add-on ships without requests."""
    return container(name, installation.image(f"eks/{repository}"), **more)


def _controller(installation: Installation) -> Workload:
    return Workload(
        name="efs-csi-controller",
        labels=CONTROLLER,
        containers=(
            _part(installation, "efs-plugin", "aws-efs-csi-driver", **_HEALTH, **_PORTS),
            _part(installation, "csi-provisioner", "csi-provisioner"),
            _part(installation, "liveness-probe", "livenessprobe"),
        ),
        service_account="efs-csi-controller-sa",
        replicas=2,
        tolerations=({"key": "CriticalAddonsOnly", "operator": "Exists"},),
        spread=True,
    )


def _node(installation: Installation) -> Workload:
    return Workload(
        name="efs-csi-node",
        labels=NODE,
        containers=(
            _part(installation, "efs-plugin", "aws-efs-csi-driver", **_HEALTH, **_PORTS),
            _part(installation, "csi-driver-registrar", "csi-node-driver-registrar"),
            _part(installation, "liveness-probe", "livenessprobe"),
        ),
        service_account="efs-csi-node-sa",
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
    )


def _driver() -> Obj:
    spec = {"attachRequired": False, "podInfoOnMount": False, "fsGroupPolicy": "ReadWriteOnceWithFSType"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": "efs.csi.aws.com"},
        "spec": spec,
    }


EFS_CSI_DRIVER = Component("aws-efs-csi-driver", objects)
