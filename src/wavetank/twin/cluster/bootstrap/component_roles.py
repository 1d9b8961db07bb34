"""The roles that the default RBAC policy has for parts of a cluster: what add-ons and metrics adapters are bound to.

Data only; ``plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`` and its ``testdata/cluster-roles.yaml``. The roles of the
single controllers (``system:controller:*``) are left out: nothing here acts by them, and nobody is bound to them by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.kube.types import Obj

#: Verbs by a letter each, so that a table of rules can be read.
_VERBS = {
    "c": "create",
    "d": "delete",
    "g": "get",
    "l": "list",
    "p": "patch",
    "u": "update",
    "w": "watch",
    "*": "*",
    "a": "approve",
    "x": "proxy",
}


def _may(letters: str, group: str, resources: str, names: str = "") -> Obj:
    """A rule; several groups or resources are separated by spaces, and "core" is the group without a name."""
    groups = ["" if each == "core" else each for each in group.split()]
    rule: Obj = {"apiGroups": groups, "resources": resources.split(), "verbs": [_VERBS[letter] for letter in letters]}
    return rule | ({"resourceNames": names.split()} if names else {})


def _may_get(*paths: str) -> Obj:
    return {"nonResourceURLs": list(paths), "verbs": ["get"]}


def _may_approve(signer: str) -> tuple[Obj, ...]:
    return (_may("a", "certificates.k8s.io", "signers", f"kubernetes.io/{signer}"),)


_EVENTS = _may("cpu", "core events.k8s.io", "events")
_DELEGATED = (
    _may("c", "authentication.k8s.io", "tokenreviews"),
    _may("c", "authorization.k8s.io", "subjectaccessreviews"),
)
_CONTROLLER_MANAGER = (
    _EVENTS,
    _may("c", "coordination.k8s.io", "leases"),
    _may("gu", "coordination.k8s.io", "leases", "kube-controller-manager"),
    _may("c", "core", "secrets serviceaccounts"),
    _may("d", "core", "secrets"),
    _may("g", "core", "configmaps namespaces secrets serviceaccounts"),
    _may("u", "core", "secrets serviceaccounts"),
    *_DELEGATED,
    _may("lw", "*", "*"),
    _may("c", "core", "serviceaccounts/token"),
)
_SCHEDULER = (
    _EVENTS,
    _may("c", "coordination.k8s.io", "leases"),
    _may("gu", "coordination.k8s.io", "leases", "kube-scheduler"),
    _may("glw", "core", "nodes"),
    _may("dglw", "core", "pods"),
    _may("c", "core", "bindings pods/binding"),
    _may("pu", "core", "pods/status"),
    _may("glw", "core", "replicationcontrollers services"),
    _may("glw", "apps extensions", "replicasets"),
    _may("glw", "apps", "statefulsets"),
    _may("glw", "policy", "poddisruptionbudgets"),
    _may("glw", "core", "persistentvolumeclaims persistentvolumes"),
    *_DELEGATED,
    _may("glw", "storage.k8s.io", "csinodes"),
    _may("glw", "core", "namespaces"),
    _may("glw", "storage.k8s.io", "csidrivers"),
    _may("glw", "storage.k8s.io", "csistoragecapacities"),
)
_NODE = (
    _may("c", "authentication.k8s.io", "tokenreviews"),
    _may("c", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
    _may("glw", "core", "services"),
    _may("cglw", "core", "nodes"),
    _may("pu", "core", "nodes/status"),
    _may("pu", "core", "nodes"),
    _may("cpu", "core", "events"),
    _may("glw", "core", "pods"),
    _may("cd", "core", "pods"),
    _may("pu", "core", "pods/status"),
    _may("c", "core", "pods/eviction"),
    _may("glw", "core", "configmaps secrets"),
    _may("g", "core", "persistentvolumeclaims persistentvolumes"),
    _may("g", "core", "endpoints"),
    _may("cglw", "certificates.k8s.io", "certificatesigningrequests"),
    _may("cdgpu", "coordination.k8s.io", "leases"),
    _may("g", "storage.k8s.io", "volumeattachments"),
    _may("c", "core", "serviceaccounts/token"),
    _may("gpu", "core", "persistentvolumeclaims/status"),
    _may("glw", "storage.k8s.io", "csidrivers"),
    _may("cdgpu", "storage.k8s.io", "csinodes"),
    _may("glw", "node.k8s.io", "runtimeclasses"),
)
_CSR = "system:certificates.k8s.io"

#: Rules by the name of the cluster role.
CLUSTER_ROLES: Mapping[str, tuple[Obj, ...]] = {
    "system:auth-delegator": _DELEGATED,
    f"{_CSR}:certificatesigningrequests:nodeclient": (
        _may("c", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),
    ),
    f"{_CSR}:certificatesigningrequests:selfnodeclient": (
        _may("c", "certificates.k8s.io", "certificatesigningrequests/selfnodeclient"),
    ),
    f"{_CSR}:kube-apiserver-client-approver": _may_approve("kube-apiserver-client"),
    f"{_CSR}:kube-apiserver-client-kubelet-approver": _may_approve("kube-apiserver-client-kubelet"),
    f"{_CSR}:kubelet-serving-approver": _may_approve("kubelet-serving"),
    f"{_CSR}:legacy-unknown-approver": _may_approve("legacy-unknown"),
    "system:heapster": (_may("glw", "core", "events namespaces nodes pods"), _may("glw", "extensions", "deployments")),
    "system:kube-aggregator": (_may("glw", "core", "endpoints services"),),
    "system:kube-controller-manager": _CONTROLLER_MANAGER,
    "system:kube-dns": (_may("lw", "core", "endpoints services"),),
    "system:kube-scheduler": _SCHEDULER,
    "system:kubelet-api-admin": (
        _may("glw", "core", "nodes"),
        _may("x", "core", "nodes"),
        _may("*", "core", "nodes/log nodes/metrics nodes/proxy nodes/stats"),
    ),
    "system:monitoring": (
        _may_get(
            "/healthz",
            "/healthz/*",
            "/livez",
            "/livez/*",
            "/metrics",
            "/metrics/slis",
            "/readyz",
            "/readyz/*",
        ),
    ),
    "system:node": _NODE,
    "system:node-bootstrapper": (_may("cglw", "certificates.k8s.io", "certificatesigningrequests"),),
    "system:node-problem-detector": (_may("g", "core", "nodes"), _may("p", "core", "nodes/status"), _EVENTS),
    "system:node-proxier": (
        _may("lw", "core", "endpoints services"),
        _may("glw", "core", "nodes"),
        _EVENTS,
        _may("lw", "discovery.k8s.io", "endpointslices"),
    ),
    "system:persistent-volume-provisioner": (
        _may("cdglw", "core", "persistentvolumes"),
        _may("gluw", "core", "persistentvolumeclaims"),
        _may("glw", "storage.k8s.io", "storageclasses"),
        _may("w", "core", "events"),
        _EVENTS,
    ),
    "system:service-account-issuer-discovery": (_may_get("/.well-known/openid-configuration", "/openid/v1/jwks"),),
    "system:volume-scheduler": (
        _may("glpuw", "core", "persistentvolumes"),
        _may("glw", "storage.k8s.io", "storageclasses"),
        _may("glpuw", "core", "persistentvolumeclaims"),
    ),
}

#: Who has such a role from the beginning: kind and name of the subject, by the role.
BOUND: Mapping[str, tuple[str, str]] = {
    "system:kube-controller-manager": ("User", "system:kube-controller-manager"),
    "system:kube-scheduler": ("User", "system:kube-scheduler"),
    "system:monitoring": ("Group", "system:monitoring"),
    "system:node-proxier": ("User", "system:kube-proxy"),
    "system:service-account-issuer-discovery": ("Group", "system:serviceaccounts"),
    "system:volume-scheduler": ("User", "system:kube-scheduler"),
}

#: What an API server of one's own is bound to in kube-system, to learn whom the cluster's API vouches for.
READER = "extension-apiserver-authentication-reader"
READER_RULES = (_may("glw", "core", "configmaps", "extension-apiserver-authentication"),)
