"""50-workloads.yaml: Deployments."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import Container, Plan, Workload
from wavetank.render.kubernetes.amounts import canonical_resources
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, present, traced_entries
from wavetank.render.trace import Traced, tree

_HPA_OWNS_REPLICAS = "replicas is left out: the HorizontalPodAutoscaler sets it, and an apply must not set it back."


def objects(plan: Plan) -> tuple[Traced, ...]:
    """One Deployment for each workload."""
    return tuple(_deployment(plan, workload) for workload in plan.workloads)


def _deployment(plan: Plan, workload: Workload) -> Traced:
    path = f"workloads[{workload.name}]"
    framed = belonging(plan, workload, path, workload.name)
    return manifest("apps/v1", "Deployment", framed, path, spec=_spec(workload, path))


def _spec(workload: Workload, path: str) -> dict[str, Any]:
    selector = traced_entries(workload.selector_labels, f"{path}.selectorLabels")
    replicas = None if workload.autoscaling else Traced(workload.replicas, f"{path}.replicas")
    note = _HPA_OWNS_REPLICAS if workload.autoscaling else ""
    return present(
        {
            "replicas": replicas,
            "selector": Traced({"matchLabels": selector}, f"{path}.selectorLabels", note),
            "strategy": tree(workload.strategy, f"{path}.strategy"),
            # Zero is what the API leaves out, and what it leaves out an apply would state again and again.
            "minReadySeconds": Traced(workload.min_ready_seconds or None, f"{path}.minReadySeconds"),
            "revisionHistoryLimit": Traced(workload.revision_history_limit, f"{path}.revisionHistoryLimit"),
            "progressDeadlineSeconds": Traced(workload.progress_deadline_seconds, f"{path}.progressDeadlineSeconds"),
            "template": {"metadata": _pod_metadata(workload, path), "spec": _pod_spec(workload, path)},
        }
    )


def _pod_metadata(workload: Workload, path: str) -> dict[str, Any]:
    """No label here that changes without the pods needing to: every change restarts them."""
    return present(
        {
            "labels": traced_entries(workload.labels, f"{path}.labels"),
            "annotations": traced_entries(workload.pod_annotations, f"{path}.podAnnotations"),
        }
    )


def _pod_spec(workload: Workload, path: str) -> dict[str, Any]:
    grace = Traced(workload.termination_grace_period_seconds, f"{path}.terminationGracePeriodSeconds")
    spread = tree(workload.topology_spread_constraints, f"{path}.topologySpreadConstraints")
    return present(
        {
            "serviceAccountName": Traced(workload.service_account.name, f"{path}.serviceAccount.name"),
            "automountServiceAccountToken": Traced(
                workload.service_account.automount_token, f"{path}.serviceAccount.automountToken"
            ),
            "securityContext": tree(workload.security_context, f"{path}.securityContext"),
            "terminationGracePeriodSeconds": grace,
            "nodeSelector": traced_entries(workload.node_selector, f"{path}.nodeSelector"),
            "tolerations": tree(workload.tolerations, f"{path}.tolerations"),
            "affinity": tree(workload.affinity, f"{path}.affinity"),
            "topologySpreadConstraints": spread,
            "initContainers": [
                _container(container, f"{path}.initContainers[{container.name}]")
                for container in workload.init_containers
            ],
            "containers": [
                _container(container, f"{path}.containers[{container.name}]") for container in workload.containers
            ],
            "volumes": tree(workload.volumes, f"{path}.volumes"),
        }
    )


def _container(container: Container, path: str) -> Traced:
    return Traced(
        present(
            {
                "name": Traced(container.name, f"{path}.name"),
                "image": Traced(container.image, f"{path}.image"),
                "imagePullPolicy": Traced(container.image_pull_policy, f"{path}.imagePullPolicy"),
                "command": tree(container.command, f"{path}.command"),
                "args": tree(container.args, f"{path}.args"),
                "ports": tree(container.ports, f"{path}.ports"),
                "envFrom": tree(container.env_from, f"{path}.envFrom"),
                "env": tree(container.env, f"{path}.env"),
                "resources": tree(canonical_resources(container.resources), f"{path}.resources"),
                "startupProbe": tree(container.startup_probe, f"{path}.startupProbe"),
                "readinessProbe": tree(container.readiness_probe, f"{path}.readinessProbe"),
                "livenessProbe": tree(container.liveness_probe, f"{path}.livenessProbe"),
                "lifecycle": tree(container.lifecycle, f"{path}.lifecycle"),
                "securityContext": tree(container.security_context, f"{path}.securityContext"),
                "volumeMounts": tree(container.volume_mounts, f"{path}.volumeMounts"),
            }
        ),
        path,
    )
