"""02-classes.yaml and 45-storage.yaml: storage and priority classes before anything that names them, claims before workloads."""

from __future__ import annotations

from typing import Any

from wavetank.kube import quantity
from wavetank.plan.model import Plan, PriorityClass, Storage, StorageClass, Workload
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, metadata, present, traced_entries
from wavetank.render.terraform.file_systems import id_output
from wavetank.render.trace import Traced, tree

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
#: what stands for the id of a file system until Terraform has made it; whoever applies the files puts the id in its place
FILE_SYSTEM_ID = "fileSystemId"
_IDS = "fs-"
_ID_FOLLOWS = (
    "AWS chooses the id, and `terraform output -raw {output}` says it: apply.sh puts it here, "
    "for Helm and GitOps it is a value."
)


def classes(plan: Plan) -> tuple[Traced, ...]:
    """The cluster-wide classes."""
    return (
        *(_storage_class(plan, each) for each in plan.storage_classes),
        *(_priority_class(plan, each) for each in plan.priority_classes),
    )


def _storage_class(plan: Plan, each: StorageClass) -> Traced:
    path = f"storageClasses[{each.name}]"
    annotations = {DEFAULT_CLASS: Traced("true", f"{path}.default")} if each.default else {}
    parameters = traced_entries(each.parameters, f"{path}.parameters")
    if each.file_system is not None:
        chosen = each.file_system in chosen_file_systems(plan)
        note = _ID_FOLLOWS.format(output=id_output(plan, each.file_system)) if chosen else ""
        parameters[FILE_SYSTEM_ID] = Traced(file_system_id(each.file_system), f"{path}.fileSystem", note)
    return manifest(
        "storage.k8s.io/v1",
        "StorageClass",
        metadata(plan, path, each.name, annotations=annotations),
        path,
        provisioner=Traced(each.provisioner, f"{path}.provisioner"),
        parameters=parameters,
        reclaimPolicy=Traced(each.reclaim_policy, f"{path}.reclaimPolicy"),
        volumeBindingMode=Traced(each.volume_binding_mode, f"{path}.volumeBindingMode"),
        allowVolumeExpansion=Traced(each.allow_volume_expansion, f"{path}.allowVolumeExpansion"),
    )


def file_system_id(name: str) -> str:
    """The id itself, where the author wrote that; else its place, since AWS chooses it when Terraform makes the file system."""
    return name if name.startswith(_IDS) else f"${{file_system_id:{name}}}"


def chosen_file_systems(plan: Plan) -> tuple[str, ...]:
    """Names of the file systems that storage classes use and whose ids are not known before they are made."""
    named = (each.file_system for each in plan.storage_classes)
    return tuple(dict.fromkeys(name for name in named if name is not None and not name.startswith(_IDS)))


def _priority_class(plan: Plan, each: PriorityClass) -> Traced:
    path = f"priorityClasses[{each.name}]"
    return manifest(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        metadata(plan, path, each.name),
        path,
        value=Traced(each.value, f"{path}.value"),
        globalDefault=Traced(each.global_default or None, f"{path}.globalDefault"),
        preemptionPolicy=Traced(each.preemption_policy, f"{path}.preemptionPolicy"),
        description=Traced(each.description, f"{path}.description"),
    )


# --- claims -----------------------------------------------------------------------------------------------------------


def claims(plan: Plan) -> tuple[Traced, ...]:
    """The claims of all workloads but those that a StatefulSet makes itself."""
    return tuple(
        _claim(plan, workload, each)
        for workload in plan.workloads
        for each in workload.storage
        if each.new and each.claim is not None
    )


def _claim(plan: Plan, workload: Workload, each: Storage) -> Traced:
    path = f"workloads[{workload.name}].storage[{each.name}]"
    framed = belonging(plan, workload, path, each.claim or each.name)
    return manifest("v1", "PersistentVolumeClaim", framed, path, spec=_claim_spec(each, path))


def claim_templates(plan: Plan, workload: Workload) -> list[Traced]:
    """volumeClaimTemplates of a StatefulSet; immutable, so that nothing stands in them that may change."""
    del plan
    return [
        Traced(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": Traced(each.name, f"workloads[{workload.name}].storage[{each.name}].name")},
                "spec": _claim_spec(each, f"workloads[{workload.name}].storage[{each.name}]"),
            },
            f"workloads[{workload.name}].storage[{each.name}]",
        )
        for each in workload.storage
        if each.claim is None
    ]


def _claim_spec(each: Storage, path: str) -> dict[str, Any]:
    assert each.size is not None, f"the claim {path} is to be made and has no size"
    return present(
        {
            "accessModes": tree(each.access_modes, f"{path}.accessModes"),
            "storageClassName": Traced(each.storage_class, f"{path}.storageClass"),
            "resources": {"requests": {"storage": Traced(quantity.canonical(each.size), f"{path}.size")}},
        }
    )
