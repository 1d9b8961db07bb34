"""The pod template of a workload, the same for every kind of object that makes pods, Rollouts included."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import Container, Workload
from wavetank.render.kubernetes.amounts import canonical_resources
from wavetank.render.kubernetes.parts import present, traced_entries
from wavetank.render.trace import Traced, tree


def pod_template(workload: Workload) -> dict[str, Any]:
    """spec.template of whatever makes the pods."""
    path = f"workloads[{workload.name}]"
    return {"metadata": _pod_metadata(workload, path), "spec": _pod_spec(workload, path)}


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
            # Always is what the API fills in; only what differs is written.
            "restartPolicy": _unless(workload.restart_policy, "Always", f"{path}.restartPolicy"),
            "priorityClassName": Traced(workload.pod.priority_class, f"{path}.pod.priorityClass"),
            "runtimeClassName": Traced(workload.pod.runtime_class, f"{path}.pod.runtimeClass"),
            "hostNetwork": _unless(workload.pod.host_network, False, f"{path}.pod.hostNetwork"),
            "hostPID": _unless(workload.pod.host_pid, False, f"{path}.pod.hostPid"),
            "dnsPolicy": Traced(workload.pod.dns_policy, f"{path}.pod.dnsPolicy"),
            "imagePullSecrets": [
                Traced({"name": name}, f"{path}.pod.imagePullSecrets") for name in workload.pod.image_pull_secrets
            ],
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


def _unless(value: Any, usual: Any, path: str) -> Traced:
    return Traced(None if value == usual else value, path)


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
