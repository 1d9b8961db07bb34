"""The resolved settings that only some kinds of workloads have, and who a workload talks to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class StatefulSettings:
    """Of a StatefulSet."""

    #: the headless Service that names its pods; one of Plan.services
    service_name: str
    pod_management_policy: Literal["OrderedReady", "Parallel"]
    #: StatefulSet spec.persistentVolumeClaimRetentionPolicy
    claim_retention: Obj


@dataclass(frozen=True)
class JobSettings:
    """Of a Job, and of the Jobs of a CronJob."""

    #: None: as many as ``parallelism``, and any that succeeds ends it (a work queue)
    completions: int | None
    parallelism: int
    backoff_limit: int
    active_deadline_seconds: int | None
    ttl_seconds_after_finished: int | None
    completion_mode: Literal["NonIndexed", "Indexed"]
    suspend: bool


@dataclass(frozen=True)
class CronSettings:
    """Of a CronJob."""

    schedule: str
    time_zone: str
    concurrency_policy: Literal["Allow", "Forbid", "Replace"]
    suspend: bool
    starting_deadline_seconds: int | None
    successful_jobs_history_limit: int
    failed_jobs_history_limit: int


@dataclass(frozen=True)
class PodSettings:
    """Of the pods, what is rarely asked for."""

    priority_class: str | None
    host_network: bool
    host_pid: bool
    #: None: Kubernetes' own (ClusterFirst)
    dns_policy: str | None
    runtime_class: str | None
    image_pull_secrets: tuple[str, ...]
    #: GPUs of the main container; its resources and tolerations say so, too
    gpus: int
    #: node group or Karpenter node pool; node selector and tolerations say so, too
    node_group: str | None


#: what one end of a declared connection is: pods of this platform, pods it does not describe, or addresses
PeerKind: TypeAlias = Literal["workload", "namespace", "internet", "aws", "addresses", "host"]


@dataclass(frozen=True)
class Peer:
    """One end of a declared connection."""

    kind: PeerKind
    #: as written: name of a service or workload, range, host; of a namespace its name
    name: str
    #: name of the workload, for "workload"
    workload: str | None
    namespace: str | None
    #: labels of the pods, for "namespace"; empty: all
    pods: Mapping[str, str]
    #: ranges, for "addresses"
    cidrs: tuple[str, ...]
    #: ports of the pods (of the addresses) in NetworkPolicy's shape, numbers; empty: all
    ports: tuple[Obj, ...]


@dataclass(frozen=True)
class Connections:
    """What a workload declares; everything else is refused in both directions."""

    connects: tuple[Peer, ...]
    allow_from: tuple[Peer, ...]
