"""What only some kinds of workloads have: how pods are replaced, names of a StatefulSet, endings of a Job, times of a CronJob."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import CronSettings, JobSettings, StatefulSettings, WorkloadKind
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Workload

T = TypeVar("T")

_CONTROLLERS = "kubernetes.io/docs/concepts/workloads/controllers"

SURGE = Default("workloads.strategy", "one pod more and none less: no capacity is lost", f"{_CONTROLLERS}/deployment")
ONE_AFTER_THE_OTHER = Default(
    "workloads.updateStrategy",
    "one pod after the other, each ready before the next goes",
    f"{_CONTROLLERS}/statefulset",
)
NO_UPDATE = Default("workloads.strategy", "the pods of a Job are never replaced by newer ones", f"{_CONTROLLERS}/job")
KUBERNETES = Default("workloads.kind", "Kubernetes' own value, written out", _CONTROLLERS)
UNLIMITED = Default("workloads.job", "nothing was said about an end", f"{_CONTROLLERS}/job")
CLAIMS_STAY = Default(
    "workloads.persistentVolumeClaimRetentionPolicy", "data goes when somebody says so", f"{_CONTROLLERS}/statefulset"
)
NO_OVERLAP = Default(
    "workloads.concurrencyPolicy",
    "two runs of one job at the same time are hardly ever meant",
    f"{_CONTROLLERS}/cron-jobs",
)
UTC = Default(
    "workloads.timeZone", "written out, since the controller's own zone is none of ours", f"{_CONTROLLERS}/cron-jobs"
)
LOGS_STAY = Default("workloads.restartPolicy", "a failed pod keeps its logs", f"{_CONTROLLERS}/job")
ALWAYS = Default(
    "workloads.restartPolicy", "the only policy of pods that are meant to stay", f"{_CONTROLLERS}/deployment"
)
OTHER_KIND = Default("workloads.kind", "its kind has no such settings")

RestartPolicy = Literal["Always", "OnFailure", "Never"]


def strategy(stated: Workload, kind: WorkloadKind, ledger: Ledger) -> Obj:
    """How pods are replaced, in the shape that the kind has for it."""
    path = f"workloads[{stated.name}].strategy"
    match kind:
        case "Job" | "CronJob":
            return ledger.because(path, {}, NO_UPDATE)
        case "StatefulSet" | "DaemonSet":
            return _update_strategy(stated, kind, ledger)
        case _:
            return _deployment_strategy(stated, ledger)


def _deployment_strategy(stated: Workload, ledger: Ledger) -> Obj:
    path = f"workloads[{stated.name}].strategy"
    usual: Obj = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    ledger.because(path, usual, SURGE)
    if stated.strategy is None:
        return usual
    written = shape(stated.strategy)
    ledger.shape(path, written)
    for key, value in written.get("rollingUpdate", {}).items():
        if ledger.is_written(f"{path}.{key}"):
            ledger.stated(f"{path}.rollingUpdate.{key}", value, f"{path}.{key}")
    if written.get("type") == "Recreate":
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": usual["rollingUpdate"] | written.get("rollingUpdate", {})}


def _update_strategy(stated: Workload, kind: WorkloadKind, ledger: Ledger) -> Obj:
    path, at = f"workloads[{stated.name}].strategy", f"workloads[{stated.name}].updateStrategy"
    rolling: Obj = {"partition": 0} if kind == "StatefulSet" else {"maxUnavailable": 1, "maxSurge": 0}
    usual: Obj = {"type": "RollingUpdate", "rollingUpdate": rolling}
    ledger.because(path, usual, ONE_AFTER_THE_OTHER)
    if stated.update_strategy is None:
        return usual
    written = shape(stated.update_strategy)
    ledger.shape(path, written, at)
    for key, value in written.get("rollingUpdate", {}).items():
        if ledger.is_written(f"{at}.{key}"):
            ledger.stated(f"{path}.rollingUpdate.{key}", value, f"{at}.{key}")
    if written.get("type") == "OnDelete":
        return {"type": "OnDelete"}
    return {"type": "RollingUpdate", "rollingUpdate": _rolling(rolling, written.get("rollingUpdate", {}))}


def _rolling(usual: Obj, written: Obj) -> Obj:
    """A DaemonSet that surges needs maxUnavailable 0: Kubernetes refuses both."""
    laid_over = usual | written
    surges = written.get("maxSurge") not in (None, 0, "0%") and "maxUnavailable" not in written
    return laid_over | {"maxUnavailable": 0} if surges else laid_over


def stateful(stated: Workload, kind: WorkloadKind, written: PlatformFile, ledger: Ledger) -> StatefulSettings | None:
    """Names, order and claims of a StatefulSet."""
    holder = f"workloads[{stated.name}]"
    path = f"{holder}.stateful"
    if kind != "StatefulSet":
        return ledger.because(path, None, OTHER_KIND)
    ledger.stated(path, stated, holder)
    order: Literal["OrderedReady", "Parallel"] = ledger.chosen(
        f"{path}.podManagementPolicy",
        stated.pod_management_policy,
        "OrderedReady",
        KUBERNETES,
        f"{holder}.podManagementPolicy",
    )
    return StatefulSettings(_service_name(stated, written, ledger), order, _claim_retention(stated, ledger))


def own_headless_service(stated: Workload, written: PlatformFile) -> str | None:
    """The name of the headless Service that we add for a StatefulSet; None where the author has one, or no StatefulSet."""
    if stated.kind != "StatefulSet" or stated.service_name is not None:
        return None
    return None if _headless(stated, written) else f"{stated.name[:54]}-headless"


def _headless(stated: Workload, written: PlatformFile) -> str | None:
    mine = (each for each in written.services or () if each.workload == stated.name and each.headless)
    return next((each.name for each in mine), None)


def _service_name(stated: Workload, written: PlatformFile, ledger: Ledger) -> str:
    path = f"workloads[{stated.name}].stateful.serviceName"
    found, own = _headless(stated, written), own_headless_service(stated, written)
    if stated.service_name is not None:
        return ledger.stated(path, stated.service_name, f"workloads[{stated.name}].serviceName")
    if found is not None:
        return ledger.derived(path, found, (f"services[{found}]",), "the headless Service of its pods")
    assert own is not None, "a StatefulSet has a headless Service of its author's or of ours"
    return ledger.derived(path, own, (f"services[{own}]",), "a headless Service gives each pod a name of its own")


def _claim_retention(stated: Workload, ledger: Ledger) -> Obj:
    path, at = f"workloads[{stated.name}].stateful.claimRetention", "persistentVolumeClaimRetentionPolicy"
    usual: Obj = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    ledger.because(path, usual, CLAIMS_STAY)
    if stated.persistent_volume_claim_retention_policy is None:
        return usual
    written = shape(stated.persistent_volume_claim_retention_policy)
    return usual | ledger.shape(path, written, f"workloads[{stated.name}].{at}")


def job(stated: Workload, kind: WorkloadKind, ledger: Ledger) -> JobSettings | None:
    """When a Job has ended, and what becomes of it."""
    holder = f"workloads[{stated.name}]"
    path = f"{holder}.job"
    if kind not in ("Job", "CronJob"):
        return ledger.because(path, None, OTHER_KIND)
    ledger.stated(path, stated, holder)

    def chosen(key: str, written: T | None, otherwise: T, reason: Default = KUBERNETES) -> T:
        return ledger.chosen(f"{path}.{key}", written, otherwise, reason, f"{holder}.{key}")

    ends: Any = chosen("completions", stated.completions, None if stated.parallelism else 1)
    mode: Literal["NonIndexed", "Indexed"] = chosen("completionMode", stated.completion_mode, "NonIndexed")
    return JobSettings(
        completions=ends,
        parallelism=chosen("parallelism", stated.parallelism, 1),
        backoff_limit=chosen("backoffLimit", stated.backoff_limit, 6),
        active_deadline_seconds=chosen("activeDeadlineSeconds", stated.active_deadline_seconds, None, UNLIMITED),
        ttl_seconds_after_finished=chosen(
            "ttlSecondsAfterFinished", stated.ttl_seconds_after_finished, None, UNLIMITED
        ),
        completion_mode=mode,
        suspend=chosen("suspend", stated.suspend if kind == "Job" else None, False),
    )


def cron(stated: Workload, kind: WorkloadKind, ledger: Ledger) -> CronSettings | None:
    """When a CronJob runs."""
    holder = f"workloads[{stated.name}]"
    path = f"{holder}.cron"
    if kind != "CronJob":
        return ledger.because(path, None, OTHER_KIND)
    ledger.stated(path, stated, holder)
    assert stated.schedule is not None, "a CronJob without a schedule has passed the spec"

    def chosen(key: str, written: T | None, otherwise: T, reason: Default = KUBERNETES) -> T:
        return ledger.chosen(f"{path}.{key}", written, otherwise, reason, f"{holder}.{key}")

    policy: Literal["Allow", "Forbid", "Replace"] = chosen(
        "concurrencyPolicy", stated.concurrency_policy, "Forbid", NO_OVERLAP
    )
    return CronSettings(
        schedule=ledger.stated(f"{path}.schedule", stated.schedule, f"{holder}.schedule"),
        time_zone=chosen("timeZone", stated.time_zone, "Etc/UTC", UTC),
        concurrency_policy=policy,
        suspend=chosen("suspend", stated.suspend, False),
        starting_deadline_seconds=chosen("startingDeadlineSeconds", stated.starting_deadline_seconds, None, UNLIMITED),
        successful_jobs_history_limit=chosen("successfulJobsHistoryLimit", stated.successful_jobs_history_limit, 3),
        failed_jobs_history_limit=chosen("failedJobsHistoryLimit", stated.failed_jobs_history_limit, 1),
    )


def restart_policy(stated: Workload, kind: WorkloadKind, ledger: Ledger) -> RestartPolicy:
    """Of the pods: only those of Jobs are meant to end."""
    path = f"workloads[{stated.name}].restartPolicy"
    if kind not in ("Job", "CronJob"):
        return ledger.because(path, "Always", ALWAYS)
    policy: RestartPolicy = ledger.chosen(path, stated.restart_policy, "Never", LOGS_STAY)
    return policy
