"""What configures the API server itself: webhooks, admission policies, flow control, certificates, devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from .. import times
from ..types import Obj
from .cells import (
    AGE,
    NAME,
    NONE,
    UNSET,
    Cell,
    Column,
    Printer,
    age,
    is_terminating,
    joined,
    name_of,
    or_none,
    selector_text,
    since,
    spec_of,
    status_of,
    with_more,
)


def _webhooks(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), len(obj.get("webhooks") or ()), age(obj, now)]


def _admission_policy(rules: str) -> Callable[[Obj, datetime], list[Cell]]:
    def cells(obj: Obj, now: datetime) -> list[Cell]:
        spec = spec_of(obj)
        parameter = spec.get("paramKind")
        shown = f"{parameter.get('apiVersion', '')}/{parameter.get('kind', '')}" if parameter else UNSET
        return [name_of(obj), len(spec.get(rules) or ()), shown, age(obj, now)]

    return cells


def _policy_binding(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    return [name_of(obj), spec.get("policyName", ""), _parameter(spec.get("paramRef") or {}), age(obj, now)]


def _parameter(reference: Obj) -> str:
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    return selector_text(reference["selector"]) if reference.get("selector") is not None else UNSET


def _flow_schema(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    conditions = status_of(obj).get("conditions") or ()
    dangling = next((c.get("status", "?") for c in conditions if c.get("type") == "Dangling"), "?")
    return [
        name_of(obj),
        (spec.get("priorityLevelConfiguration") or {}).get("name", ""),
        spec.get("matchingPrecedence", 0),
        (spec.get("distinguisherMethod") or {}).get("type") or NONE,
        age(obj, now),
        dangling,
    ]


def _priority_level(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    limited = spec.get("limited") or {}
    queuing = (limited.get("limitResponse") or {}).get("queuing") or {}
    queues = [queuing.get(k, NONE) for k in ("queues", "handSize", "queueLengthLimit")]
    shares = limited.get("nominalConcurrencyShares", NONE)
    return [name_of(obj), spec.get("type", ""), shares, *queues, age(obj, now)]


def _api_service(obj: Obj, now: datetime) -> list[Cell]:
    service = spec_of(obj).get("service")
    place = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    known = (c for c in status_of(obj).get("conditions") or () if c.get("type") == "Available")
    found = next(known, {"status": "Unknown"})
    state = found["status"] if found["status"] != "False" else f"False ({found.get('reason', '')})"
    return [name_of(obj), place, state, age(obj, now)]


def _signing_request(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    seconds = spec.get("expirationSeconds")
    duration = NONE if seconds is None else times.human_duration(seconds)
    head: list[Cell] = [name_of(obj), age(obj, now), or_none(spec.get("signerName")), spec.get("username", "")]
    return [*head, duration, _signing_status(obj)]


def _signing_status(obj: Obj) -> str:
    status = status_of(obj)
    kinds = {c.get("type") for c in status.get("conditions") or ()}
    shown = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    return shown + (",Failed" if "Failed" in kinds else "") + (",Issued" if status.get("certificate") else "")


def _trust_bundle(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), or_none(spec_of(obj).get("signerName"))]


def _pod_certificate_request(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    ends = [
        c["type"] for c in status_of(obj).get("conditions") or () if c.get("type") in ("Issued", "Denied", "Failed")
    ]
    names = [spec.get(k, "") for k in ("podName", "serviceAccountName", "nodeName", "signerName")]
    return [name_of(obj), *names, ends[-1] if ends else "Pending"]


def _storage_version(obj: Obj, now: datetime) -> list[Cell]:
    status = status_of(obj)
    versions = [f"{v.get('apiServerID')}={v.get('encodingVersion')}" for v in status.get("storageVersions") or ()]
    return [name_of(obj), status.get("commonEncodingVersion") or UNSET, with_more(versions) or UNSET, age(obj, now)]


def _storage_migration(obj: Obj, now: datetime) -> list[Cell]:
    resource = spec_of(obj).get("resource") or {}
    return [name_of(obj), joined((p for p in (resource.get("resource"), resource.get("group")) if p), ".")]


def _resource_claim(obj: Obj, now: datetime) -> list[Cell]:
    status, deleted = status_of(obj), is_terminating(obj)
    states = ["deleted"] if deleted else []
    if status.get("allocation"):
        states += ["allocated", "reserved"] if status.get("reservedFor") else ["allocated"]
    elif not deleted:
        states.append("pending")
    return [name_of(obj), joined(states), age(obj, now)]


def _resource_slice(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    pool = (spec.get("pool") or {}).get("name", "")
    return [name_of(obj), spec.get("nodeName") or "", spec.get("driver", ""), pool, age(obj, now)]


def _device_taint(obj: Obj, now: datetime) -> list[Cell]:
    taint = spec_of(obj).get("taint") or {}
    parts = [taint.get(k, "") for k in ("key", "value", "effect")]
    added = since(taint["timeAdded"], now) if taint.get("timeAdded") else ""
    return [name_of(obj), *parts, added, age(obj, now)]


_POLICY_TAIL = (Column("ParamKind"), AGE)
_BINDING_COLUMNS = (NAME, Column("PolicyName"), Column("ParamRef"), AGE)

WEBHOOKS = Printer((NAME, Column("Webhooks", "integer"), AGE), _webhooks)
VALIDATING_POLICIES = Printer((NAME, Column("Validations", "integer"), *_POLICY_TAIL), _admission_policy("validations"))
MUTATING_POLICIES = Printer((NAME, Column("Mutations", "integer"), *_POLICY_TAIL), _admission_policy("mutations"))
POLICY_BINDINGS = Printer(_BINDING_COLUMNS, _policy_binding)
FLOW_SCHEMAS = Printer(
    (
        NAME,
        Column("PriorityLevel"),
        Column("MatchingPrecedence"),
        Column("DistinguisherMethod"),
        AGE,
        Column("MissingPL"),
    ),
    _flow_schema,
)
API_SERVICES = Printer((NAME, Column("Service"), Column("Available"), AGE), _api_service)
PRIORITY_LEVELS = Printer(
    (
        NAME,
        Column("Type"),
        Column("NominalConcurrencyShares"),
        Column("Queues"),
        Column("HandSize"),
        Column("QueueLengthLimit"),
        AGE,
    ),
    _priority_level,
)
SIGNING_REQUESTS = Printer(
    (NAME, AGE, Column("SignerName"), Column("Requestor"), Column("RequestedDuration"), Column("Condition")),
    _signing_request,
)
TRUST_BUNDLES = Printer((NAME, Column("SignerName")), _trust_bundle)
POD_CERTIFICATE_REQUESTS = Printer(
    (
        NAME,
        Column("PodName"),
        Column("ServiceAccountName"),
        Column("NodeName"),
        Column("SignerName"),
        Column("State"),
    ),
    _pod_certificate_request,
)
STORAGE_VERSIONS = Printer((NAME, Column("CommonEncodingVersion"), Column("StorageVersions"), AGE), _storage_version)
STORAGE_MIGRATIONS = Printer((NAME, Column("Resource")), _storage_migration)
RESOURCE_CLAIMS = Printer((NAME, Column("State"), AGE), _resource_claim)
RESOURCE_SLICES = Printer((NAME, Column("Node"), Column("Driver"), Column("Pool"), AGE), _resource_slice)
DEVICE_TAINTS = Printer(
    (NAME, Column("Key"), Column("Value"), Column("Effect"), Column("TimeAdded"), AGE), _device_taint
)
