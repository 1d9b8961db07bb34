"""The sections about running a platform, as parts of the sample plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wavetank.plan.model.backup import BackedUp, Backup, BackupBucket, BackupCopy, BackupPlan, BackupSchedule, Standby
from wavetank.plan.model.observability import Alarm, Alert, LogGroup, Observability
from wavetank.plan.model.security import ImagePolicy, Pipeline, PushRole, RegistryScan, Signer
from wavetank.plan.model.spending import Budget

_REGISTRY = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com"


def operations() -> dict[str, Any]:
    """Fields of a Plan by name."""
    return {
        "observability": _observability(),
        "image_policy": _image_policy(),
        "backup": _backup(),
        "standby": Standby("us-west-2", ("images", "backups", "secrets")),
        "budgets": (Budget("monthly", Decimal(500), (Decimal(80), Decimal(100)), ("crew@example.com",), "platform"),),
        "cost_monitoring": None,
        "pipelines": (_pipeline(),),
        "push_role": PushRole("tug-image-push", ("repo:example/tug:ref:refs/heads/main",), ("tug-api",), "tug", None),
    }


def no_operations() -> dict[str, Any]:
    """The same fields without anything in them."""
    return {name: () if isinstance(value, tuple) else None for name, value in operations().items()}


def _observability() -> Observability:
    alert = Alert("api-down", "service", "up == 0", "5m", "critical", "The api is down", "", {}, None)
    failed = Alarm("tug-failed", "cluster_failed_node_count", "Maximum", "GreaterThanThreshold", Decimal(0), "Failed")
    logs = (LogGroup("/aws/containerinsights/tug-production/application", 30),)
    return Observability("monitoring", (alert,), (), logs, (failed,), ("crew@example.com",), "", "")


def _image_policy() -> ImagePolicy:
    signer = Signer("tug", "awskms:///alias/tug", None, None, None, None)
    scan = RegistryScan("ENHANCED", "CONTINUOUS_SCAN")
    return ImagePolicy((f"{_REGISTRY}/",), False, (), False, True, signer, f"{_REGISTRY}/", scan, "warn", ("harbor",))


def _backup() -> Backup:
    schedule = BackupSchedule("daily", "0 2 * * *", ("harbor",), "720h0m0s", "snapshots", ("events",))
    tagged = BackedUp("tag", "owned", "kubernetes.io/cluster/tug-production")
    copy = BackupCopy("us-west-2", 60, None)
    daily = BackupPlan("daily", "cron(0 2 * * ? *)", 120, 30, (tagged,), copy, 60)
    return Backup((schedule,), BackupBucket("tug-backups", 30, None, None), (daily,), None)


def _pipeline() -> Pipeline:
    return Pipeline(
        name="api",
        folder="services/api",
        dockerfile="Dockerfile",
        platforms=("linux/amd64", "linux/arm64"),
        build_args={"VERSION": "1"},
        target="",
        branch="main",
        repository=f"{_REGISTRY}/tug-api",
        repository_name="tug-api",
        scan_severity=("CRITICAL",),
        ignore_unfixed=True,
        sign=True,
        sign_key="awskms:///alias/tug",
        source="example/tug",
        gitops_repository="",
        values_file="gitops/production/values.yaml",
        gitops_branch="main",
    )
