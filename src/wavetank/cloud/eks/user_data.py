"""What the user data of a launch template tells the kubelet, as the images of EKS read it.

Amazon Linux 2023: a NodeConfig of nodeadm, alone or as parts of a MIME document, later parts winning (nodeadm's
``internal/configprovider``). Bottlerocket: TOML. What cannot be read says nothing: the node then starts as without it.
"""

from __future__ import annotations

import base64
import binascii
import tomllib
from collections.abc import Iterator
from email import message_from_string
from typing import Any

import yaml

_NODE_CONFIG = "application/node.eks.aws"


def max_pods(encoded: str) -> int | None:
    """Most pods of a node by its user data (as EC2 keeps it, in base64); None where nothing is said."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    told = [_max_pods(config) for config in _node_configs(text)] or [_bottlerocket(text)]
    return next((pods for pods in reversed(told) if pods is not None), None)


def _node_configs(text: str) -> Iterator[Any]:
    """The parsed NodeConfigs; a document that is none yields nothing."""
    for part in message_from_string(text).walk() if text.lstrip().startswith("MIME-Version:") else ():
        if part.get_content_type() == _NODE_CONFIG:
            yield from _documents(str(part.get_payload()))
    if "kind: NodeConfig" in text and not text.lstrip().startswith("MIME-Version:"):
        yield from _documents(text)


def _documents(text: str) -> Iterator[Any]:
    try:
        yield from yaml.safe_load_all(text)
    except yaml.YAMLError:
        return


def _max_pods(config: Any) -> int | None:
    for key in ("spec", "kubelet", "config", "maxPods"):
        config = config.get(key) if isinstance(config, dict) else None
    return config if isinstance(config, int) else None


def _bottlerocket(text: str) -> int | None:
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    for key in ("settings", "kubernetes", "max-pods"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, int) else None
