"""SCH014: Prometheus is told to scrape what is not there, or nobody reads what it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import yaml

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.kube.types import Obj

OPERATORS = ("kube-prometheus-stack", "prometheus-operator", "prometheus-operator-crds")
_PAIR = ["__meta_kubernetes_service_name", "__meta_kubernetes_endpoint_port_name"]
#: ports of Istio's control plane; proxies are scraped as pods, by ports named *-envoy-prom
ISTIO_PORTS = {"istiod": ("grpc-xds", "https-dns", "https-webhook", "http-monitoring")}


def check(case: Case) -> Iterator[Mistake]:
    for config in case.manifests.of_kind("ConfigMap", group=""):
        for key, text in mapping(config.obj.get("data")).items():
            if isinstance(text, str) and "scrape_configs" in text:
                yield from _jobs(case, config, key, text)
    if case.components.lacks(*OPERATORS):
        for monitor in case.manifests.of_kind(
            "ServiceMonitor", "PodMonitor", "PrometheusRule", group="monitoring.coreos.com"
        ):
            yield Mistake(
                at=monitor.at("kind"),
                message=f"{monitor.title}: without the Prometheus Operator there is no such kind, and nobody reads it",
                remedy="install kube-prometheus-stack, or the chart prometheus-operator-crds beside an operator of your own",
                numbers={"kind": monitor.kind},
            )


def _jobs(case: Case, config: Manifest, key: str, text: str) -> Iterator[Mistake]:
    try:
        document = mapping(yaml.safe_load(text))
    except yaml.YAMLError:
        return
    known = known_ports(case)
    for job in items(document.get("scrape_configs")):
        for relabel in items(job.get("relabel_configs")):
            if relabel.get("action") == "keep" and relabel.get("source_labels") == _PAIR:
                yield from _kept(config, key, job, str(relabel.get("regex", "")), known)


def known_ports(case: Case) -> dict[str, set[str]]:
    """By Service: the names of its ports; Istio's own are known without being in the input."""
    found = {name: set(ports) for name, ports in ISTIO_PORTS.items()}
    for service in case.manifests.of_kind("Service", group=""):
        found.setdefault(service.name, set()).update(str(port.get("name")) for port in items(service.spec.get("ports")))
    return found


def _kept(config: Manifest, key: str, job: Obj, regex: str, known: dict[str, set[str]]) -> Iterator[Mistake]:
    """Only plain words are judged: ``service;port``, with alternatives in parentheses or not."""
    if not re.fullmatch(r"[a-z0-9;|()-]+", regex):
        return
    services, _, ports = regex.partition(";")
    pairs = list(product(services.strip("()").split("|"), ports.strip("()").split("|")))
    if not any(port in known.get(service, ()) for service, port in pairs) and _is_about_known(services, known):
        yield Mistake(
            at=config.at("data", key),
            message=f"{config.title}: job {job.get('job_name')} keeps only {regex}, and there is no such service and port",
            remedy="istiod;http-monitoring is Istio's control plane; its proxies are pods with ports named *-envoy-prom",
            numbers={"job": str(job.get("job_name")), "targets": 0},
        )


def _is_about_known(services: str, known: dict[str, set[str]]) -> bool:
    names = services.strip("()").split("|")
    return any(name in known or name.startswith("istio") for name in names)


RULE = Rule(
    id="SCH014",
    severity=Severity.WARN,
    title="Prometheus scrapes nothing there",
    source="prometheus.io/docs (relabel_config); istio.io/latest/docs/ops/integrations/prometheus",
    check=check,
)
