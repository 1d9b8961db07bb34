"""Kubeconfig files: how kubectl and other clients reach the cluster as a user with a certificate of its authority."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import yaml

from .pki import Credential

#: Marks the files that twins write, so that no other is ever replaced or removed.
MARK = {"name": "wavetank", "extension": {"apiVersion": "wavetank.dev/v1", "kind": "Twin"}}


def kubeconfig(
    server: str, ca_pem: bytes, cluster: str, user: str, identity: Credential, namespace: str = ""
) -> dict[str, Any]:
    """The document of a kubeconfig with one context, which is the current one."""
    name = f"{user}@{cluster}"
    context = {"cluster": cluster, "user": user} | ({"namespace": namespace} if namespace else {})
    credentials = {
        "client-certificate-data": _encoded(identity.certificate_pem),
        "client-key-data": _encoded(identity.key_pem),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority-data": _encoded(ca_pem)}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": name, "context": context}],
        "extensions": [MARK],
    }


def is_of_a_twin(text: str) -> bool:
    """Whether the text of a file is a kubeconfig that a twin wrote."""
    return servers_of_twin(text) is not None


def servers_of_twin(text: str) -> set[str] | None:
    """The URLs of the clusters in a kubeconfig that a twin wrote; None for any other file."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(document, dict) or MARK not in (document.get("extensions") or ()):
        return None
    return {entry["cluster"]["server"] for entry in document.get("clusters") or ()}


def write_kubeconfig(path: Path, document: dict[str, Any]) -> None:
    """Write it readable for its owner only, from the first byte on, and in one piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    temporary.replace(path)


def _encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
