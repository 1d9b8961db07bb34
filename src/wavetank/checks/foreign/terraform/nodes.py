"""What node groups say about their nodes: taints, and kubelet settings in user data."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from wavetank.checks.aws import Encoded, Resource
from wavetank.checks.manifests import mapping
from wavetank.kube.types import Obj

from .reading import text

_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_MAX_PODS = re.compile(r"--max-pods[= ]'?\"?([0-9]+)")


def taints_of(value: Any) -> tuple[Obj, ...] | None:
    """Kubernetes' shape of taint blocks (a list, or a map of them, as modules take it); None when one is not known."""
    rows = list(value.values()) if isinstance(value, dict) else value
    if rows is None:
        return ()
    if not isinstance(rows, list):
        return None
    found = [_taint(row) for row in rows]
    return None if any(taint is None for taint in found) else tuple(taint for taint in found if taint is not None)


def _taint(row: Any) -> Obj | None:
    body = mapping(row)
    key, effect = text(body.get("key")), text(body.get("effect"))
    value = body.get("value")
    if key is None or effect is None or (value is not None and text(value) is None):
        return None
    return {"key": key, "value": text(value) or "", "effect": _EFFECTS.get(effect, effect)}


def kubelet_of(body: Mapping[str, Any], template: Resource | None) -> Obj | None:
    """KubeletConfiguration of a node group's user data; empty without any, None when it cannot be read."""
    if "launch_template" not in body:
        return {}
    if template is None:
        return None
    data = template.body.get("user_data")
    return {} if data is None else kubelet_of_user_data(_decoded(data))


def _decoded(data: Any) -> Any:
    if isinstance(data, str):
        try:
            return base64.b64decode(data, validate=True).decode()
        except (ValueError, UnicodeDecodeError):
            return data
    return data


def kubelet_of_user_data(data: Any) -> Obj | None:
    """nodeadm's NodeConfig (perhaps in a MIME part), or the flags of the older bootstrap script."""
    if isinstance(data, Encoded):
        return mapping(mapping(mapping(data.value).get("spec")).get("kubelet")).get("config") or {}
    if not isinstance(data, str):
        return None
    flags = _MAX_PODS.search(data)
    found: Obj = {"maxPods": int(flags[1])} if flags else {}
    for config in _node_configs(data):
        kubelet = mapping(mapping(config.get("spec")).get("kubelet"))
        found |= mapping(kubelet.get("config"))
    return found


def _node_configs(data: str) -> Iterator[Obj]:
    """The NodeConfig documents in the text."""
    starts = [found.start() for found in re.finditer(r"^apiVersion: node\.eks\.aws/", data, re.MULTILINE)]
    starts += [found.start() for found in re.finditer(r"^---\s*\napiVersion: node\.eks\.aws/", data, re.MULTILINE)]
    for start in starts:
        part = re.split(r"^--", data[start:].removeprefix("---"), maxsplit=1, flags=re.MULTILINE)[0]
        try:
            value = yaml.safe_load(part)
        except yaml.YAMLError:
            continue
        if isinstance(value, dict):
            yield value
