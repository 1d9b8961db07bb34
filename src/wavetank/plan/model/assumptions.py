"""What the author expects and demands, and what stands for images on a laptop; nothing of it is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Traffic:
    """Requests as the author expects them, over a month."""

    requests_per_second: Decimal
    peak_requests_per_second: Decimal
    request_kib: Decimal
    response_kib: Decimal


@dataclass(frozen=True)
class Commitment:
    """Machines that are paid whether they run or not, at a lower price."""

    kind: Literal["savings-plan", "reserved"]
    #: "1y-no-upfront", ...
    term: str
    #: of the expected on-demand hours
    percent: int
    #: names of node groups (or their families) and of Karpenter's node pools; empty: all
    node_groups: tuple[str, ...]


@dataclass(frozen=True)
class CostAssumptions:
    """Monthly quantities that no file states; each can be given by the author, who also may correct prices."""

    internet_out_gb: Decimal
    nat_gb: Decimal
    cross_zone_gb: Decimal
    control_plane_log_gb: Decimal
    container_log_gb: Decimal
    flow_log_gb: Decimal
    image_storage_gb: Decimal
    #: through all interface endpoints together
    endpoint_gb: Decimal
    #: of file systems with elastic throughput
    file_system_read_gb: Decimal
    file_system_write_gb: Decimal
    #: share of the data of file systems with a life cycle that lies in its colder class
    infrequent_percent: Decimal
    #: of volumes that do not say how much of them changes
    change_percent_per_day: Decimal
    dns_million_queries: Decimal
    #: in Velero's bucket, snapshots of volumes not counted
    backup_gb: Decimal
    #: by Inspector, each for the first time
    image_scans: Decimal
    #: off the on-demand price
    spot_saving_percent: Decimal
    #: the same by node group (or family) or node pool, where it differs
    spot_savings: Mapping[str, Decimal]
    #: machine-hours a month by node group or node pool, where the author states them
    node_hours: Mapping[str, Decimal]
    commitments: tuple[Commitment, ...]
    #: price key of the catalog (or an instance type) -> USD per unit, as the author's contract has it
    prices: Mapping[str, Decimal]


@dataclass(frozen=True)
class Objectives:
    """What must hold; None where the author set no objective."""

    availability_percent: Decimal | None
    p99_milliseconds: Decimal | None
    seconds_to_scale: int | None
    recovery_time_minutes: int | None
    recovery_point_minutes: int | None
    monthly_cost_usd: Decimal | None
    pod_start_seconds: int | None
    deployment_minutes: int | None
    rollback_minutes: int | None


@dataclass(frozen=True)
class Suppression:
    """A finding that the author accepts. For ``checks`` only; ``at`` is a plan path, None: wherever the check finds it."""

    check: str
    at: str | None
    reason: str


@dataclass(frozen=True)
class LocalCommand:
    """Which program stands for an image on a laptop. For ``app`` only: it must never appear in a rendered file."""

    #: the full image reference, as in Container.image
    image: str
    #: words of the command; {HOST} and {PORT} are replaced by the pod's address
    command: tuple[str, ...]
    #: working directory, relative to the spec's folder
    folder: str
    env: Mapping[str, str]
