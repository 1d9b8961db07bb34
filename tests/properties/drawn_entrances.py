"""Strategies of the ways to pods and between them: services, ingresses, connections, mesh, network policies, monitors, roles."""

from __future__ import annotations

from typing import Any

from drawn import SWITCH, Draw, Section, Strategy, mapping, one, seldom
from hypothesis import strategies as st

_SERVICE: dict[str, Strategy] = {
    "ClusterIP": mapping(
        {"port": one(80, 8080)},
        portName=one("http", "grpc"),
        appProtocol="http",
        sessionAffinity=one("None", "ClientIP"),
    ),
    "ports": mapping({"ports": [80, {"name": "grpc", "port": 50051, "targetPort": 8080, "appProtocol": "grpc"}]}),
    "headless": mapping({"port": 8080, "headless": True}, publishNotReadyAddresses=SWITCH),
    "LoadBalancer": mapping(
        {"port": 80, "type": "LoadBalancer"},
        scheme=one("internet-facing", "internal"),
        targetType=one("ip", "instance"),
        crossZone=SWITCH,
        preserveClientIp=SWITCH,
        sourceRanges=["203.0.113.0/24"],
        healthCheck="/ready",
        deregistrationDelaySeconds=one(0, 60),
        annotations={"example.com/owner": "harbor"},
    ),
}
#: kinds whose pods wait for requests
_SERVING = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")


def services(draw: Draw, workloads: list[Section]) -> list[Section]:
    """A service for each workload that serves, and now and then a name for somebody else's."""
    found = [
        {"name": f"{workload['name']}-svc", "workload": workload["name"], **draw(st.one_of(*_SERVICE.values()))}
        for workload in workloads
        if workload["kind"] == "Rollout" or (workload["kind"] in _SERVING and draw(SWITCH))
    ]
    if seldom(draw):
        found.append({"name": "mail", "externalName": "mail.example.com", "namespace": "harbor"})
    return found


def connect(draw: Draw, workloads: list[Section], services: list[Section]) -> None:
    """Let some workloads say whom they talk to."""
    ours = [service["name"] for service in services if "workload" in service]
    ours += [workload["name"] for workload in workloads if workload["kind"] in _SERVING]
    targets = one(
        "internet", "aws", "vpc", {"to": "10.9.0.0/24", "port": "53/UDP"}, {"to": "api.example.net"},
        {"namespace": "kube-system", "pods": {"k8s-app": "kube-dns"}, "port": ["53/UDP", 53]}, *ours,
    )  # fmt: skip
    for workload in workloads:
        if seldom(draw):
            workload["connects"] = draw(st.lists(targets, max_size=3))


_NGINX = mapping(
    {},
    rateLimit=mapping({"requestsPerSecond": 10}, burst=20, rejectCode=429),
    timeoutSeconds=60,
    maxBodySize="8Mi",
)
_ALB = mapping(
    {},
    scheme=one("internet-facing", "internal"),
    group="shared",
    healthCheck="/ready",
    idleTimeoutSeconds=120,
    deletionProtection=SWITCH,
    waf="arn:aws:wafv2:us-east-1:111122223333:regional/webacl/harbor/0123",
    annotations={"example.com/owner": "harbor"},
)


def ingresses(draw: Draw, platform: Section) -> list[Section]:
    """One ingress per namespace that has a service with a port, at most."""
    home = {workload["name"]: workload["namespace"] for workload in platform["workloads"]}
    found: list[Section] = []
    for service in platform["services"]:
        namespace = home.get(service.get("workload", ""))
        if namespace is None or any(each["namespace"] == namespace for each in found) or not draw(SWITCH):
            continue
        found.append(_ingress(draw, namespace, service["name"], "dns" in platform))
    return found


def _ingress(draw: Draw, namespace: str, service: str, has_zone: bool) -> Section:
    is_alb = draw(SWITCH)
    host = f"{namespace}.example.com"
    path = draw(mapping({"path": one("/", "/api"), "service": service}, pathType=one("Prefix", "Exact")))
    ingress: Section = {
        "name": namespace,
        "namespace": namespace,
        "class": "alb" if is_alb else "nginx",
        **draw(_ALB if is_alb else _NGINX),
    }
    ingress.pop("group", None)
    ingress["hosts"] = [{"host": host, "paths": [path]}]
    if draw(SWITCH):
        tls: Strategy = mapping({"certificate": "main"}, redirect=SWITCH) if has_zone else st.none()
        own = mapping({"secret": f"{namespace}-tls"}, redirect=SWITCH)
        chosen = draw(tls if is_alb else own)
        if chosen is not None:
            ingress["tls"] = chosen
    return ingress


def mesh(draw: Draw, platform: Section) -> Section | None:
    """A mesh over both namespaces, with routes and destinations for services of HTTP; marks the namespaces."""
    found: Section = draw(
        mapping(
            {},
            mtls=one("STRICT", "PERMISSIVE"),
            tracingSamplingPercent=one(0, 1, 100),
            authorization=[{"name": "nobody", "namespace": "harbor"}],
            serviceEntries=[{"name": "models", "namespace": "harbor", "hosts": ["models.example.net"], "ports": [443]}],
            telemetry={"accessLogs": True},
            gateways=[{"name": "edge", "namespace": "harbor", "hosts": ["*.example.com"]}],
        )
    )
    home = {workload["name"]: workload["namespace"] for workload in platform["workloads"]}
    named = [service for service in platform["services"] if home.get(service.get("workload", "")) and "port" in service]
    plain = [service for service in named if not service["workload"].startswith("rollout")]
    if plain and draw(SWITCH):
        found |= _traffic(draw, plain[0], home[plain[0]["workload"]], "gateways" in found)
    for namespace in platform["namespaces"]:
        namespace["mesh"] = True
    return found


def _traffic(draw: Draw, service: Section, namespace: str, has_gateway: bool) -> Section:
    name, labels = service["name"], {"app.kubernetes.io/name": service["workload"]}
    settings: dict[str, Any] = {
        "loadBalancer": one("LEAST_REQUEST", {"simple": "ROUND_ROBIN"}),
        "connectionPool": {"tcp": {"maxConnections": 100}, "http": {"http1MaxPendingRequests": 10}},
        "outlierDetection": {"consecutive5xxErrors": 5, "interval": "30s", "baseEjectionTime": "30s"},
    }
    subsets = [{"name": "one", "labels": labels}, {"name": "two", "labels": labels}]
    destination = {
        "name": name,
        "namespace": namespace,
        "service": name,
        "subsets": subsets,
        **draw(mapping({}, **settings)),
    }
    http = draw(
        st.lists(
            one(
                {"to": name, "weights": {"one": 90, "two": 10}, "timeout": "5s", "retries": 2},
                {"when": {"headers": {"canary": "true"}}, "to": name, "subset": "two"},
                {"redirect": {"uri": "/elsewhere"}, "match": [{"uri": {"prefix": "/old"}}]},
                {"to": name, "fault": {"delay": {"percentage": {"value": 5}, "fixedDelay": "2s"}}},
            ),
            min_size=1,
            max_size=3,
        )
    )
    route: Section = {"name": name, "namespace": namespace, "hosts": [name], "http": http}
    if has_gateway and draw(SWITCH):
        route |= {"hosts": ["shop.example.com"], "gateways": ["edge"]}
    return {"routes": [route], "destinations": [destination]}


def others(draw: Draw, platform: Section) -> Section:
    """Network policies, roles and monitors."""
    workload = platform["workloads"][0]["name"]
    possible: dict[str, Any] = {
        "networkPolicies": [
            {
                "name": "by-hand",
                "workload": workload,
                "ingress": [
                    {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], "ports": [8080]}
                ],
                "egress": [{"to": [{"namespaceSelector": {}}]}],
            }
        ],
        "roles": [
            {
                "name": "reader",
                "namespace": "harbor",
                "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}],
                "subjects": [{"kind": "Group", "name": "crew"}],
                "workloads": [workload],
            }
        ],
    }
    scraped = [service["name"] for service in platform["services"] if "workload" in service and "port" in service]
    if scraped:
        possible["serviceMonitors"] = [
            {"name": "scraped", "service": scraped[0], "interval": "15s", "labels": {"release": "prometheus"}}
        ]
    return {key: value for key, value in possible.items() if seldom(draw)}
