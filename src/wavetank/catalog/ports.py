"""Ports that components of a platform listen on. Network policies and security groups are made and judged by them."""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.catalog.files import data


def component_port(name: str) -> int:
    """The port named (``kubelet``, ``istiodXds``); KeyError for any other name."""
    return int(data("ports")["ports"][name][0])


def webhook_ports() -> Mapping[str, int]:
    """Component -> the port of its pods at which the API server calls its webhook."""
    return {component: int(row[0]) for component, row in data("ports")["webhooks"].items()}
