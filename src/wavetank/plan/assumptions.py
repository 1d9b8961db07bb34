"""Traffic, the assumptions of the bill, objectives, and what stands for images on a laptop."""

from __future__ import annotations

import shlex
from decimal import Decimal
from typing import Any

from wavetank import catalog
from wavetank.base.units import KIB_PER_GB
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import (
    AddOn,
    Cluster,
    CostAssumptions,
    HelmRelease,
    Ingress,
    LocalCommand,
    Network,
    Objectives,
    Repository,
    Service,
    Traffic,
    Workload,
)
from wavetank.plan.model.assumptions import Commitment, Suppression
from wavetank.plan.reasons import Default
from wavetank.spec.platform import CostAssumptions as WrittenCost
from wavetank.spec.platform import Objectives as WrittenObjectives
from wavetank.spec.platform import PlatformFile
from wavetank.spec.platform import Traffic as WrittenTraffic

QUIET = Default("traffic.requestsPerSecond", "nothing was said about the load")
SMALL = Default("traffic.size", "a small JSON document with its headers")
NO_OBJECTIVE = Default("objectives", "nothing is promised that is not written")
LIST_PRICES = Default("cost.prices", "list prices, with their source and date")
GUESS = "an assumption, not a measurement; write your own figure under `cost`"
NAT_GB = Default("cost.natGb", f"images from outside S3 and calls of AWS APIs: {GUESS}")
CONTROL_PLANE_GB = Default("cost.controlPlaneLogGb", f"2 GB for each kind of log: {GUESS}")
CONTAINER_GB = Default("cost.containerLogGb", f"5 GB where an add-on ships logs to CloudWatch: {GUESS}")
FLOW_GB = Default("cost.flowLogGb", f"5 GB where flow logs are on: {GUESS}")
ENDPOINT_GB = Default("cost.endpointGb", f"10 GB where there are interface endpoints: {GUESS}")
FILE_SYSTEM_GB = Default("cost.fileSystemGb", "nothing was said about how much is read and written")
ALL_IN_USE = Default("cost.infrequentPercent", "nothing was said about what lies unused")
CHANGE = Default("cost.changePercentPerDay", f"3 % of a volume a day: {GUESS}")
QUERIES = Default("cost.dnsMillionQueries", f"a million queries: {GUESS}")
BACKUP_GB = Default("cost.backupGb", f"1 GB of objects: {GUESS}")
IMAGE_SCANS = Default("cost.imageScans", f"10 new images per repository: {GUESS}")
SPOT = Default("cost.spotSavingPercent", f"the catalog's assumption: {GUESS}")
ALL_MONTH = Default("cost.nodeHours", "the nodes that the pods need are there all month")
ON_DEMAND = Default("cost.commitments", "nothing was promised to AWS")
IMAGE_GB = Default("cost.imageStorageGb", f"5 GB per repository: {GUESS}")

_SECONDS_PER_MONTH = catalog.HOURS_PER_MONTH * 3600
_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
_ATTRIBUTES = "service.beta.kubernetes.io/aws-load-balancer-attributes"
_CROSSES = "cross_zone.enabled=true"
_CENT = Decimal("0.01")


def traffic(written: WrittenTraffic | None, ledger: Ledger) -> Traffic:
    """Requests over a month."""
    stated = written or WrittenTraffic()
    mean = ledger.chosen("traffic.requestsPerSecond", stated.requests_per_second, Decimal(0), QUIET)
    peak_path = "traffic.peakRequestsPerSecond"
    if stated.peak_requests_per_second is not None:
        peak = ledger.stated(peak_path, stated.peak_requests_per_second)
    else:
        peak = ledger.derived(peak_path, mean, ("traffic.requestsPerSecond",), "no busier minutes were named")
    return Traffic(
        requests_per_second=mean,
        peak_requests_per_second=peak,
        request_kib=ledger.chosen("traffic.requestKib", stated.request_kib, Decimal(1), SMALL),
        response_kib=ledger.chosen("traffic.responseKib", stated.response_kib, Decimal(1), SMALL),
    )


def cost_assumptions(
    written: WrittenCost | None,
    expected: Traffic,
    network: Network,
    cluster: Cluster,
    add_ons: tuple[AddOn, ...],
    repositories: tuple[Repository, ...],
    services: tuple[Service, ...],
    releases: tuple[HelmRelease, ...],
    public: bool,
    ledger: Ledger,
) -> CostAssumptions:
    """Monthly quantities that nothing else states; ``public``: requests come from the internet (``faces_internet``)."""
    stated = written or WrittenCost()
    ships_logs = any(add_on.name == "amazon-cloudwatch-observability" for add_on in add_ons)
    return CostAssumptions(
        internet_out_gb=_internet_out_gb(stated, expected, public, ledger),
        nat_gb=ledger.chosen("cost.natGb", stated.nat_gb, Decimal(50 if network.nat_gateways else 0), NAT_GB),
        cross_zone_gb=_cross_zone_gb(stated, expected, services, releases, ledger),
        control_plane_log_gb=ledger.chosen(
            "cost.controlPlaneLogGb",
            stated.control_plane_log_gb,
            Decimal(2 * len(cluster.logs.types)),
            CONTROL_PLANE_GB,
        ),
        container_log_gb=ledger.chosen(
            "cost.containerLogGb", stated.container_log_gb, Decimal(5 * ships_logs), CONTAINER_GB
        ),
        flow_log_gb=ledger.chosen(
            "cost.flowLogGb", stated.flow_log_gb, Decimal(5 if network.flow_logs else 0), FLOW_GB
        ),
        image_storage_gb=ledger.chosen(
            "cost.imageStorageGb", stated.image_storage_gb, Decimal(5 * len(repositories)), IMAGE_GB
        ),
        endpoint_gb=ledger.chosen(
            "cost.endpointGb", stated.endpoint_gb, Decimal(10 if network.interface_endpoints else 0), ENDPOINT_GB
        ),
        file_system_read_gb=ledger.chosen(
            "cost.fileSystemReadGb", stated.file_system_read_gb, Decimal(0), FILE_SYSTEM_GB
        ),
        file_system_write_gb=ledger.chosen(
            "cost.fileSystemWriteGb", stated.file_system_write_gb, Decimal(0), FILE_SYSTEM_GB
        ),
        infrequent_percent=ledger.chosen("cost.infrequentPercent", stated.infrequent_percent, Decimal(0), ALL_IN_USE),
        change_percent_per_day=ledger.chosen(
            "cost.changePercentPerDay", stated.change_percent_per_day, Decimal(3), CHANGE
        ),
        dns_million_queries=ledger.chosen("cost.dnsMillionQueries", stated.dns_million_queries, Decimal(1), QUERIES),
        backup_gb=ledger.chosen("cost.backupGb", stated.backup_gb, Decimal(1), BACKUP_GB),
        image_scans=ledger.chosen("cost.imageScans", stated.image_scans, Decimal(10 * len(repositories)), IMAGE_SCANS),
        spot_saving_percent=ledger.chosen(
            "cost.spotSavingPercent", stated.spot_saving_percent, catalog.spot_saving_percent(), SPOT
        ),
        spot_savings=ledger.chosen("cost.spotSavings", stated.spot_savings, {}, SPOT),
        node_hours=ledger.chosen("cost.nodeHours", stated.node_hours, {}, ALL_MONTH),
        commitments=_commitments(stated, ledger),
        prices=ledger.chosen("cost.prices", stated.prices, {}, LIST_PRICES),
    )


def _commitments(stated: WrittenCost, ledger: Ledger) -> tuple[Commitment, ...]:
    ledger.chosen("cost.commitments", stated.commitments, (), ON_DEMAND)
    return tuple(
        Commitment(each.kind, each.term, 100 if each.percent is None else each.percent, each.node_groups or ())
        for each in stated.commitments or ()
    )


def _gb_month(requests_per_second: Decimal, kib: Decimal) -> Decimal:
    return (requests_per_second * _SECONDS_PER_MONTH * kib / KIB_PER_GB).quantize(_CENT)


def faces_internet(
    services: tuple[Service, ...], ingresses: tuple[Ingress, ...], releases: tuple[HelmRelease, ...], apis: bool
) -> bool:
    """Whether anything of the platform answers the internet: a load balancer of any origin, or an API."""
    balanced = any(each.load_balancer and each.load_balancer.scheme == "internet-facing" for each in services)
    entered = any(each.scheme == "internet-facing" for each in ingresses)
    return (
        apis
        or balanced
        or entered
        or any(_has_value(release.values, _SCHEME, "internet-facing") for release in releases)
    )


def _has_value(values: Any, key: str, part: str) -> bool:
    """Whether a text with this part stands below the key, however deep."""
    if not isinstance(values, dict):
        return False
    return part in str(values.get(key, "")) or any(_has_value(each, key, part) for each in values.values())


def _internet_out_gb(stated: WrittenCost, expected: Traffic, public: bool, ledger: Ledger) -> Decimal:
    path = "cost.internetOutGb"
    if stated.internet_out_gb is not None:
        return ledger.stated(path, stated.internet_out_gb)
    amount = _gb_month(expected.requests_per_second, expected.response_kib) if public else Decimal(0)
    origins = ("traffic.requestsPerSecond", "traffic.responseKib")
    how = "requests of a month times the size of a response" if public else "no load balancer faces the internet"
    return ledger.derived(path, amount, origins, how)


def _cross_zone_gb(
    stated: WrittenCost,
    expected: Traffic,
    services: tuple[Service, ...],
    releases: tuple[HelmRelease, ...],
    ledger: Ledger,
) -> Decimal:
    """Of network load balancers; what an application load balancer sends to another zone is free."""
    path = "cost.crossZoneGb"
    if stated.cross_zone_gb is not None:
        return ledger.stated(path, stated.cross_zone_gb)
    balanced = any(each.load_balancer and each.load_balancer.cross_zone for each in services)
    balanced = balanced or any(_has_value(release.values, _ATTRIBUTES, _CROSSES) for release in releases)
    both_ways = _gb_month(expected.requests_per_second, expected.request_kib + expected.response_kib)
    amount = (both_ways / 2).quantize(_CENT) if balanced else Decimal(0)
    how = (
        "half of what a load balancer passes on goes to another zone" if balanced else "no load balancer crosses zones"
    )
    return ledger.derived(path, amount, ("traffic.requestsPerSecond",), how)


def objectives(written: WrittenObjectives | None, ledger: Ledger) -> Objectives:
    """What must hold."""
    stated = written or WrittenObjectives()
    path = "objectives"
    return Objectives(
        availability_percent=ledger.chosen(
            f"{path}.availabilityPercent", stated.availability_percent, None, NO_OBJECTIVE
        ),
        p99_milliseconds=ledger.chosen(f"{path}.p99Milliseconds", stated.p99_milliseconds, None, NO_OBJECTIVE),
        seconds_to_scale=ledger.chosen(f"{path}.secondsToScale", stated.seconds_to_scale, None, NO_OBJECTIVE),
        recovery_time_minutes=ledger.chosen(
            f"{path}.recoveryTimeMinutes", stated.recovery_time_minutes, None, NO_OBJECTIVE
        ),
        recovery_point_minutes=ledger.chosen(
            f"{path}.recoveryPointMinutes", stated.recovery_point_minutes, None, NO_OBJECTIVE
        ),
        monthly_cost_usd=ledger.chosen(f"{path}.monthlyCostUsd", stated.monthly_cost_usd, None, NO_OBJECTIVE),
        pod_start_seconds=ledger.chosen(f"{path}.podStartSeconds", stated.pod_start_seconds, None, NO_OBJECTIVE),
        deployment_minutes=ledger.chosen(f"{path}.deploymentMinutes", stated.deployment_minutes, None, NO_OBJECTIVE),
        rollback_minutes=ledger.chosen(f"{path}.rollbackMinutes", stated.rollback_minutes, None, NO_OBJECTIVE),
    )


def local_commands(written: PlatformFile, workloads: tuple[Workload, ...], ledger: Ledger) -> tuple[LocalCommand, ...]:
    """For each image of the workloads that has one: the program that stands for it."""
    containers = [each for workload in workloads for each in (*workload.containers, *workload.init_containers)]
    images = dict.fromkeys(container.image for container in containers)
    return tuple(
        _local_command(name, image, written, ledger) for image in images if (name := _local_name(image, written))
    )


def _local_name(image: str, written: PlatformFile) -> str | None:
    untagged = image.partition("@")[0]
    untagged = untagged.rpartition(":")[0] if ":" in untagged.rpartition("/")[2] else untagged
    return next((name for name in written.local or {} if untagged == name or untagged.endswith(f"/{name}")), None)


def _local_command(name: str, image: str, written: PlatformFile, ledger: Ledger) -> LocalCommand:
    assert written.local is not None, "a name was found in it"
    stated = written.local[name]
    ledger.stated(f"local[{image}]", stated, f"local[{name}]")
    return LocalCommand(image, tuple(shlex.split(stated.command)), stated.folder or ".", stated.env or {})


def suppressions(written: PlatformFile, ledger: Ledger) -> tuple[Suppression, ...]:
    """The findings that the author accepts."""
    found = enumerate(written.suppressions or ())
    return tuple(
        ledger.stated(f"suppressions[{at}]", Suppression(each.check, each.at, each.reason)) for at, each in found
    )
