"""Closed lists of what AWS lets one choose from. Whoever reads a platform refuses what is not in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wavetank.catalog.files import data


def interface_endpoints() -> tuple[str, ...]:
    """Services with an interface endpoint (AWS PrivateLink) that a platform like these talks to."""
    return tuple(_values("interfaceEndpoints"))


def efs_transition_days() -> tuple[int, ...]:
    """The ages in days at which EFS moves files to a colder class, ascending."""
    return tuple(_values("efsTransitionDays"))


def log_retention_days() -> tuple[int, ...]:
    """For how many days CloudWatch Logs keeps a log, ascending."""
    return tuple(_values("logRetentionDays"))


def eks_access_policies() -> tuple[str, ...]:
    """Names of the access policies of EKS."""
    return tuple(_values("eksAccessPolicies"))


def bottlerocket_kubelet_settings() -> frozenset[str]:
    """Keys of KubeletConfiguration that Bottlerocket takes, under the same name with dashes."""
    return frozenset(_values("bottlerocketKubeletSettings"))


def _values(name: str) -> Sequence[Any]:
    found: Sequence[Any] = data("choices")["choices"][name]["values"]
    return found
