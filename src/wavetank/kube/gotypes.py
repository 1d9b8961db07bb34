"""Facts about the Go types behind the API that its schema does not tell: named strings and what is left out.

Source: the public ``k8s.io/api`` types of Kubernetes 1.36. ``decoding`` reads them for error messages (Go names the
type that it could not fill) and to know which zero values vanish when an object is written (``omitempty``).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: ``Struct.field`` -> its Go type, where that is a named string.
GO_NAMES: dict[str, str] = {
    "ObjectMeta.uid": "types.UID",
    "OwnerReference.uid": "types.UID",
    "ObjectReference.uid": "types.UID",
    "Container.imagePullPolicy": "v1.PullPolicy",
    "Container.terminationMessagePolicy": "v1.TerminationMessagePolicy",
    "ContainerPort.protocol": "v1.Protocol",
    "ServicePort.protocol": "v1.Protocol",
    "PodSpec.restartPolicy": "v1.RestartPolicy",
    "PodSpec.dnsPolicy": "v1.DNSPolicy",
    "PodStatus.phase": "v1.PodPhase",
    "HTTPGetAction.scheme": "v1.URIScheme",
    "Toleration.operator": "v1.TolerationOperator",
    "Toleration.effect": "v1.TaintEffect",
    "Taint.effect": "v1.TaintEffect",
    "ServiceSpec.type": "v1.ServiceType",
    "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
    "DeploymentStrategy.type": "v1.DeploymentStrategyType",
    "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
    "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
    "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
    "CronJobSpec.concurrencyPolicy": "v1.ConcurrencyPolicy",
    "JobSpec.completionMode": "v1.CompletionMode",
    "Secret.type": "v1.SecretType",
    "MetricSpec.type": "v2.MetricSourceType",
    "MetricTarget.type": "v2.MetricTargetType",
    "HPAScalingPolicy.type": "v2.HPAScalingPolicyType",
    "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
    "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
    "PersistentVolumeClaimSpec.accessModes": "[]v1.PersistentVolumeAccessMode",
    "PersistentVolumeClaimSpec.volumeMode": "v1.PersistentVolumeMode",
    "NetworkPolicySpec.policyTypes": "[]v1.PolicyType",
    "ResourceRequirements.limits": "v1.ResourceList",
    "ResourceRequirements.requests": "v1.ResourceList",
    "ResourceQuotaSpec.hard": "v1.ResourceList",
}

#: Numbers that are not pointers: zero is the same as absent.
ZERO_IS_ABSENT: frozenset[str] = _words(
    """
    active availableReplicas count currentReplicas failed failureThreshold
    fullyLabeledReplicas generation
    healthCheckNodePort hostPort initialDelaySeconds minReadySeconds nodePort numberAvailable numberUnavailable
    observedGeneration periodSeconds readyReplicas succeeded successThreshold timeoutSeconds unavailableReplicas
    updatedNumberScheduled updatedReplicas leaseTransitions remainingItemCount
    """
)

#: Booleans that are not pointers and are left out when false.
FALSE_IS_ABSENT: frozenset[str] = _words(
    """
    authenticated default denied deprecated exclusiveMaximum exclusiveMinimum globalDefault hostIPC hostNetwork
    hostPID insecureSkipTLSVerify nullable paused preserveUnknownFields publishNotReadyAddresses readOnly stdin
    stdinOnce tty uniqueItems unschedulable x-kubernetes-embedded-resource x-kubernetes-int-or-string
    """
)

#: Strings and lists that are pointers or never left out: an empty one is kept.
EMPTY_IS_KEPT: frozenset[str] = _words(
    """
    PersistentVolumeClaimSpec.storageClassName PersistentVolumeClaimSpec.volumeAttributesClassName
    PersistentVolumeClaimSpec.dataSource IngressSpec.ingressClassName Container.restartPolicy
    PodSpec.runtimeClassName PodSpec.hostnameOverride TypedLocalObjectReference.apiGroup
    LeaseSpec.holderIdentity EndpointPort.name EndpointPort.protocol EndpointPort.appProtocol ServicePort.appProtocol
    NetworkPolicyPort.protocol CSIPersistentVolumeSource.fsType AggregationRule.clusterRoleSelectors
    """
)

#: Times that are no pointers: Go writes an unknown one as null instead of leaving it out.
NULL_IS_WRITTEN: frozenset[str] = _words(
    "PodCondition.lastProbeTime Event.firstTimestamp Event.lastTimestamp Event.eventTime"
)
