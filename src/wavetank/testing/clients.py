"""Clients of other projects, ready to talk to a cluster of a test. Each is imported when it is asked for."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any


def _kubernetes(kubeconfig: Path) -> Any:
    config: Any = import_module("kubernetes.config")
    return config.new_client_from_config(config_file=str(kubeconfig))


def _lightkube(kubeconfig: Path) -> Any:
    from lightkube import Client, KubeConfig

    return Client(config=KubeConfig.from_file(kubeconfig))


def _kr8s(kubeconfig: Path) -> Any:
    import kr8s

    return kr8s.api(kubeconfig=str(kubeconfig))


def _httpx(kubeconfig: Path) -> Any:
    import httpx

    from wavetank.app.bare_access import access, tls_context

    reached = access(kubeconfig, {})
    context: ssl.SSLContext = tls_context(reached)
    return httpx.Client(base_url=reached.server, verify=context)


#: What ``Cluster.client`` can make: the official ApiClient, and the clients of lightkube, kr8s and httpx.
CLIENTS: Mapping[str, Callable[[Path], Any]] = MappingProxyType(
    {"kubernetes": _kubernetes, "lightkube": _lightkube, "kr8s": _kr8s, "httpx": _httpx}
)
