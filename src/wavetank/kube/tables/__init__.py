"""Server-side printing: the columns and rows that ``kubectl get`` shows.

The API calls this when a client asks for ``as=Table``. Columns and cells are those of kube-apiserver
(``pkg/printers/internalversion/printers.go``); cells always include those of ``-o wide``, which kubectl hides by the
columns' priority. One file holds one group of kinds; a kind is added by one line in ``_PRINTERS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..types import Obj, Resource
from . import config, control_plane, generic, network, nodes, policy, storage, workloads
from .cells import Cell, Column, Printer
from .pods import PODS

__all__ = ["Cell", "Column", "Printer", "columns", "printer_of", "row", "row_conditions", "table"]

_PRINTERS: Mapping[str, Printer] = {
    "pods": PODS,
    "podtemplates": workloads.POD_TEMPLATES,
    "replicationcontrollers": workloads.REPLICATION_CONTROLLERS,
    "deployments.apps": workloads.DEPLOYMENTS,
    "replicasets.apps": workloads.REPLICA_SETS,
    "statefulsets.apps": workloads.STATEFUL_SETS,
    "daemonsets.apps": workloads.DAEMON_SETS,
    "controllerrevisions.apps": workloads.CONTROLLER_REVISIONS,
    "jobs.batch": workloads.JOBS,
    "cronjobs.batch": workloads.CRON_JOBS,
    "services": network.SERVICES,
    "endpoints": network.ENDPOINTS,
    "endpointslices.discovery.k8s.io": network.ENDPOINT_SLICES,
    "ingresses.networking.k8s.io": network.INGRESSES,
    "ingressclasses.networking.k8s.io": network.INGRESS_CLASSES,
    "networkpolicies.networking.k8s.io": network.NETWORK_POLICIES,
    "servicecidrs.networking.k8s.io": network.SERVICE_CIDRS,
    "ipaddresses.networking.k8s.io": network.IP_ADDRESSES,
    "nodes": nodes.NODES,
    "leases.coordination.k8s.io": nodes.LEASES,
    "leasecandidates.coordination.k8s.io": nodes.LEASE_CANDIDATES,
    "runtimeclasses.node.k8s.io": nodes.RUNTIME_CLASSES,
    "namespaces": config.NAMESPACES,
    "configmaps": config.CONFIG_MAPS,
    "secrets": config.SECRETS,
    "serviceaccounts": config.SERVICE_ACCOUNTS,
    "events": config.EVENTS,
    "events.events.k8s.io": config.EVENTS,
    "componentstatuses": config.COMPONENT_STATUSES,
    "horizontalpodautoscalers.autoscaling": policy.AUTOSCALERS,
    "scales.autoscaling": policy.SCALES,
    "poddisruptionbudgets.policy": policy.BUDGETS,
    "resourcequotas": policy.QUOTAS,
    "priorityclasses.scheduling.k8s.io": policy.PRIORITY_CLASSES,
    "rolebindings.rbac.authorization.k8s.io": policy.ROLE_BINDINGS,
    "clusterrolebindings.rbac.authorization.k8s.io": policy.ROLE_BINDINGS,
    "persistentvolumes": storage.PERSISTENT_VOLUMES,
    "persistentvolumeclaims": storage.PERSISTENT_VOLUME_CLAIMS,
    "storageclasses.storage.k8s.io": storage.STORAGE_CLASSES,
    "volumeattributesclasses.storage.k8s.io": storage.VOLUME_ATTRIBUTES_CLASSES,
    "volumeattachments.storage.k8s.io": storage.VOLUME_ATTACHMENTS,
    "csinodes.storage.k8s.io": storage.CSI_NODES,
    "csidrivers.storage.k8s.io": storage.CSI_DRIVERS,
    "csistoragecapacities.storage.k8s.io": storage.CSI_STORAGE_CAPACITIES,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": control_plane.WEBHOOKS,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": control_plane.WEBHOOKS,
    "validatingadmissionpolicies.admissionregistration.k8s.io": control_plane.VALIDATING_POLICIES,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": control_plane.POLICY_BINDINGS,
    "mutatingadmissionpolicies.admissionregistration.k8s.io": control_plane.MUTATING_POLICIES,
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": control_plane.POLICY_BINDINGS,
    "apiservices.apiregistration.k8s.io": control_plane.API_SERVICES,
    "flowschemas.flowcontrol.apiserver.k8s.io": control_plane.FLOW_SCHEMAS,
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": control_plane.PRIORITY_LEVELS,
    "certificatesigningrequests.certificates.k8s.io": control_plane.SIGNING_REQUESTS,
    "clustertrustbundles.certificates.k8s.io": control_plane.TRUST_BUNDLES,
    "podcertificaterequests.certificates.k8s.io": control_plane.POD_CERTIFICATE_REQUESTS,
    "storageversions.internal.apiserver.k8s.io": control_plane.STORAGE_VERSIONS,
    "storageversionmigrations.storagemigration.k8s.io": control_plane.STORAGE_MIGRATIONS,
    "deviceclasses.resource.k8s.io": generic.NAME_AND_AGE,
    "resourceclaims.resource.k8s.io": control_plane.RESOURCE_CLAIMS,
    "resourceclaimtemplates.resource.k8s.io": generic.NAME_AND_AGE,
    "resourceslices.resource.k8s.io": control_plane.RESOURCE_SLICES,
    "devicetaintrules.resource.k8s.io": control_plane.DEVICE_TAINTS,
}

PrinterColumns = Sequence[Mapping[str, Any]]


def printer_of(resource: Resource, printer_columns: PrinterColumns | None = None) -> Printer:
    """How ``resource`` is printed.

    ``printer_columns`` are the ``additionalPrinterColumns`` of a custom resource's version; pass ``()`` for a custom
    resource that declares none, and nothing for a built-in kind.
    """
    if printer_columns is not None:
        return generic.custom_printer(printer_columns)
    return _PRINTERS.get(resource.key, generic.CREATED_AT)


def columns(resource: Resource, printer_columns: PrinterColumns | None = None) -> list[Column]:
    return list(printer_of(resource, printer_columns).columns)


def row(resource: Resource, obj: Obj, now: datetime, printer_columns: PrinterColumns | None = None) -> list[Cell]:
    """One object's cells, as many as there are columns."""
    return printer_of(resource, printer_columns).cells(obj, now)


def row_conditions(obj: Obj) -> list[Obj]:
    """``conditions`` of a table row: pods that have run to their end say so."""
    phase = (obj.get("status") or {}).get("phase")
    if obj.get("kind") != "Pod" or phase not in ("Succeeded", "Failed"):
        return []
    message = "The pod has completed successfully." if phase == "Succeeded" else "The pod failed."
    return [{"type": "Completed", "status": "True", "reason": phase, "message": message}]


def table(
    resource: Resource,
    objects: Sequence[Obj],
    now: datetime,
    *,
    metadata: Obj | None = None,
    printer_columns: PrinterColumns | None = None,
    with_columns: bool = True,
    include_object: str = "Metadata",
) -> Obj:
    """A ``meta.k8s.io/v1 Table`` of ``objects``.

    ``metadata`` is the list's (or single object's) metadata; ``with_columns`` is false for all but the first event of
    a watch; ``include_object`` is the query parameter ``includeObject``: Metadata, Object or None.
    """
    printer = printer_of(resource, printer_columns)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata or {},
        "columnDefinitions": [c.definition() for c in printer.columns] if with_columns else None,
        "rows": [_row(printer, obj, now, include_object) for obj in objects],
    }


def _row(printer: Printer, obj: Obj, now: datetime, include_object: str) -> Obj:
    made: Obj = {"cells": printer.cells(obj, now)}
    if conditions := row_conditions(obj):
        made["conditions"] = conditions
    if include_object != "None":
        made["object"] = obj if include_object == "Object" else _partial(obj)
    return made


def _partial(obj: Obj) -> Obj:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj.get("metadata") or {}}
