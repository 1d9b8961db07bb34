"""CoreDNS: two replicas behind the Service kube-dns."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    CRITICAL_ADDONS,
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    deployment,
    disruption_budget,
    http_probe,
    service,
    service_account,
)

LABELS = {"eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns"}
COREFILE = """.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""


def objects(installation: Installation) -> list[Obj]:
    ports = [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP")]
    main = container(
        "coredns",
        installation.image("eks/coredns"),
        cpu="100m",
        memory="70Mi",
        memory_limit="170Mi",
        args=["-conf", "/etc/coredns/Corefile"],
        ports=[{"name": name, "containerPort": port, "protocol": protocol} for name, port, protocol in ports],
        livenessProbe=http_probe("/health", 8080, initialDelaySeconds=60, timeoutSeconds=5, failureThreshold=5),
        readinessProbe=http_probe("/ready", 8181),
    )
    workload = Workload(
        name="coredns",
        labels=LABELS,
        containers=(main,),
        service_account="coredns",
        replicas=2,
        tolerations=CRITICAL_ADDONS,
        spread=True,
    )
    metadata = {"name": "coredns", "namespace": "kube-system", "labels": LABELS}
    corefile = installation.configuration.get("corefile", COREFILE)
    settings: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": corefile}}
    rules = [
        ("", "endpoints services pods namespaces", "list watch"),
        ("discovery.k8s.io", "endpointslices", "list watch"),
    ]
    selector = {"k8s-app": "kube-dns"}
    service_ports = [{"name": n, "port": p, "protocol": proto, "targetPort": p} for n, p, proto in ports]
    return [
        service_account("coredns", labels=LABELS),
        *cluster_role("system:coredns", rules, "coredns"),
        settings,
        deployment(workload, installation),
        service("kube-dns", selector, service_ports),
        disruption_budget("coredns", LABELS),
    ]


COREDNS = Component("coredns", objects)
