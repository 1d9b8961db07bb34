"""User data of launch templates: settings of the kubelet in the form that the image of the nodes understands.

Amazon Linux 2023 takes a NodeConfig of nodeadm as a part of a MIME document, which EKS merges with its own part; Bottlerocket
takes TOML. The kubelet's settings are already in the shape of KubeletConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.kube.types import Obj
from wavetank.plan.model import NodeGroup
from wavetank.plan.reasons import field_path
from wavetank.render import yaml
from wavetank.render.hcl import Call, Heredoc
from wavetank.render.trace import Line, Traced, tree

_BOUNDARY = "WAVETANK"


def user_data(group: NodeGroup, path: str) -> Traced | None:
    """The value of ``user_data``; None where the kubelet is left as EKS sets it."""
    if not group.kubelet:
        return None
    where = f"{path}.kubelet"
    lines = _toml(group.kubelet, where) if group.ami_type.startswith("BOTTLEROCKET") else _mime(group.kubelet, where)
    return Traced(Call("base64encode", Heredoc(tuple(lines))), where)


def _mime(kubelet: Obj, path: str) -> Iterator[Line]:
    yield Line("MIME-Version: 1.0", path)
    yield Line(f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', path)
    yield Line("")
    yield Line(f"--{_BOUNDARY}", path)
    yield Line("Content-Type: application/node.eks.aws", path)
    yield Line("")
    config = {"kubelet": {"config": tree(kubelet, path)}}
    yield from yaml.document(
        Traced({"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": config}, path)
    )
    yield Line("")
    yield Line(f"--{_BOUNDARY}--", path)


# --- Bottlerocket -----------------------------------------------------------------------------------------------------

_SPELLED = {
    "imageGCHighThresholdPercent": "image-gc-high-threshold-percent",
    "imageGCLowThresholdPercent": "image-gc-low-threshold-percent",
    "cpuCFSQuota": "cpu-cfs-quota-enforced",
}


def _toml(kubelet: Obj, path: str) -> Iterator[Line]:
    """``[settings.kubernetes]`` with plain settings first, then a table for each map."""
    plain = {key: value for key, value in kubelet.items() if not isinstance(value, Mapping)}
    if plain:
        yield Line("[settings.kubernetes]", path)
    for key, value in plain.items():
        yield Line(f"{_dashed(key)} = {_scalar(value)}", field_path(path, key))
    for key, value in kubelet.items():
        if isinstance(value, Mapping):
            yield Line(f"[settings.kubernetes.{_dashed(key)}]", field_path(path, key))
            for name, amount in value.items():
                yield Line(f'"{name}" = {_scalar(amount)}', field_path(field_path(path, key), name))


def _dashed(key: str) -> str:
    return _SPELLED.get(key) or re.sub(r"(?<=[a-z])([A-Z])", r"-\1", key).lower()


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'
