"""kube-proxy: the DaemonSet that makes Services' addresses work on every node."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    EVERYWHERE,
    NODE_CRITICAL,
    Component,
    Installation,
    Workload,
    container,
    daemon_set,
    service_account,
)

LABELS = {"k8s-app": "kube-proxy"}


def objects(installation: Installation) -> list[Obj]:
    main = container("kube-proxy", installation.image("eks/kube-proxy"), cpu="100m")
    workload = Workload(
        name="kube-proxy",
        labels=LABELS,
        containers=(main,),
        service_account="kube-proxy",
        host_network=True,
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
    )
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "eks:kube-proxy"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node-proxier"},
        "subjects": [{"kind": "ServiceAccount", "name": "kube-proxy", "namespace": "kube-system"}],
    }
    return [service_account("kube-proxy", labels=LABELS), binding, daemon_set(workload, installation)]


KUBE_PROXY = Component("kube-proxy", objects)
