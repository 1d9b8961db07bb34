"""What the rules about single pods ask again and again: containers, security settings, who belongs to the system.

Called by the KUB rules. Reads objects, judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wavetank.checks.case import Case
from wavetank.checks.components import IMAGES, last_part
from wavetank.checks.manifests import mapping
from wavetank.checks.workloads import Container, Workload

HOOK = "helm.sh/hook"
#: namespaces of the cluster's own machinery
SYSTEM_NAMESPACES = ("kube-system", "kube-node-lease", "kube-public", "calico-system", "tigera-operator")


def every_container(workload: Workload) -> tuple[Container, ...]:
    """Init containers first, as they run."""
    return (*workload.init_containers, *workload.containers)


def is_system(workload: Workload) -> bool:
    """Whether the pods belong to the machinery of the cluster, whose work takes rights that no application needs."""
    known = any(last_part(container.image) in IMAGES for container in workload.containers)
    return workload.namespace in SYSTEM_NAMESPACES or known or _watches_nodes(workload)


def _watches_nodes(workload: Workload) -> bool:
    """A DaemonSet that runs on every node, whatever its taints: an agent of logs, metrics or storage."""
    everything = any(t.get("operator") == "Exists" and not t.get("key") for t in workload.tolerations)
    return workload.is_per_node and everything


def is_hook(workload: Workload) -> bool:
    """Whether Helm runs it once, during an installation or a test."""
    return HOOK in workload.manifest.annotations or HOOK in workload.annotations


def judged(case: Case) -> list[Workload]:
    """All workloads but the tests of charts, which run when somebody asks for it."""
    return [w for w in case.workloads if not w.manifest.annotations.get(HOOK, "").startswith("test")]


def is_serving(case: Case, workload: Workload) -> bool:
    """Whether requests reach its pods through a Service."""
    return not workload.is_batch and bool(case.services_of(workload))


def is_windows(workload: Workload) -> bool:
    stated = mapping(workload.spec.get("os")).get("name") or workload.node_selector.get("kubernetes.io/os")
    return stated == "windows"


def security(container: Container) -> dict[str, Any]:
    """The container's securityContext over the pod's: what counts for its processes."""
    return {**mapping(container.workload.spec.get("securityContext")), **mapping(container.obj.get("securityContext"))}


def capabilities(container: Container, key: str) -> list[str]:
    """Names under "add" or "drop", in capitals and without the prefix that only Linux uses."""
    stated = mapping(mapping(container.obj.get("securityContext")).get("capabilities")).get(key)
    return [str(each).upper().removeprefix("CAP_") for each in stated] if isinstance(stated, list) else []


def names(containers: Iterable[Container]) -> str:
    return ", ".join(container.name or "?" for container in containers)


def has_probe(workload: Workload, probe: str) -> bool:
    """Whether any container that runs as long as the pod has the probe."""
    return any(mapping(c.obj.get(probe)) for c in lasting(workload))


def lasting(workload: Workload) -> Sequence[Container]:
    """Containers that stay: all but the init containers that end before the others start."""
    sidecars = [c for c in workload.init_containers if c.obj.get("restartPolicy") == "Always"]
    return [*sidecars, *workload.containers]
