"""The flags of the program, from the words of its container. Pure. Upstream: ``config/flags/flags.go``.

A value that the program could not read ends it there; here it is a problem that the caller tells. Flags that are not known
here are left out of account and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

MINUTE = 60.0
HOUR = 3600.0
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": MINUTE, "h": HOUR}
_DURATION = re.compile(r"^[+-]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$")
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")
EXPANDERS = ("random", "most-pods", "least-waste", "price", "priority", "grpc", "least-nodes")
#: Expanders that a cluster on AWS cannot have: no prices are known to it, no plugin is run here.
UNSUPPORTED_EXPANDERS = ("price", "grpc")


@dataclass(frozen=True)
class Limits:
    """Least and most of a resource in the whole cluster: cores, or bytes of memory."""

    least: int = 0
    most: int = 320_000


@dataclass(frozen=True)
class Settings:
    """One field per flag that is understood; times in seconds."""

    cloud_provider: str = "gce"
    namespace: str = "kube-system"
    cluster_name: str = ""
    nodes: tuple[str, ...] = ()
    node_group_auto_discovery: tuple[str, ...] = ()
    scan_interval: float = 10.0
    frequent_loops_enabled: bool = True
    expander: str = "least-waste"
    balance_similar_node_groups: bool = False
    balancing_ignore_label: tuple[str, ...] = ()
    balancing_label: tuple[str, ...] = ()
    memory_difference_ratio: float = 0.015
    max_free_difference_ratio: float = 0.05
    max_allocatable_difference_ratio: float = 0.05
    max_nodes_total: int = 0
    cores_total: Limits = Limits()
    memory_total: Limits = Limits(0, 6_400_000)
    max_nodes_per_scaleup: int = 1000
    max_node_provision_time: float = 15 * MINUTE
    max_node_startup_time: float = 15 * MINUTE
    max_total_unready_percentage: float = 45.0
    ok_total_unready_count: int = 3
    initial_node_group_backoff_duration: float = 5 * MINUTE
    max_node_group_backoff_duration: float = 30 * MINUTE
    node_group_backoff_reset_timeout: float = 3 * HOUR
    expendable_pods_priority_cutoff: int = -10
    new_pod_scale_up_delay: float = 0.0
    scale_up_from_zero: bool = True
    enforce_node_group_min_size: bool = False
    startup_taint: tuple[str, ...] = ()
    status_taint: tuple[str, ...] = ()
    ignore_taint: tuple[str, ...] = ()
    scale_down_enabled: bool = True
    scale_down_unready_enabled: bool = True
    scale_down_delay_after_add: float = 10 * MINUTE
    scale_down_delay_after_delete: float = 0.0
    scale_down_delay_after_failure: float = 3 * MINUTE
    scale_down_unneeded_time: float = 10 * MINUTE
    scale_down_unready_time: float = 20 * MINUTE
    scale_down_utilization_threshold: float = 0.5
    scale_down_gpu_utilization_threshold: float = 0.5
    ignore_daemonsets_utilization: bool = False
    ignore_mirror_pods_utilization: bool = False
    unremovable_node_recheck_timeout: float = 5 * MINUTE
    skip_nodes_with_system_pods: bool = True
    skip_nodes_with_local_storage: bool = True
    skip_nodes_with_custom_controller_pods: bool = True
    blocking_system_pod_distruption_timeout: float = HOUR
    min_replica_count: int = 0
    max_scale_down_parallelism: int = 10
    max_drain_parallelism: int = 1
    node_delete_delay_after_taint: float = 5.0
    max_graceful_termination_sec: int = 600
    max_pod_eviction_time: float = 2 * MINUTE
    max_bulk_soft_taint_count: int = 10
    cordon_node_before_terminating: bool = True
    daemonset_eviction_for_empty_nodes: bool = False
    daemonset_eviction_for_occupied_nodes: bool = True
    write_status_configmap: bool = True
    status_config_map_name: str = "cluster-autoscaler-status"
    record_duplicated_events: bool = False

    @property
    def delay_after_delete(self) -> float:
        """0 means as long as the scan interval."""
        return self.scale_down_delay_after_delete or self.scan_interval


@dataclass(frozen=True)
class ReadFlags:
    """``problems`` would have ended the program, in its words; ``unknown`` are flags that are not followed here."""

    settings: Settings
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Kind:
    """How a kind of flag is read. ``several``: given more than once, all count."""

    read: Callable[[str], Any]
    several: bool = False
    switch: bool = False


def duration_seconds(text: str) -> float:
    """A Go duration such as ``1h30m``. Raises ValueError as ``time.ParseDuration`` does."""
    if not _DURATION.match(text):
        raise ValueError("parse error")
    sign = -1.0 if text.startswith("-") else 1.0
    return sign * sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _boolean(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise ValueError("parse error")
    return text in _TRUE


def _limits(text: str) -> Limits:
    least, separator, most = text.partition(":")
    if not separator or not (least.isdigit() and most.isdigit()):
        raise ValueError(f"wrong nodes configuration: {text}")
    if int(least) > int(most):
        raise ValueError(f"wrong values: min({least}) > max({most})")
    return Limits(int(least), int(most))


_KINDS: Mapping[type, _Kind] = {
    bool: _Kind(_boolean, switch=True),
    int: _Kind(int),
    float: _Kind(float),
    str: _Kind(str),
    tuple: _Kind(str, several=True),
    Limits: _Kind(_limits),
}
_DURATIONS = _Kind(duration_seconds)
#: Flags with a number that is no time.
_RATIOS = frozenset(
    (
        "memory_difference_ratio",
        "max_free_difference_ratio",
        "max_allocatable_difference_ratio",
        "max_total_unready_percentage",
        "scale_down_utilization_threshold",
        "scale_down_gpu_utilization_threshold",
    )
)
#: Flags without any effect on what is modelled here.
_WITHOUT_EFFECT = frozenset(
    (
        "v",
        "stderrthreshold",
        "logtostderr",
        "alsologtostderr",
        "address",
        "kubeconfig",
        "kubernetes",
        "leader-elect",
        "profiling",
        "regional",
        "user-agent",
        "kube-client-qps",
        "kube-client-burst",
        "kube-api-content-type",
        "emit-per-nodegroup-metrics",
        "estimator",
        "cloud-config",
        "aws-use-static-instance-list",
        "max-inactivity",
        "max-failing-time",
        "max-autoprovisioned-node-group-count",
        "scale-down-simulation-timeout",
        "max-nodegroup-binpacking-duration",
        "max-binpacking-time",
        "max-bulk-soft-taint-time",
        "debugging-snapshot-enabled",
        "predicate-parallelism",
        "cluster-snapshot-parallelism",
        "node-info-cache-expire-time",
        "scale-down-non-empty-candidates-count",
        "scale-down-candidates-pool-ratio",
        "scale-down-candidates-pool-min-count",
    )
)


def _kind_of(name: str) -> _Kind:
    default = getattr(Settings(), name)
    if isinstance(default, float) and name not in _RATIOS:
        return _DURATIONS
    return _KINDS[type(default)]


_FLAGS: Mapping[str, _Kind] = {name: _kind_of(name) for name in Settings.__dataclass_fields__}


def read_flags(words: Sequence[str]) -> ReadFlags:
    """The settings that the container's command and arguments ask for."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    unknown: list[str] = []
    for name, text in _pairs(words):
        kind = _FLAGS.get(name.replace("-", "_"))
        if kind is None:
            unknown += [name] if name not in _WITHOUT_EFFECT else []
            continue
        try:
            value = kind.read("true" if text is None and kind.switch else text or "")
        except ValueError as error:
            problems.append(f'invalid argument "{text or ""}" for "--{name}" flag: {error}')
            continue
        key = name.replace("-", "_")
        values[key] = (*values.get(key, ()), value) if kind.several else value
    settings = replace(Settings(), **values)
    settings = replace(settings, memory_total=_in_bytes(settings.memory_total))
    return ReadFlags(settings, (*problems, *_contradictions(settings)), tuple(unknown))


def _in_bytes(gigabytes: Limits) -> Limits:
    return Limits(gigabytes.least * 1024**3, gigabytes.most * 1024**3)


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Flags with their values; a flag that is no switch may have its value in the next word."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word in ("-", "--"):
            continue
        name, separator, value = word.lstrip("-").partition("=")
        kind = _FLAGS.get(name.replace("-", "_"))
        takes_next = not separator and kind is not None and not kind.switch and rest
        yield name, value if separator else rest.pop(0) if takes_next else None


def _contradictions(settings: Settings) -> Iterator[str]:
    """What the program finds out when it starts."""
    if settings.cloud_provider != "aws":
        yield f"cloud provider {settings.cloud_provider!r}: only aws is there (--cloud-provider=aws)"
    for name in settings.expander.split(","):
        if name not in EXPANDERS:
            yield f"Failed to create autoscaler: expander {name} not supported"
        elif name in UNSUPPORTED_EXPANDERS:
            yield f"Failed to create autoscaler: expander {name}: Not implemented"
    for spec in (*settings.nodes, *settings.node_group_auto_discovery):
        try:
            (explicit_group if spec in settings.nodes else discovery_tags)(spec)
        except ValueError as error:
            yield f"Failed to create AWS Manager: {error}"


@dataclass(frozen=True)
class ExplicitGroup:
    """A group named by ``--nodes=MIN:MAX:NAME``."""

    name: str
    min_size: int
    max_size: int


def explicit_group(spec: str) -> ExplicitGroup:
    """Raises ValueError in the words of ``config/dynamic/node_group_spec.go``."""
    parts = spec.split(":", 2)
    if len(parts) != 3:
        raise ValueError(f"failed to parse node group spec: wrong nodes configuration: {spec}")
    least, most, name = parts
    for text, what in ((least, "min"), (most, "max")):
        if not text.lstrip("-").isdigit():
            raise ValueError(f"failed to parse node group spec: failed to set {what} size: {text}, expected integer")
    if int(least) < 0 or int(most) < int(least):
        raise ValueError("failed to parse node group spec: max size must be greater or equal to min size")
    if not name:
        raise ValueError("failed to parse node group spec: name must not be blank")
    return ExplicitGroup(name, int(least), int(most))


@dataclass(frozen=True)
class Discovery:
    """Tags that a group must have to be found; an empty value stands for any."""

    tags: Mapping[str, str] = field(default_factory=dict)

    def finds(self, tags: Mapping[str, str]) -> bool:
        return all(key in tags and value in ("", tags[key]) for key, value in self.tags.items())


def discovery_tags(spec: str) -> Discovery:
    """``asg:tag=KEY[=VALUE],...``. Raises ValueError in the words of ``aws_manager.go`` (``parseASGAutoDiscoverySpec``)."""
    discoverer, separator, parameter = spec.partition(":")
    if not separator:
        raise ValueError(f"invalid node group auto discovery spec specified via --node-group-auto-discovery: {spec}")
    if discoverer != "asg":
        raise ValueError(f"unsupported discoverer specified: {discoverer}")
    key, separator, value = parameter.partition("=")
    if not separator:
        raise ValueError(f"invalid key=value pair [{parameter}]")
    if key != "tag":
        text = f'unsupported parameter key "{key}" is specified for discoverer "asg". The only supported key is "tag"'
        raise ValueError(text)
    if not value:
        raise ValueError("tag value not supplied")
    pairs = (tag.partition("=") for tag in value.split(","))
    return Discovery({name: wanted for name, _, wanted in pairs})
