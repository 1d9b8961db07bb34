"""Analysis templates: what is measured while a new version arrives, smoke tests included, and the traffic those need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.canaries import service_of
from wavetank.plan.delivery import smoke_test_name
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import AnalysisTemplate, Namespace, NetworkPolicy, Service, Workload
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.reasons import Default
from wavetank.spec.delivery import AnalysisMetric, BlueGreen, SmokeTest
from wavetank.spec.delivery import AnalysisTemplate as WrittenTemplate
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Workload as WrittenWorkload

#: Service that the Prometheus operator keeps for every Prometheus of a namespace
_PROMETHEUS = "http://prometheus-operated.{namespace}.svc:9090"
_STACK = "kube-prometheus-stack"

ONLY_NAMESPACE = Default("analysisTemplates.namespace", "the first namespace of the platform")

_SHORT_FORMS = ("prometheus", "web", "job")


def analysis_templates(
    written: PlatformFile, services: tuple[Service, ...], ledger: Ledger
) -> tuple[AnalysisTemplate, ...]:
    """Those of the author, and one for each smoke test."""
    stated = tuple(_template(each, written, ledger) for each in written.analysis_templates or ())
    return (*stated, *(_smoke_test(*each, services, ledger) for each in _smoke_tests(written)))


def _template(stated: WrittenTemplate, written: PlatformFile, ledger: Ledger) -> AnalysisTemplate:
    path = f"analysisTemplates[{stated.name}]"
    ledger.stated(path, stated)
    namespace = ledger.chosen(f"{path}.namespace", stated.namespace, only_namespace(written), ONLY_NAMESPACE)
    spec: Obj = {"metrics": [_metric(each, written) for each in stated.metrics]}
    if stated.args:
        spec = {"args": [shape(each) for each in stated.args], **spec}
    ledger.shape(f"{path}.spec", spec, path)
    return AnalysisTemplate(stated.name, namespace, spec)


def _metric(stated: AnalysisMetric, written: PlatformFile) -> Obj:
    metric = shape(stated)
    if stated.prometheus is not None:
        asked = {"query": stated.prometheus} if isinstance(stated.prometheus, str) else stated.prometheus
        metric["provider"] = {"prometheus": {"address": prometheus_address(written), **asked}}
    elif stated.web is not None:
        metric["provider"] = {"web": stated.web}
    elif stated.job is not None:
        metric["provider"] = {"job": stated.job}
    return {key: value for key, value in metric.items() if key not in _SHORT_FORMS}


def prometheus_address(written: PlatformFile) -> str:
    """Where the Prometheus of the chart kube-prometheus-stack answers."""
    for release in written.helm_releases or ():
        facts = catalog.chart(release.chart or release.name)
        if facts is not None and facts.name == _STACK:
            return _PROMETHEUS.format(namespace=release.namespace or facts.namespace)
    usual = catalog.chart(_STACK)
    return _PROMETHEUS.format(namespace=usual.namespace if usual is not None else "monitoring")


# --- smoke tests ------------------------------------------------------------------------------------------------------


def _smoke_tests(written: PlatformFile) -> Iterator[tuple[WrittenWorkload, BlueGreen, SmokeTest, PlatformFile]]:
    for workload in written.workloads or ():
        stated = workload.delivery.blue_green if workload.delivery is not None else None
        if stated is not None and stated.smoke_test is not None:
            yield workload, stated, stated.smoke_test, written


def _smoke_test(
    workload: WrittenWorkload,
    stated: BlueGreen,
    test: SmokeTest,
    written: PlatformFile,
    services: tuple[Service, ...],
    ledger: Ledger,
) -> AnalysisTemplate:
    name = smoke_test_name(workload.name)
    active = service_of(workload, written, stated.active_service)
    preview = next((each for each in services if each.name == (stated.preview_service or f"{active}-preview")), None)
    namespace = workload.namespace or only_namespace(written)
    port = preview.ports[0]["port"] if preview is not None and preview.ports else 80
    url = f"http://{preview.name if preview else active}.{namespace}.svc:{port}"
    origin = f"workloads[{workload.name}].delivery.blueGreen.smokeTest"
    ledger.stated(f"analysisTemplates[{name}]", test, origin)
    job = {"provider": {"job": {"spec": _job(name, test, url)}}}
    return AnalysisTemplate(name, namespace, {"metrics": [{"name": "smoke-test", **job}]})


def _job(name: str, test: SmokeTest, url: str) -> Obj:
    """One try: a test that fails once has failed. Its pod keeps Pod Security `restricted`."""
    curl = [
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--retry",
        "5",
        "--retry-connrefused",
        f"{url}{test.path or ''}",
    ]
    container: Obj = {
        "name": "smoke-test",
        "image": test.image,
        "command": list(test.command) if test.command is not None else curl,
        "env": [{"name": "URL", "value": url}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod: Obj = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    labels = {"app.kubernetes.io/name": name}
    return {
        "backoffLimit": 0,
        "activeDeadlineSeconds": test.timeout_seconds or 120,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }


def smoke_test_policies(
    written: PlatformFile, workloads: tuple[Workload, ...], namespaces: tuple[Namespace, ...], ledger: Ledger
) -> tuple[NetworkPolicy, ...]:
    """What lets smoke tests through where traffic is refused by default."""
    denied = {each.name: each.default_deny for each in namespaces}
    found: list[NetworkPolicy] = []
    for stated, *_ in _smoke_tests(written):
        workload = next(each for each in workloads if each.name == stated.name)
        ruled = ("Ingress", "Egress") if workload.connections is not None else denied.get(workload.namespace, ())
        found += [_policy(workload, stated.port, direction, ledger) for direction in ruled]
    return tuple(found)


def _policy(workload: Workload, port: int | None, direction: str, ledger: Ledger) -> NetworkPolicy:
    test = smoke_test_name(workload.name)
    name = f"{test}-{direction.lower()}"
    ledger.derived(
        f"networkPolicies[{name}]",
        None,
        (f"workloads[{workload.name}].delivery",),
        "the smoke test reaches the new version",
    )
    tests, pods = {"matchLabels": {"app.kubernetes.io/name": test}}, {"matchLabels": dict(workload.selector_labels)}
    ports = {"ports": [{"protocol": "TCP", "port": port}]} if port is not None else {}
    if direction == "Ingress":
        spec: dict[str, Any] = {"podSelector": pods, "ingress": [{"from": [{"podSelector": tests}], **ports}]}
        return NetworkPolicy(name, workload.namespace, workload.name, {**spec, "policyTypes": ["Ingress"]})
    spec = {"podSelector": tests, "egress": [{"to": [{"podSelector": pods}], **ports}, _DNS]}
    return NetworkPolicy(name, workload.namespace, None, {**spec, "policyTypes": ["Egress"]})


_DNS: Obj = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
