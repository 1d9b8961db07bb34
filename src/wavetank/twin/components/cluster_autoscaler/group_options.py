"""Settings that tags of a scaling group change for this group. Pure. Upstream: ``GetAsgOptions`` in ``aws_manager.go``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from .flags import Settings, duration_seconds

PREFIX = "k8s.io/cluster-autoscaler/node-template/autoscaling-options/"
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def _boolean(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError("parse error")
    return text.lower() in _TRUE


_OPTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "scaledownutilizationthreshold": ("scale_down_utilization_threshold", float),
    "scaledowngpuutilizationthreshold": ("scale_down_gpu_utilization_threshold", float),
    "scaledownunneededtime": ("scale_down_unneeded_time", duration_seconds),
    "scaledownunreadytime": ("scale_down_unready_time", duration_seconds),
    "ignoredaemonsetsutilization": ("ignore_daemonsets_utilization", _boolean),
}


def settings_for(tags: Mapping[str, str], settings: Settings) -> Settings:
    """The settings as the tags change them; what cannot be read changes nothing."""
    changed: dict[str, Any] = {}
    for key, text in tags.items():
        found = _OPTIONS.get(key.removeprefix(PREFIX)) if key.startswith(PREFIX) else None
        if found is not None:
            with suppress(ValueError):
                changed[found[0]] = found[1](text)
    return replace(settings, **changed) if changed else settings
