"""Defaults of pods and pod templates (core/v1 ``SetDefaults_Pod``, ``SetDefaults_PodSpec``, ``SetDefaults_Container``)."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from functools import lru_cache

from .. import quantity
from ..types import Obj

FILE_MODE = 0o644
TOKEN_EXPIRATION_SECONDS = 3600

_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def fill_pod(pod: Obj) -> None:
    """A pod of its own gets what templates do not: service links, requests from limits, host ports."""
    spec = pod.setdefault("spec", {})
    for container in _containers(spec, "containers", "initContainers"):
        _requests_from_limits(container.get("resources") or {})
    _pod_level_requests(spec)
    spec.setdefault("enableServiceLinks", True)
    fill_pod_spec(spec)
    if spec.get("hostNetwork"):
        for container in _containers(spec, "containers", "initContainers"):
            for port in container.get("ports") or ():
                if not port.get("hostPort") and "containerPort" in port:
                    port["hostPort"] = port["containerPort"]
    pod.setdefault("status", {}).setdefault("phase", "Pending")


def shared_spec(spec: Obj | None) -> Obj | None:
    """A pod's specification with its defaults, one object for all pods of a template; None when it cannot be shared.

    The pods of a workload state the same words, so they are filled in once, and kept once.
    """
    try:
        return _filled(marshal.dumps(spec, 2)) if spec else None
    except ValueError:
        # Not plain JSON, such as a mapping of a YAML reader.
        return None


@lru_cache(maxsize=1024)
def _filled(spec: bytes) -> Obj:
    pod: Obj = {"spec": marshal.loads(spec)}
    fill_pod(pod)
    filled: Obj = pod["spec"]
    return filled


def fill_template(template: Obj) -> None:
    template.setdefault("metadata", {})
    fill_pod_spec(template.setdefault("spec", {}))


def fill_pod_spec(spec: Obj) -> None:
    _mirror_service_account(spec)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    for volume in spec.get("volumes") or ():
        _fill_volume(volume)
    for container in _containers(spec, "containers", "initContainers", "ephemeralContainers"):
        _fill_container(container)
    for limits in ("limits", "requests"):
        _round_up((spec.get("resources") or {}).get(limits))
    _round_up(spec.get("overhead"))


def _mirror_service_account(spec: Obj) -> None:
    """``serviceAccount`` is the deprecated spelling; both are always written."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _containers(spec: Obj, *lists: str) -> Iterator[Obj]:
    for name in lists:
        yield from spec.get(name) or ()


def pull_policy(image: str) -> str:
    """``Always`` for the tag ``latest``, stated or implied; ``IfNotPresent`` for any other tag and for digests."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _fill_container(container: Obj) -> None:
    container.setdefault("imagePullPolicy", pull_policy(container.get("image", "")))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    _round_up(resources.get("limits"))
    _round_up(resources.get("requests"))
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        _fill_field_reference((variable.get("valueFrom") or {}).get("fieldRef"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(probe), dict):
            _fill_probe(container[probe])
    for hook in ("postStart", "preStop"):
        _fill_handler((container.get("lifecycle") or {}).get(hook) or {})


def _fill_probe(probe: Obj) -> None:
    for key, value in _PROBE.items():
        probe[key] = probe.get(key) or value
    _fill_handler(probe)


def _fill_handler(handler: Obj) -> None:
    request = handler.get("httpGet")
    if isinstance(request, dict):
        request["path"] = request.get("path") or "/"
        request["scheme"] = request.get("scheme") or "HTTP"
    if isinstance(handler.get("grpc"), dict):
        handler["grpc"].setdefault("service", "")


def _fill_field_reference(reference: Obj | None) -> None:
    if reference is not None:
        reference["apiVersion"] = reference.get("apiVersion") or "v1"


def _requests_from_limits(resources: Obj) -> None:
    limits = resources.get("limits") or {}
    missing = {name: amount for name, amount in limits.items() if name not in (resources.get("requests") or {})}
    if missing:
        resources["requests"] = {**(resources.get("requests") or {}), **missing}


def _pod_level_requests(spec: Obj) -> None:
    """Requests of a pod with resources of its own: the sum of its containers' requests, else the limit."""
    resources = spec.get("resources")
    if not isinstance(resources, dict):
        return
    requests = dict(resources.get("requests") or {})
    for name, limit in (resources.get("limits") or {}).items():
        asked = [
            c["resources"]["requests"][name]
            for c in _containers(spec, "containers")
            if name in ((c.get("resources") or {}).get("requests") or {})
        ]
        total = asked[0] if asked else limit
        for amount in asked[1:]:
            total = quantity.add(total, amount)
        requests.setdefault(name, total)
    if requests:
        resources["requests"] = requests


def _round_up(amounts: Obj | None) -> None:
    """Amounts are kept in whole thousandths (``SetDefaults_ResourceList``)."""
    for name, amount in (amounts or {}).items():
        exact = quantity.parse(amount)
        if (exact * 1000) % 1:
            assert amounts is not None
            amounts[name] = quantity.format_milli(quantity.milli(amount))


def _fill_volume(volume: Obj) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if isinstance(volume.get(source), dict):
            volume[source].setdefault("defaultMode", FILE_MODE)
    for item in (volume.get("downwardAPI") or {}).get("items") or ():
        _fill_field_reference(item.get("fieldRef"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        _fill_projection(source)
    fill_volume_source(volume)
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if isinstance(claim, dict):
        claim.setdefault("metadata", {})
        fill_claim_spec(claim.setdefault("spec", {}))
    if isinstance(volume.get("image"), dict):
        volume["image"].setdefault("pullPolicy", pull_policy(volume["image"].get("reference", "")))


def _fill_projection(source: Obj) -> None:
    for item in (source.get("downwardAPI") or {}).get("items") or ():
        _fill_field_reference(item.get("fieldRef"))
    if isinstance(source.get("serviceAccountToken"), dict):
        source["serviceAccountToken"].setdefault("expirationSeconds", TOKEN_EXPIRATION_SECONDS)


def fill_volume_source(volume: Obj) -> None:
    """Sources that pods and persistent volumes share."""
    for source, values in (
        ("hostPath", {"type": ""}),
        ("iscsi", {"iscsiInterface": "default"}),
        ("rbd", {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"}),
        ("azureDisk", {"cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False}),
        ("scaleIO", {"storageMode": "ThinProvisioned", "fsType": "xfs"}),
    ):
        if isinstance(volume.get(source), dict):
            for key, value in values.items():
                volume[source].setdefault(key, value)


def fill_claim_spec(spec: Obj) -> None:
    spec.setdefault("volumeMode", "Filesystem")
    spec.setdefault("resources", {})
