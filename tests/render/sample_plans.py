"""A small platform as a plan, built by hand: tests of rendering change what they are about with ``dataclasses.replace``."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from sample_operations import operations
from serverless_sample import serverless

from wavetank.plan.model import (
    AccessEntry,
    AccessPolicy,
    AddOn,
    Autoscaling,
    Certificate,
    Cluster,
    ConfigMap,
    Container,
    ControlPlaneLogs,
    CostAssumptions,
    Disk,
    DisruptionBudget,
    Dns,
    Endpoint,
    FileSystem,
    FlowLogs,
    GitOps,
    HelmRelease,
    Karpenter,
    LimitRange,
    LoadBalancer,
    Namespace,
    NatGateway,
    Network,
    NetworkPolicy,
    NodeGroup,
    NodePool,
    Objectives,
    Plan,
    PodRole,
    PodSettings,
    Quota,
    Repository,
    Role,
    RoleBinding,
    SecretStore,
    Service,
    ServiceAccount,
    ServiceMonitor,
    StateBackend,
    Subnet,
    Traffic,
    UserFile,
    Workload,
)
from wavetank.plan.reasons import Default, Derived, Stated

SPEC = "platform.yaml"
ZONES = ("ap-southeast-2a", "ap-southeast-2b")


def network() -> Network:
    subnets = tuple(
        Subnet(f"{kind}-{zone}", f"10.0.{16 * at + (0 if kind == 'public' else 128)}.0/20", zone, kind == "public")
        for kind in ("public", "private")
        for at, zone in enumerate(ZONES)
    )
    gateway = NatGateway("nat-ap-southeast-2a", "public-ap-southeast-2a", ZONES)
    return Network("10.0.0.0/16", ZONES, subnets, "single", (gateway,), FlowLogs("ALL", 30, 600), ("s3",), ("sts",))


def cluster() -> Cluster:
    view = AccessPolicy("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", ("harbor",))
    admin = AccessPolicy("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", ())
    return Cluster(
        name="tug-production",
        version="1.36",
        support_type="STANDARD",
        service_cidr="172.20.0.0/16",
        endpoint=Endpoint(public=True, private=True, public_access_cidrs=("203.0.113.0/24",)),
        logs=ControlPlaneLogs(("api", "audit"), 90),
        secrets_encryption=True,
        authentication_mode="API",
        bootstrap_creator_admin=True,
        access_entries=(
            AccessEntry("crew", "arn:aws:iam::123456789012:role/crew", ("crew",), (view, admin)),
            AccessEntry("pilot", "arn:aws:iam::123456789012:user/pilot", (), ()),
        ),
        deletion_protection=False,
    )


def node_groups() -> tuple[NodeGroup, ...]:
    private = tuple(f"private-{zone}" for zone in ZONES)
    general = NodeGroup(
        name="general",
        family="general",
        instance_types=("t3.medium",),
        capacity_type="ON_DEMAND",
        ami_type="AL2023_x86_64_STANDARD",
        disk=Disk(30, "gp3", True),
        min_size=1,
        desired_size=2,
        max_size=4,
        labels={"tier": "general", "example.com/rank": "1"},
        taints=(),
        subnets=private,
        max_unavailable="1",
        metadata_hop_limit=1,
        max_pods=17,
        pods_per_node=None,
        kubelet={"maxPods": 17, "systemReserved": {"cpu": "100m"}},
        autoscaler_tags={"k8s.io/cluster-autoscaler/enabled": "true"},
    )
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    gpu = NodeGroup(
        name="gpu-spot",
        family="gpu-spot",
        instance_types=("g5.xlarge", "g5.2xlarge"),
        capacity_type="SPOT",
        ami_type="BOTTLEROCKET_x86_64_NVIDIA",
        disk=Disk(100, "gp3", True),
        min_size=0,
        desired_size=0,
        max_size=2,
        labels={},
        taints=(taint,),
        subnets=private[:1],
        max_unavailable="33%",
        metadata_hop_limit=1,
        max_pods=58,
        pods_per_node=None,
        kubelet={},
        autoscaler_tags={},
    )
    return (general, gpu)


def karpenter() -> Karpenter:
    requirement = {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}
    pool = NodePool(
        name="flexible",
        requirements=(requirement,),
        instance_types=("m7i.large", "m7i.xlarge"),
        capacity_types=("spot",),
        zones=ZONES,
        labels={"tier": "flexible"},
        taints=({"key": "spot", "effect": "NoSchedule"},),
        limits={"cpu": "100", "memory": "400Gi"},
        weight=10,
        consolidation_policy="WhenEmptyOrUnderutilized",
        consolidate_after="1m",
        expire_after="720h",
        disruption_budget="10%",
        disk=Disk(50, "gp3", True),
        ami_alias="al2023@latest",
    )
    return Karpenter((pool,), "tug-production-karpenter-node", "tug-production-karpenter")


def add_ons() -> tuple[AddOn, ...]:
    cni = {"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true"}}
    return (
        AddOn("vpc-cni", None, cni, "kube-system", "aws-node", "tug-vpc-cni", before_nodes=True),
        AddOn("kube-proxy", None, {}, "kube-system", "kube-proxy", None, before_nodes=True),
        AddOn("coredns", "v1.12.4-eksbuild.1", {}, "kube-system", "coredns", None, before_nodes=False),
    )


def pod_roles() -> tuple[PodRole, ...]:
    secret = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:tug/api-??????"
    read = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [secret]}
    scale = {
        "Sid": "Scale",
        "Effect": "Allow",
        "Action": ["ec2:DescribeSubnets", "ec2:DescribeVpcs"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:ResourceTag/owner": "${aws:PrincipalTag/owner}"}},
    }
    cni = ("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",)
    return (
        PodRole("tug-vpc-cni", "kube-system", "aws-node", (), cni),
        PodRole("tug-api", "harbor", "api", (read,), ()),
        PodRole("tug-lbc", "kube-system", "aws-load-balancer-controller", (scale,), ()),
    )


def workload() -> Workload:
    labels = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "tug"}
    probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 10}
    container = Container(
        name="api",
        image="123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/tug-api:1.0.0",
        image_pull_policy="IfNotPresent",
        command=(),
        args=("--port", "5000", "on"),
        ports=({"name": "http", "containerPort": 5000, "protocol": "TCP"},),
        env=(
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token", "optional": True}}},
        ),
        env_from=({"configMapRef": {"name": "api-config"}},),
        resources={"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        startup_probe=probe | {"failureThreshold": 30},
        readiness_probe=probe,
        liveness_probe=probe,
        security_context={"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        lifecycle=None,
        volume_mounts=({"name": "tmp", "mountPath": "/tmp"},),
    )
    scaling = Autoscaling(
        "api",
        2,
        10,
        (
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            },
        ),
        {"scaleDown": {"stabilizationWindowSeconds": 300}},
        None,
    )
    return Workload(
        name="api",
        namespace="harbor",
        kind="Deployment",
        runs="model-server",
        team=None,
        replicas=2,
        labels=labels,
        selector_labels=labels,
        pod_annotations={},
        containers=(container,),
        init_containers=(),
        volumes=({"name": "tmp", "emptyDir": {}},),
        storage=(),
        service_account=ServiceAccount("api", False, "tug-api"),
        security_context={"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        affinity=None,
        topology_spread_constraints=(
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            },
        ),
        tolerations=(),
        node_selector={},
        pod=PodSettings(None, False, False, None, None, (), 0, None),
        restart_policy="Always",
        termination_grace_period_seconds=30,
        strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        min_ready_seconds=0,
        revision_history_limit=5,
        progress_deadline_seconds=600,
        config=ConfigMap("api-config", {"RANDOM_STATE": "42", "DEBUG": "no", "settings.ini": "[a]\nb = 1\n"}),
        disruption_budget=DisruptionBudget("api", 1, None, "AlwaysAllow"),
        autoscaling=scaling,
        vertical_autoscaling=None,
        stateful=None,
        job=None,
        cron=None,
        connections=None,
        model=None,
    )


def services() -> tuple[Service, ...]:
    selector = workload().selector_labels
    balancer = LoadBalancer(
        "internet-facing", "ip", True, True, tuple(f"public-{zone}" for zone in ZONES), "/ready", 30
    )
    scheme = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}
    inside = ({"name": "http", "port": 5000, "targetPort": "http", "protocol": "TCP"},)
    outside = ({"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},)
    return (
        Service("api", "harbor", "ClusterIP", "api", selector, inside, {}, False, False, None, None, None, (), None),
        Service(
            "api-lb",
            "harbor",
            "LoadBalancer",
            "api",
            selector,
            outside,
            scheme,
            False,
            False,
            None,
            None,
            "service.k8s.aws/nlb",
            ("203.0.113.0/24",),
            balancer,
        ),
    )


def gitops() -> GitOps:
    waves = {"aws-load-balancer-controller": 0, "harbor-crds": 1, "tug": 2}
    return GitOps("https://github.com/example/harbour.git", "fleet", "main", "tug", "argocd", True, True, 5, waves)


def no_costs() -> CostAssumptions:
    """Whatever quantities there are, none of each."""
    quantities: dict[str, Any] = {field.name: Decimal(0) for field in fields(CostAssumptions)}
    maps: dict[str, Any] = {name: {} for name in ("prices", "spot_savings", "node_hours")}
    return CostAssumptions(**(quantities | maps | {"commitments": ()}))


def no_objectives() -> Objectives:
    nothing: dict[str, Any] = {field.name: None for field in fields(Objectives)}
    return Objectives(**nothing)


def sample_plan() -> Plan:
    """Every part of the model is used at least once, so that a renderer that forgets one is seen."""
    deny_all = {"podSelector": {"matchLabels": workload().selector_labels}, "policyTypes": ["Ingress"]}
    return Plan(
        name="tug",
        environment="production",
        region="ap-southeast-2",
        account_id="123456789012",
        tags={"platform": "tug", "environment": "production"},
        network=network(),
        cluster=cluster(),
        node_groups=node_groups(),
        karpenter=karpenter(),
        add_ons=add_ons(),
        helm_releases=(
            HelmRelease(
                "aws-load-balancer-controller",
                "aws-load-balancer-controller",
                "https://aws.github.io/eks-charts",
                "1.14.0",
                "kube-system",
                {"clusterName": "tug-production", "region": "ap-southeast-2", "replicaCount": 2},
                "aws-load-balancer-controller",
                "tug-lbc",
            ),
            HelmRelease(
                "harbor-crds", "crds", "oci://registry.example.com/charts", "2.0.0", "monitoring", {}, None, None
            ),
        ),
        pod_roles=pod_roles(),
        repositories=(
            Repository("tug-api", "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/tug-api", True, True, 30, 14),
        ),
        secrets=(SecretStore("tug/api", "Keys of the api", 7, ("tug-api",), None, None),),
        file_systems=(
            FileSystem(
                "shared",
                "generalPurpose",
                "elastic",
                None,
                True,
                Decimal(100),
                30,
                90,
                True,
                tuple(f"private-{zone}" for zone in ZONES),
            ),
        ),
        dns=Dns("example.com", True, (Certificate("api", ("api.example.com", "*.api.example.com")),)),
        serverless=serverless(),
        pod_identity="irsa",
        state_backend=StateBackend("tug-state", "tug/production.tfstate", "ap-southeast-2", True, None, None),
        terraform_files=(UserFile("artifacts.tf", "own/artifacts.tf", ('resource "terraform_data" "own" {}',)),),
        manifests=(UserFile("extra.yaml", "own/extra.yaml", ("apiVersion: v1", "kind: List", "items: []")),),
        secret_readers=(),
        external_secrets=(),
        sealed_secrets=(),
        namespaces=(
            Namespace(
                "harbor",
                {"pod-security.kubernetes.io/enforce": "restricted"},
                "restricted",
                Quota("quota", {"requests.cpu": "4", "requests.memory": "8Gi", "pods": "20"}, (), None),
                (),
                LimitRange("limits", ({"type": "Container", "default": {"cpu": "500m"}},)),
                ("Ingress", "Egress"),
            ),
        ),
        storage_classes=(),
        priority_classes=(),
        workloads=(workload(),),
        services=services(),
        ingresses=(),
        certificate_issuers=(),
        mesh=None,
        analysis_templates=(),
        network_policies=(NetworkPolicy("api", "harbor", "api", deny_all),),
        roles=(Role("reader", "harbor", ({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},)),),
        role_bindings=(
            RoleBinding(
                "reader", "harbor", "reader", ({"kind": "ServiceAccount", "name": "api", "namespace": "harbor"},)
            ),
        ),
        service_monitors=(
            ServiceMonitor("api", "harbor", {"release": "prometheus"}, "api", ({"port": "http", "interval": "30s"},)),
        ),
        **operations(),
        gitops=gitops(),
        traffic=Traffic(Decimal(1), Decimal(5), Decimal(1), Decimal(1)),
        cost=no_costs(),
        objectives=no_objectives(),
        suppressions=(),
        local=(),
        spec_file=SPEC,
        reasons={
            "name": Stated(SPEC, 1, 7),
            "cluster.version": Stated(SPEC, 9, 12),
            "cluster.name": Derived(("name",), "platform and environment"),
            "nodeGroups[general].maxSize": Stated(SPEC, 14, 5),
            "nodeGroups[general].metadataHopLimit": Default(
                "IMDS1", "pods must not take the node's credentials", "CIS"
            ),
        },
    )
