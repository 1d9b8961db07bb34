"""50-workloads.yaml: Deployments, StatefulSets, DaemonSets, Jobs and CronJobs. Rollouts are the business of ``rollouts``."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import CronSettings, JobSettings, Plan, Workload
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, present, traced_entries
from wavetank.render.kubernetes.pods import pod_template
from wavetank.render.kubernetes.storage import claim_templates
from wavetank.render.trace import Traced, tree

_HPA_OWNS_REPLICAS = "replicas is left out: the HorizontalPodAutoscaler sets it, and an apply must not set it back."
_BATCH = ("Job", "CronJob")


def objects(plan: Plan) -> tuple[Traced, ...]:
    """One object for each workload."""
    return tuple(_object(plan, workload) for workload in plan.workloads if workload.kind != "Rollout")


def _object(plan: Plan, workload: Workload) -> Traced:
    path = f"workloads[{workload.name}]"
    framed = belonging(plan, workload, path, workload.name)
    version = "batch/v1" if workload.kind in _BATCH else "apps/v1"
    return manifest(version, workload.kind, framed, path, spec=_spec(plan, workload, path))


def _spec(plan: Plan, workload: Workload, path: str) -> dict[str, Any]:
    match workload.kind:
        case "Deployment" | "Rollout":
            return _deployment_spec(workload, path)
        case "StatefulSet":
            return _stateful_set_spec(plan, workload, path)
        case "DaemonSet":
            return _daemon_set_spec(workload, path)
        case "Job":
            return _job_spec(workload, _job(workload), path)
        case "CronJob":
            return _cron_job_spec(plan, workload, path)


def replicas_and_selector(workload: Workload) -> dict[str, Any]:
    """How many pods, unless an autoscaler decides it, and which are its own; shared with Rollouts."""
    path = f"workloads[{workload.name}]"
    selector = traced_entries(workload.selector_labels, f"{path}.selectorLabels")
    note = _HPA_OWNS_REPLICAS if workload.autoscaling else ""
    counted = workload.kind != "DaemonSet" and not workload.autoscaling
    return {
        "replicas": Traced(workload.replicas, f"{path}.replicas") if counted else None,
        "selector": Traced({"matchLabels": selector}, f"{path}.selectorLabels", note),
    }


def _deployment_spec(workload: Workload, path: str) -> dict[str, Any]:
    return present(
        replicas_and_selector(workload)
        | {
            "strategy": tree(workload.strategy, f"{path}.strategy"),
            "minReadySeconds": _min_ready(workload, path),
            "revisionHistoryLimit": Traced(workload.revision_history_limit, f"{path}.revisionHistoryLimit"),
            "progressDeadlineSeconds": Traced(workload.progress_deadline_seconds, f"{path}.progressDeadlineSeconds"),
            "template": pod_template(workload),
        }
    )


def _min_ready(workload: Workload, path: str) -> Traced:
    """Zero is what the API leaves out, and what it leaves out an apply would state again and again."""
    return Traced(workload.min_ready_seconds or None, f"{path}.minReadySeconds")


def _stateful_set_spec(plan: Plan, workload: Workload, path: str) -> dict[str, Any]:
    settings = workload.stateful
    assert settings is not None, f"the StatefulSet {workload.name} has no settings of a StatefulSet"
    at = f"{path}.stateful"
    return present(
        replicas_and_selector(workload)
        | {
            "serviceName": Traced(settings.service_name, f"{at}.serviceName"),
            "podManagementPolicy": Traced(settings.pod_management_policy, f"{at}.podManagementPolicy"),
            "updateStrategy": tree(workload.strategy, f"{path}.strategy"),
            "persistentVolumeClaimRetentionPolicy": tree(settings.claim_retention, f"{at}.claimRetention"),
            "minReadySeconds": _min_ready(workload, path),
            "revisionHistoryLimit": Traced(workload.revision_history_limit, f"{path}.revisionHistoryLimit"),
            "template": pod_template(workload),
            "volumeClaimTemplates": claim_templates(plan, workload),
        }
    )


def _daemon_set_spec(workload: Workload, path: str) -> dict[str, Any]:
    return present(
        replicas_and_selector(workload)
        | {
            "updateStrategy": tree(workload.strategy, f"{path}.strategy"),
            "minReadySeconds": _min_ready(workload, path),
            "revisionHistoryLimit": Traced(workload.revision_history_limit, f"{path}.revisionHistoryLimit"),
            "template": pod_template(workload),
        }
    )


def _job(workload: Workload) -> JobSettings:
    assert workload.job is not None, f"the {workload.kind} {workload.name} has no settings of a Job"
    return workload.job


def _job_spec(workload: Workload, job: JobSettings, path: str) -> dict[str, Any]:
    """A Job chooses its selector itself."""
    at = f"{path}.job"
    return present(
        {
            "completions": Traced(job.completions, f"{at}.completions"),
            "parallelism": Traced(job.parallelism, f"{at}.parallelism"),
            "completionMode": Traced(job.completion_mode, f"{at}.completionMode"),
            "backoffLimit": Traced(job.backoff_limit, f"{at}.backoffLimit"),
            "activeDeadlineSeconds": Traced(job.active_deadline_seconds, f"{at}.activeDeadlineSeconds"),
            "ttlSecondsAfterFinished": Traced(job.ttl_seconds_after_finished, f"{at}.ttlSecondsAfterFinished"),
            "suspend": Traced(job.suspend or None, f"{at}.suspend"),
            "template": pod_template(workload),
        }
    )


def _cron_job_spec(plan: Plan, workload: Workload, path: str) -> dict[str, Any]:
    cron = workload.cron
    assert cron is not None, f"the CronJob {workload.name} has no settings of a CronJob"
    labels = belonging(plan, workload, path, workload.name).value["labels"]
    template = {"metadata": {"labels": labels}, "spec": _job_spec(workload, _job(workload), path)}
    return present(_times(cron, f"{path}.cron") | {"jobTemplate": template})


def _times(cron: CronSettings, at: str) -> dict[str, Any]:
    return {
        "schedule": Traced(cron.schedule, f"{at}.schedule"),
        "timeZone": Traced(cron.time_zone, f"{at}.timeZone"),
        "concurrencyPolicy": Traced(cron.concurrency_policy, f"{at}.concurrencyPolicy"),
        "suspend": Traced(cron.suspend, f"{at}.suspend"),
        "startingDeadlineSeconds": Traced(cron.starting_deadline_seconds, f"{at}.startingDeadlineSeconds"),
        "successfulJobsHistoryLimit": Traced(cron.successful_jobs_history_limit, f"{at}.successfulJobsHistoryLimit"),
        "failedJobsHistoryLimit": Traced(cron.failed_jobs_history_limit, f"{at}.failedJobsHistoryLimit"),
    }
