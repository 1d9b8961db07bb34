"""Defaults of the core group, but for services and storage."""

from __future__ import annotations

import base64

from ..types import Obj
from .pods import fill_pod, fill_template


def _fill_replication_controller(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("template"):
        fill_template(spec["template"])
        labels = spec["template"]["metadata"].get("labels")
        if labels:
            if not spec.get("selector"):
                spec["selector"] = dict(labels)
            if not obj["metadata"].get("labels"):
                obj["metadata"]["labels"] = dict(labels)
    spec.setdefault("replicas", 1)
    obj.setdefault("status", {}).setdefault("replicas", 0)


def _fill_pod_template(obj: Obj) -> None:
    fill_template(obj.setdefault("template", {}))


def _fill_namespace(obj: Obj) -> None:
    metadata = obj.setdefault("metadata", {})
    if metadata.get("name"):
        metadata["labels"] = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    obj.setdefault("spec", {})
    obj.setdefault("status", {}).setdefault("phase", "Active")


def _fill_node(obj: Obj) -> None:
    obj.setdefault("spec", {})
    status = obj.setdefault("status", {})
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))
    status.setdefault("daemonEndpoints", {}).setdefault("kubeletEndpoint", {}).setdefault("Port", 0)
    info = status.setdefault("nodeInfo", {})
    for key in _NODE_INFO:
        info.setdefault(key, "")


# Clients insist on all ten: the type has no way to leave one out.
_NODE_INFO = (
    "architecture",
    "bootID",
    "containerRuntimeVersion",
    "kernelVersion",
    "kubeProxyVersion",
    "kubeletVersion",
    "machineID",
    "operatingSystem",
    "osImage",
    "systemUUID",
)


def _fill_secret(obj: Obj) -> None:
    obj["type"] = obj.get("type") or "Opaque"
    written = obj.pop("stringData", None)
    if written:
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in written.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


def _fill_limit_range(obj: Obj) -> None:
    for item in (obj.setdefault("spec", {})).get("limits") or ():
        if item.get("type") == "Container":
            _fill_container_limits(item)


def _fill_container_limits(item: Obj) -> None:
    """Of a container the maximum is the default limit, the default limit or else the minimum the default request."""
    default = {**(item.get("max") or {}), **(item.get("default") or {})}
    request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
    for key, value in (("default", default), ("defaultRequest", request)):
        if value:
            item[key] = value


def _fill_quota(obj: Obj) -> None:
    obj.setdefault("spec", {})
    obj.setdefault("status", {})


def fill_event(obj: Obj) -> None:
    """Sets fields of the event itself only, nothing within them."""
    for key, value in (("involvedObject", {}), ("source", {}), ("reportingComponent", ""), ("reportingInstance", "")):
        obj.setdefault(key, value)
    for key in ("eventTime", "firstTimestamp", "lastTimestamp"):
        obj.setdefault(key, None)


FILLERS = {
    "Pod": fill_pod,
    "PodTemplate": _fill_pod_template,
    "ReplicationController": _fill_replication_controller,
    "Namespace": _fill_namespace,
    "Node": _fill_node,
    "Secret": _fill_secret,
    "LimitRange": _fill_limit_range,
    "ResourceQuota": _fill_quota,
    "Event": fill_event,
}
