"""The kinds a Kubernetes 1.36 API server (with metrics-server beside it) serves, as discovery lists them.

``apiserver`` builds discovery and its routes from ``BUILT_IN``; everyone else looks a kind up here. Custom resources are
not here: they come and go with their definitions.

The order is that of a real server's ``/apis``: groups by ``groupPriorityMinimum`` (kube-aggregator
``apiservice`` priorities), preferred version first, then by plural name.
"""

from __future__ import annotations

from collections.abc import Iterator

from .types import Resource

CREATE_ONLY = ("create",)
READ_ONLY = ("get", "list")
WITHOUT_COLLECTION_DELETE = ("create", "delete", "get", "list", "patch", "update", "watch")
EVERY_VERB = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

_SCALE = ("autoscaling", "v1", "Scale")
_READ_WRITE = ("get", "patch", "update")
_PROXY = ("create", "delete", "get", "patch", "update")
_VERBS_OF_SUBRESOURCE: dict[str, tuple[str, ...]] = {
    "status": _READ_WRITE,
    "scale": _READ_WRITE,
    "ephemeralcontainers": _READ_WRITE,
    "resize": _READ_WRITE,
    "approval": _READ_WRITE,
    "log": ("get",),
    "attach": ("create", "get"),
    "exec": ("create", "get"),
    "portforward": ("create", "get"),
    "proxy": _PROXY,
    "binding": ("create",),
    "eviction": ("create",),
    "token": ("create",),
    "finalize": ("update",),
}


def verbs_of_subresource(name: str) -> tuple[str, ...]:
    """What can be done with ``/<name>`` of any built-in or custom kind, in discovery's order."""
    return _VERBS_OF_SUBRESOURCE[name]


def _group(group: str, version: str, rows: str) -> Iterator[Resource]:
    """Resources from rows ``plural Kind scope [key=value,...]...``; the keys are explained in ``_resource``."""
    for row in rows.strip().splitlines():
        yield _resource(group, version, row.split())


def _resource(group: str, version: str, words: list[str]) -> Resource:
    """One row: ``ns`` or ``cluster``, then ``short=``, ``in=`` (categories), ``sub=``, ``verbs=``, ``singular=``."""
    plural, kind, scope, *rest = words
    options = dict(word.split("=", 1) for word in rest)
    own = (group, version, kind)
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=options.get("singular", kind.lower()),
        namespaced=scope == "ns",
        verbs={"create": CREATE_ONLY, "read": READ_ONLY, "one-by-one": WITHOUT_COLLECTION_DELETE, "all": EVERY_VERB}[
            options.get("verbs", "all")
        ],
        short_names=_names(options, "short"),
        categories=_names(options, "in"),
        subresources=tuple((name, _SUBRESOURCE_KINDS.get(f"{plural}/{name}", own)) for name in _names(options, "sub")),
    )


def _names(options: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(options[key].split(",")) if key in options else ()


_SUBRESOURCE_KINDS: dict[str, tuple[str, str, str]] = {
    "deployments/scale": _SCALE,
    "replicasets/scale": _SCALE,
    "replicationcontrollers/scale": _SCALE,
    "statefulsets/scale": _SCALE,
    "nodes/proxy": ("", "v1", "NodeProxyOptions"),
    "pods/attach": ("", "v1", "PodAttachOptions"),
    "pods/binding": ("", "v1", "Binding"),
    "pods/eviction": ("policy", "v1", "Eviction"),
    "pods/exec": ("", "v1", "PodExecOptions"),
    "pods/portforward": ("", "v1", "PodPortForwardOptions"),
    "pods/proxy": ("", "v1", "PodProxyOptions"),
    "serviceaccounts/token": ("authentication.k8s.io", "v1", "TokenRequest"),
    "services/proxy": ("", "v1", "ServiceProxyOptions"),
}

_CORE = """
bindings Binding ns verbs=create
componentstatuses ComponentStatus cluster short=cs verbs=read
configmaps ConfigMap ns short=cm
endpoints Endpoints ns short=ep
events Event ns short=ev
limitranges LimitRange ns short=limits
namespaces Namespace cluster short=ns verbs=one-by-one sub=finalize,status
nodes Node cluster short=no sub=proxy,status
persistentvolumeclaims PersistentVolumeClaim ns short=pvc sub=status
persistentvolumes PersistentVolume cluster short=pv sub=status
pods Pod ns short=po in=all sub=attach,binding,ephemeralcontainers,eviction,exec,log,portforward,proxy,resize,status
podtemplates PodTemplate ns
replicationcontrollers ReplicationController ns short=rc in=all sub=scale,status
resourcequotas ResourceQuota ns short=quota sub=status
secrets Secret ns
serviceaccounts ServiceAccount ns short=sa sub=token
services Service ns short=svc in=all sub=proxy,status
"""

_APPS = """
controllerrevisions ControllerRevision ns
daemonsets DaemonSet ns short=ds in=all sub=status
deployments Deployment ns short=deploy in=all sub=scale,status
replicasets ReplicaSet ns short=rs in=all sub=scale,status
statefulsets StatefulSet ns short=sts in=all sub=scale,status
"""

_AUTHENTICATION = """
selfsubjectreviews SelfSubjectReview cluster verbs=create
tokenreviews TokenReview cluster verbs=create
"""

_AUTHORIZATION = """
localsubjectaccessreviews LocalSubjectAccessReview ns verbs=create
selfsubjectaccessreviews SelfSubjectAccessReview cluster verbs=create
selfsubjectrulesreviews SelfSubjectRulesReview cluster verbs=create
subjectaccessreviews SubjectAccessReview cluster verbs=create
"""

_BATCH = """
cronjobs CronJob ns short=cj in=all sub=status
jobs Job ns in=all sub=status
"""

_NETWORKING = """
ingressclasses IngressClass cluster
ingresses Ingress ns short=ing sub=status
ipaddresses IPAddress cluster short=ip
networkpolicies NetworkPolicy ns short=netpol
servicecidrs ServiceCIDR cluster sub=status
"""

_RBAC = """
clusterrolebindings ClusterRoleBinding cluster
clusterroles ClusterRole cluster
rolebindings RoleBinding ns
roles Role ns
"""

_STORAGE = """
csidrivers CSIDriver cluster
csinodes CSINode cluster
csistoragecapacities CSIStorageCapacity ns
storageclasses StorageClass cluster short=sc
volumeattachments VolumeAttachment cluster sub=status
volumeattributesclasses VolumeAttributesClass cluster short=vac
"""

_ADMISSION = """
mutatingadmissionpolicies MutatingAdmissionPolicy cluster in=api-extensions
mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster in=api-extensions
mutatingwebhookconfigurations MutatingWebhookConfiguration cluster in=api-extensions
validatingadmissionpolicies ValidatingAdmissionPolicy cluster in=api-extensions sub=status
validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster in=api-extensions
validatingwebhookconfigurations ValidatingWebhookConfiguration cluster in=api-extensions
"""

_FLOWCONTROL = """
flowschemas FlowSchema cluster sub=status
prioritylevelconfigurations PriorityLevelConfiguration cluster sub=status
"""

_RESOURCE = """
deviceclasses DeviceClass cluster
resourceclaims ResourceClaim ns sub=status
resourceclaimtemplates ResourceClaimTemplate ns
resourceslices ResourceSlice cluster
"""

# metrics-server gives no singular names.
_METRICS = """
nodes NodeMetrics cluster verbs=read singular=
pods PodMetrics ns verbs=read singular=
"""

_HPA = "horizontalpodautoscalers HorizontalPodAutoscaler ns short=hpa in=all sub=status"
_CRD = "customresourcedefinitions CustomResourceDefinition cluster short=crd,crds in=api-extensions sub=status"
_CSR = "certificatesigningrequests CertificateSigningRequest cluster short=csr sub=approval,status"

BUILT_IN: tuple[Resource, ...] = (
    *_group("", "v1", _CORE),
    *_group("apiregistration.k8s.io", "v1", "apiservices APIService cluster in=api-extensions sub=status"),
    *_group("apps", "v1", _APPS),
    *_group("events.k8s.io", "v1", "events Event ns short=ev"),
    *_group("authentication.k8s.io", "v1", _AUTHENTICATION),
    *_group("authorization.k8s.io", "v1", _AUTHORIZATION),
    *_group("autoscaling", "v2", _HPA),
    *_group("autoscaling", "v1", _HPA),
    *_group("batch", "v1", _BATCH),
    *_group("certificates.k8s.io", "v1", _CSR),
    *_group("networking.k8s.io", "v1", _NETWORKING),
    *_group("policy", "v1", "poddisruptionbudgets PodDisruptionBudget ns short=pdb sub=status"),
    *_group("rbac.authorization.k8s.io", "v1", _RBAC),
    *_group("storage.k8s.io", "v1", _STORAGE),
    *_group("admissionregistration.k8s.io", "v1", _ADMISSION),
    *_group("apiextensions.k8s.io", "v1", _CRD),
    *_group("scheduling.k8s.io", "v1", "priorityclasses PriorityClass cluster short=pc"),
    *_group("coordination.k8s.io", "v1", "leases Lease ns"),
    *_group("node.k8s.io", "v1", "runtimeclasses RuntimeClass cluster"),
    *_group("discovery.k8s.io", "v1", "endpointslices EndpointSlice ns"),
    *_group("flowcontrol.apiserver.k8s.io", "v1", _FLOWCONTROL),
    *_group("resource.k8s.io", "v1", _RESOURCE),
    *_group("metrics.k8s.io", "v1beta1", _METRICS),
)

# The preferred version of a group comes first, so it is the one that stays.
_BY_KIND = {(r.group, r.kind): r for r in reversed(BUILT_IN)}
_BY_PLURAL = {(r.group, r.plural): r for r in reversed(BUILT_IN)}


def resource_of(group: str, kind: str) -> Resource:
    """The built-in resource of a kind, in the group's preferred version; KeyError when there is none."""
    return _BY_KIND[group, kind]


def resource_of_plural(group: str, plural: str) -> Resource:
    """The built-in resource that ``plural`` names, in the group's preferred version; KeyError when there is none."""
    return _BY_PLURAL[group, plural]
