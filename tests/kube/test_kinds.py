"""Discovery lists what a real 1.36 server lists."""

from __future__ import annotations

import pytest

from wavetank.kube.kinds import BUILT_IN, resource_of, resource_of_plural, verbs_of_subresource

# `kubectl api-versions` of a 1.36 server with metrics-server.
API_VERSIONS = """
admissionregistration.k8s.io/v1 apiextensions.k8s.io/v1 apiregistration.k8s.io/v1 apps/v1 authentication.k8s.io/v1
authorization.k8s.io/v1 autoscaling/v1 autoscaling/v2 batch/v1 certificates.k8s.io/v1 coordination.k8s.io/v1
discovery.k8s.io/v1 events.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1 metrics.k8s.io/v1beta1 networking.k8s.io/v1
node.k8s.io/v1 policy/v1 rbac.authorization.k8s.io/v1 resource.k8s.io/v1 scheduling.k8s.io/v1 storage.k8s.io/v1 v1
"""

# `kubectl api-resources --verbs=list,delete,patch --namespaced -o name --sort-by=name`.
NAMESPACED = """
configmaps controllerrevisions.apps cronjobs.batch csistoragecapacities.storage.k8s.io daemonsets.apps deployments.apps
endpoints endpointslices.discovery.k8s.io events events.events.k8s.io horizontalpodautoscalers.autoscaling
ingresses.networking.k8s.io jobs.batch leases.coordination.k8s.io limitranges networkpolicies.networking.k8s.io
persistentvolumeclaims poddisruptionbudgets.policy pods podtemplates replicasets.apps replicationcontrollers
resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io secrets serviceaccounts services statefulsets.apps
"""

# `kubectl api-resources --categories=all -o name`: also the order of `kubectl get all`.
IN_ALL = """
pods replicationcontrollers services daemonsets.apps deployments.apps replicasets.apps statefulsets.apps
horizontalpodautoscalers.autoscaling cronjobs.batch jobs.batch
"""


def test_every_group_version_of_a_real_server_is_served() -> None:
    assert sorted({r.api_version for r in BUILT_IN}) == API_VERSIONS.split()


def test_namespaced_kinds_that_can_be_listed_and_changed() -> None:
    wanted = {"list", "delete", "patch"}
    assert sorted({r.key for r in BUILT_IN if r.namespaced and wanted <= set(r.verbs)}) == NAMESPACED.split()


def test_category_all_is_in_discovery_order() -> None:
    keys = [r.key for r in BUILT_IN if "all" in r.categories]
    assert list(dict.fromkeys(keys)) == IN_ALL.split()


def test_names_of_a_group_are_sorted() -> None:
    for api_version in {r.api_version for r in BUILT_IN}:
        plurals = [r.plural for r in BUILT_IN if r.api_version == api_version]
        assert plurals == sorted(plurals)


def test_lookup_gives_the_preferred_version() -> None:
    assert resource_of("autoscaling", "HorizontalPodAutoscaler").version == "v2"
    assert resource_of_plural("", "pods").kind == "Pod"
    with pytest.raises(KeyError):
        resource_of("extensions", "Deployment")


def test_subresources_say_their_kind_and_verbs() -> None:
    pods = dict(resource_of("", "Pod").subresources)
    assert pods["eviction"] == ("policy", "v1", "Eviction")
    assert pods["status"] == ("", "v1", "Pod")
    assert dict(resource_of("apps", "Deployment").subresources)["scale"] == ("autoscaling", "v1", "Scale")
    for resource in BUILT_IN:
        assert list(resource.subresources) == sorted(resource.subresources)
        assert all(verbs_of_subresource(name) for name, _ in resource.subresources)


def test_verbs_that_are_not_the_usual_ones() -> None:
    assert resource_of("", "Binding").verbs == ("create",)
    assert resource_of("", "ComponentStatus").verbs == ("get", "list")
    assert resource_of("metrics.k8s.io", "PodMetrics").verbs == ("get", "list")
    assert "deletecollection" not in resource_of("", "Namespace").verbs
