"""How Go prints values of its internal types: as JSON with Go's own field names, absent ones as ``null``.

A few messages carry such a value whole (an immutable pod template) or as a diff (a claim's spec). Upstream: the structs
of ``pkg/apis/core/types.go``, whose fields have no JSON names.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from ..types import Obj

# Struct -> its fields in Go's order. After a colon: the zero value ("" false 0; null if nothing is said) or the
# struct that the value (or each of its elements) is.
_STRUCTS: Mapping[str, str] = {
    "PodSpec": """Volumes InitContainers:Container Containers:Container EphemeralContainers:Container RestartPolicy:""
        TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy:"" NodeSelector ServiceAccountName:""
        AutomountServiceAccountToken NodeName:"" SecurityContext:PodSecurityContext ImagePullSecrets:Named Hostname:""
        Subdomain:"" SetHostnameAsFQDN Affinity SchedulerName:"" Tolerations:Toleration HostAliases PriorityClassName:""
        Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead EnableServiceLinks
        TopologySpreadConstraints OS SchedulingGates:Named ResourceClaims Resources:ResourceRequirements
        HostnameOverride SchedulingGroup""",
    "Named": 'Name:""',
    "Container": """Name:"" Image:"" Command Args WorkingDir:"" Ports:ContainerPort EnvFrom Env:EnvVar
        Resources:=ResourceRequirements ResizePolicy RestartPolicy RestartPolicyRules VolumeMounts:VolumeMount
        VolumeDevices LivenessProbe:Probe ReadinessProbe:Probe StartupProbe:Probe Lifecycle TerminationMessagePath:""
        TerminationMessagePolicy:"" ImagePullPolicy:"" SecurityContext:SecurityContext Stdin:false StdinOnce:false
        TTY:false""",
    "ContainerPort": 'Name:"" HostPort:0 ContainerPort:0 Protocol:"" HostIP:""',
    "EnvVar": 'Name:"" Value:"" ValueFrom:EnvVarSource',
    "EnvVarSource": "FieldRef:ObjectFieldSelector ResourceFieldRef ConfigMapKeyRef:Key SecretKeyRef:Key FileKeyRef",
    "ObjectFieldSelector": 'APIVersion:"" FieldPath:""',
    "Key": 'Name:"" Key:"" Optional',
    "ResourceRequirements": "Limits Requests Claims",
    "VolumeMount": 'Name:"" ReadOnly:false RecursiveReadOnly MountPath:"" SubPath:"" MountPropagation SubPathExpr:""',
    "Probe": """Exec HTTPGet:HTTPGetAction TCPSocket GRPC InitialDelaySeconds:0 TimeoutSeconds:0 PeriodSeconds:0
        SuccessThreshold:0 FailureThreshold:0 TerminationGracePeriodSeconds""",
    "HTTPGetAction": 'Path:"" Port:0 Host:"" Scheme:"" HTTPHeaders',
    "SecurityContext": """Capabilities:Capabilities Privileged SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot
        ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount SeccompProfile AppArmorProfile""",
    "Capabilities": "Add Drop",
    "PodSecurityContext": """HostNetwork:false HostPID:false HostIPC:false ShareProcessNamespace HostUsers SELinuxOptions
        WindowsOptions RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup
        FSGroupChangePolicy Sysctls SeccompProfile AppArmorProfile SELinuxChangePolicy""",
    "Toleration": 'Key:"" Operator:"" Value:"" Effect:"" TolerationSeconds',
    "PersistentVolumeClaimSpec": """AccessModes Selector:LabelSelector Resources:=VolumeResourceRequirements VolumeName:""
        StorageClassName VolumeMode DataSource DataSourceRef VolumeAttributesClassName""",
    "VolumeResourceRequirements": "Limits Requests",
    "PersistentVolumeSource": """GCEPersistentDisk AWSElasticBlockStore HostPath:HostPath Glusterfs NFS:NFS RBD Quobyte
        ISCSI FlexVolume Cinder CephFS FC Flocker AzureFile VsphereVolume AzureDisk PhotonPersistentDisk PortworxVolume
        ScaleIO Local:Local StorageOS CSI:CSI""",
    "HostPath": 'Path:"" Type',
    "NFS": 'Server:"" Path:"" ReadOnly:false',
    "Local": 'Path:"" FSType',
    "CSI": """Driver:"" VolumeHandle:"" ReadOnly:false FSType:"" VolumeAttributes ControllerPublishSecretRef
        NodeStageSecretRef NodePublishSecretRef ControllerExpandSecretRef NodeExpandSecretRef""",
    "RoleRef": 'APIGroup:"" Kind:"" Name:""',
    "PodDisruptionBudgetSpec": "MinAvailable Selector:LabelSelector MaxUnavailable UnhealthyPodEvictionPolicy",
    "RollingUpdateStatefulSetStrategy": "Partition:0 MaxUnavailable",
    "ScopeSelector": "MatchExpressions:ScopedResourceSelectorRequirement",
    "ScopedResourceSelectorRequirement": 'ScopeName:"" Operator:"" Values',
    "SuccessPolicy": "Rules:SuccessPolicyRule",
    "SuccessPolicyRule": "SucceededIndexes SucceededCount",
    "Taint": 'Key:"" Value:"" Effect:"" TimeAdded',
    "ServicePort": 'Name:"" Protocol:"" AppProtocol Port:0 TargetPort:0 NodePort:0',
}
#: Fields of a pod that internally live in its security context.
_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
# JSON names are matched without regard to case: hostPID is HostPID, gcePersistentDisk GCEPersistentDisk.


def printed_struct(value: Any, struct: str) -> Any:
    """``value`` (JSON of the API) as the internal struct would be printed; structs that are not known, capitalised."""
    if isinstance(value, list):
        return [printed_struct(item, struct) for item in value]
    if not isinstance(value, Mapping):
        return value
    by_name = {key.lower(): item for key, item in value.items()}
    return {
        name: _printed_field(by_name.get(name.lower()), what)
        for name, _, what in (word.partition(":") for word in _STRUCTS[struct].split())
    }


def _printed_field(value: Any, what: str) -> Any:
    if what.startswith("="):
        return printed_struct(value or {}, what[1:])
    if what in _STRUCTS:
        return None if value is None else printed_struct(value, what)
    if value is None:
        return json.loads(what) if what and what != "LabelSelector" else None
    return value


def pod_template(template: Obj) -> Obj:
    """A pod template: its metadata has JSON names, its spec has not."""
    metadata = template.get("metadata") or {}
    kept = {key: metadata[key] for key in ("name", "labels", "annotations") if metadata.get(key)}
    return {**{k: _sorted(v) for k, v in kept.items()}, "Spec": pod_spec(template.get("spec") or {})}


def pod_spec(spec: Obj) -> Obj:
    host = {key: spec[key] for key in _HOST_FIELDS if key in spec}
    security = (
        {**(spec.get("securityContext") or {}), **host} if spec.get("securityContext") is not None or host else None
    )
    result = printed_struct({**spec, "securityContext": security}, "PodSpec")
    assert isinstance(result, dict)
    return result


def _sorted(value: Any) -> Any:
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def diff(old: Any, new: Any) -> str:
    """A unified diff of two printed values, as upstream appends it to a message."""
    before, after = (json.dumps(value, indent=1, ensure_ascii=False).splitlines() for value in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    return "".join(line + "\n" for line in lines)
