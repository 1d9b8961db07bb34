"""Components install what the real ones install, and what they do happens only while they run."""

from __future__ import annotations

import pytest
from nodes_kit import World, template

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components import COMPONENTS, NetworkPlugin, StandIns, UnknownComponentError, install, uninstall
from wavetank.twin.components.load_balancer_controller import LABELS, NAME
from wavetank.twin.components.registry import acts
from wavetank.twin.components.service_load_balancers import TYPE_ANNOTATION, is_ours
from wavetank.twin.components.vpc_cni import LABELS as CNI_LABELS
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers, Target
from wavetank.twin.nodes.runtime import ModelledRuntime

NAMES = [component.name for component in COMPONENTS]
WORKLOADS = ("deployments.apps", "daemonsets.apps")


def cluster() -> Cluster:
    return new_cluster(Engine(seed=2))


def workloads(where: Cluster) -> dict[str, Obj]:
    return {obj["metadata"]["name"]: obj for key in WORKLOADS for obj in where.list(key)}


@pytest.mark.parametrize("name", NAMES)
def test_every_component_installs_upgrades_and_uninstalls_without_a_trace(name: str) -> None:
    there = cluster()
    before = {key: len(there.list(key)) for key in there.store.resource_keys() if key != "events"}
    stored = install(there, name, "v1.0.0-eksbuild.1", {}, region="ap-southeast-2")
    assert any(obj["kind"] in ("Deployment", "DaemonSet", "CustomResourceDefinition") for obj in stored)
    again = install(there, name, "v1.1.0-eksbuild.1", {}, region="ap-southeast-2")
    for obj in again:
        # The catalogue names the images of its charts with the version of the application.
        if obj["kind"] in ("Deployment", "DaemonSet") and name not in ("keda", "vpa"):
            image = obj["spec"]["template"]["spec"]["containers"][0]["image"]
            assert image.endswith(":v1.1.0-eksbuild.1")
            assert any(where in image for where in ("ap-southeast-2", "public.ecr.aws", "registry.k8s.io"))
    uninstall(there, name)
    there.engine.run_for(60.0)
    left = {key: len(there.list(key)) for key in there.store.resource_keys() if key != "events"}
    left = {key: count - before.get(key, 0) for key, count in left.items()}
    kept = ("namespaces", "customresourcedefinitions.apiextensions.k8s.io")
    assert not {key: count for key, count in left.items() if count and key not in kept}


def test_an_unknown_component_is_refused_with_the_nearest_known_name() -> None:
    with pytest.raises(UnknownComponentError, match="did you mean coredns"):
        install(cluster(), "coredn", "v1")
    with pytest.raises(UnknownComponentError, match="no stand-in for the component 'nobody-knows-it'"):
        uninstall(cluster(), "nobody-knows-it")


@pytest.mark.parametrize(
    "name", ["kube-prometheus-stack", "velero", "istiod", "istio-base", "snapshot-controller", "argo-cd"]
)
def test_what_the_catalogue_knows_of_a_component_stands_in_its_place(name: str) -> None:
    there = cluster()
    stored = install(there, name, "1.2.3")
    again = install(there, name, "1.2.4")
    assert [obj["kind"] for obj in again] == [obj["kind"] for obj in stored]
    assert any(obj["kind"] in ("Deployment", "CustomResourceDefinition") for obj in stored)
    uninstall(there, name)
    assert workloads(there) == {}
    assert not acts(name)


def test_the_definitions_of_a_chart_are_served() -> None:
    there = cluster()
    install(there, "keda", "2.18.0")
    there.engine.run_for(5.0)
    spec = {"scaleTargetRef": {"name": "worker"}, "triggers": [{"type": "cron", "metadata": {}}]}
    scaled = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "w", "namespace": "default"},
    }
    assert there.create({**scaled, "spec": spec})["metadata"]["name"] == "w"


def test_configuration_reaches_the_workloads() -> None:
    there = cluster()
    resources = {"requests": {"cpu": "200m", "memory": "128Mi"}}
    tolerations = [{"key": "system", "operator": "Exists"}]
    install(there, "coredns", "v1", {"replicaCount": 3, "resources": resources, "tolerations": tolerations})
    spec = workloads(there)["coredns"]["spec"]
    assert spec["replicas"] == 3
    pod = spec["template"]["spec"]
    assert pod["containers"][0]["resources"]["requests"] == resources["requests"]
    assert pod["tolerations"][0]["key"] == "system"
    install(there, "vpc-cni", "v1", {"env": {"ENABLE_PREFIX_DELEGATION": "true"}})
    variables = workloads(there)["aws-node"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "ENABLE_PREFIX_DELEGATION", "value": "true"} in variables


def test_node_agents_run_everywhere_and_before_everything() -> None:
    there = cluster()
    for name in NAMES:
        install(there, name, "v1")
    pods = {name: obj["spec"]["template"]["spec"] for name, obj in workloads(there).items()}
    for name in ("aws-node", "kube-proxy", "eks-pod-identity-agent", "ebs-csi-node"):
        assert pods[name]["priorityClassName"] == "system-node-critical"
        assert {"operator": "Exists"} in pods[name]["tolerations"]
    assert pods["aws-node"]["hostNetwork"]
    assert pods["coredns"]["priorityClassName"] == "system-cluster-critical"


class Installed(World):
    """A world in which somebody else may put pods of components on the machine."""

    def component_pod(self, name: str, labels: dict[str, str], **spec: object) -> None:
        if self.cluster.find("serviceaccounts", "kube-system", "default") is None:
            account = {"name": "default", "namespace": "kube-system"}
            self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
        metadata = {"name": name, "namespace": "kube-system", "labels": labels}
        containers = [{"name": "main", "image": f"registry.example/{name}:1"}]
        full = {"containers": containers, "nodeName": self.machine.name, "restartPolicy": "Always", **spec}
        self.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": full})


def service(**spec: object) -> Obj:
    metadata = {"name": "web", "namespace": "default"}
    full = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": full}


def slice_of(*endpoints: tuple[str, bool]) -> Obj:
    metadata = {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": ready}} for address, ready in endpoints],
    }


def test_a_network_load_balancer_follows_the_ready_endpoints() -> None:
    world = Installed()
    balancers = ModelledLoadBalancers()
    StandIns(world.cluster, balancers)
    world.component_pod("controller", LABELS)
    world.cluster.create(service(loadBalancerClass="service.k8s.aws/nlb"))
    world.cluster.create(slice_of(("10.0.0.1", True), ("10.0.0.2", False)))
    world.after(2.0)
    assert balancers.targets["default/web", 80] == (Target("10.0.0.1", 8080),)
    ingress = world.cluster.get("services", "default", "web")["status"]["loadBalancer"]["ingress"]
    assert ingress == [{"ip": "127.96.0.2", "ipMode": "VIP"}]
    world.cluster.modify(
        "endpointslices.discovery.k8s.io",
        "default",
        "web-1",
        lambda old: {**old, **_endpoints(slice_of(("10.0.0.2", True)))},
    )
    world.after(3.0)
    assert balancers.targets["default/web", 80] == (Target("10.0.0.2", 8080),)
    world.cluster.delete("services", "default", "web")
    world.after(4.0)
    assert world.cluster.find("services", "default", "web") is None
    assert balancers.targets == {}


def _endpoints(endpoint_slice: Obj) -> Obj:
    return {"endpoints": endpoint_slice["endpoints"]}


def test_a_deleted_service_waits_for_the_controller_that_has_to_clean_up() -> None:
    world = Installed()
    StandIns(world.cluster, ModelledLoadBalancers())
    world.component_pod("controller", LABELS)
    world.cluster.create(service(loadBalancerClass="service.k8s.aws/nlb"))
    world.after(2.0)
    world.cluster.delete("pods", "kube-system", "controller", grace_seconds=0)
    world.after(5.0)
    world.cluster.delete("services", "default", "web")
    world.after(60.0)
    assert world.cluster.get("services", "default", "web")["metadata"]["deletionTimestamp"]
    world.component_pod("controller-2", LABELS)
    world.after(65.0)
    assert world.cluster.find("services", "default", "web") is None


def test_only_services_of_its_class_or_type_are_the_controllers() -> None:
    assert is_ours(service(loadBalancerClass="service.k8s.aws/nlb"))
    assert not is_ours(service())
    assert not is_ours(service(type="ClusterIP"))
    assert not is_ours(service(loadBalancerClass="example.com/other"))
    annotated = service()
    annotated["metadata"]["annotations"] = {TYPE_ANNOTATION: "external"}
    assert is_ours(annotated)
    assert NAME in NAMES


def test_nodes_become_ready_when_the_network_plugin_runs_on_them() -> None:
    engine = Engine(seed=4)
    there = Cluster(engine)
    plugin = NetworkPlugin(there)
    fleet = Fleet(there, ModelledRuntime(engine), FleetOptions(network_ready=plugin))
    machine = fleet.start(template())
    engine.run_until(60.0)
    assert _ready(there, machine.name) == "False"
    metadata = {"name": "aws-node-1", "namespace": "kube-system", "labels": CNI_LABELS}
    containers = [{"name": "aws-node", "image": "registry.example/cni:1"}]
    spec = {"containers": containers, "nodeName": machine.name, "hostNetwork": True, "restartPolicy": "Always"}
    there.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    engine.run_until(70.0)
    assert _ready(there, machine.name) == "True"
    assert there.get("pods", "kube-system", "aws-node-1")["status"]["podIP"] == machine.address


def _ready(there: Cluster, name: str) -> str:
    conditions = there.get("nodes", "", name)["status"]["conditions"]
    return next(str(c["status"]) for c in conditions if c["type"] == "Ready")
