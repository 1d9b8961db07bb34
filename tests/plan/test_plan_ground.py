"""The ground of a platform: what is derived, why, and that groups per zone go back to one line of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_leaves import leaves

from wavetank.plan import Plan, plan
from wavetank.plan.model import NodeGroup
from wavetank.plan.reasons import Default, Derived, nearest_reason
from wavetank.spec import load, load_text

PLATFORM = Path(__file__).parents[1] / "data" / "ground" / "platform.yaml"
BASE = """\
name: harbor
region: ap-southeast-2
accountId: "111122223333"
namespaces: [{name: harbor}]
"""
GROUP = "nodeGroups: [{name: general, instanceTypes: t3.medium, minSize: 1, maxSize: 3%s}]\n"


def planned(settings: str = "", addition: str = "") -> Plan:
    return plan(load_text(BASE + GROUP % settings + addition, "platform.yaml"))


def group_named(found: Plan, name: str) -> NodeGroup:
    return next(group for group in found.node_groups if group.name == name)


@pytest.fixture(scope="module", params=["dev", "production"])
def ground(request: pytest.FixtureRequest) -> Plan:
    return plan(load(PLATFORM, request.param))


def test_every_leaf_has_a_reason(ground: Plan) -> None:
    assert [path for path, _ in leaves(ground) if ground.reason(path) is None] == []


def test_what_a_value_derives_from_has_a_reason_itself(ground: Plan) -> None:
    reasons = ground.reasons
    origins = {origin for reason in reasons.values() if isinstance(reason, Derived) for origin in reason.from_paths}
    assert sorted(origin for origin in origins if nearest_reason(reasons, origin) is None) == []


def test_a_group_per_zone_has_the_subnet_of_its_zone_and_the_lines_of_its_family() -> None:
    found = plan(load(PLATFORM, "production"))
    split = [group for group in found.node_groups if group.family == "data"]
    assert [(group.name, group.subnets) for group in split] == [
        (f"data-ap-southeast-2{zone}", (f"private-ap-southeast-2{zone}",)) for zone in "abc"
    ]
    assert {group.labels["node-group"] for group in split} == {"data"}
    place = found.place("nodeGroups[data-ap-southeast-2b].maxSize")
    assert place is not None
    line = PLATFORM.read_text().splitlines()[place.line - 1]
    assert line.strip() == "maxSize: 2"


def test_a_group_that_is_not_split_keeps_its_name_and_labels() -> None:
    (group,) = planned(", labels: {a: b}").node_groups
    assert (group.name, group.family, group.labels) == ("general", "general", {"a": "b"})


def test_the_kubelet_admits_no_more_than_it_is_told_nor_than_there_are_addresses() -> None:
    assert [group.max_pods for group in planned(", kubelet: {maxPods: 8}").node_groups] == [8]
    (group,) = planned(", kubelet: {maxPods: 110}").node_groups
    assert (group.max_pods, group.pods_per_node) == (17, 110)


def test_the_kubelets_settings_are_those_of_kubelet_configuration() -> None:
    (group,) = planned(
        ", kubelet: {imageGCHighThresholdPercent: 70, cpuCFSQuota: false, evictionHard: {pid.available: 5%}}"
    ).node_groups
    assert group.kubelet == {
        "imageGCHighThresholdPercent": 70,
        "cpuCFSQuota": False,
        "evictionHard": {"pid.available": "5%"},
    }


def test_an_empty_group_tells_the_autoscaler_what_its_nodes_would_be() -> None:
    found = plan(load(PLATFORM, "dev"))
    base = "k8s.io/cluster-autoscaler"
    tags = group_named(found, "gpu").autoscaler_tags
    assert tags[f"{base}/quay-dev"] == "owned"
    assert tags[f"{base}/node-template/taint/nvidia.com/gpu"] == "present:NoSchedule"
    assert tags[f"{base}/node-template/resources/nvidia.com/gpu"] == "1"
    assert tags[f"{base}/node-template/resources/ephemeral-storage"] == "100Gi"
    assert tags[f"{base}/node-template/label/eks.amazonaws.com/nodegroup"] == "gpu"
    assert list(group_named(found, "system").autoscaler_tags) == [f"{base}/enabled", f"{base}/quay-dev"]


def test_without_an_autoscaler_no_group_is_tagged_for_one() -> None:
    assert planned().node_groups[0].autoscaler_tags == {}


def test_taints_may_be_written_as_kubectl_writes_them() -> None:
    (group,) = planned(", taints: ['nvidia.com/gpu=present:NoSchedule', 'old:NoExecute']").node_groups
    assert group.taints == (
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "old", "effect": "NoExecute"},
    )


# --- Karpenter --------------------------------------------------------------------------------------------------------

KARPENTER = "karpenter: {nodePools: [{name: a, %s}]}\n"


def test_a_pool_of_families_has_their_types_of_one_architecture() -> None:
    found = planned(addition=KARPENTER % "instanceFamilies: [m7i, m7g]").karpenter
    assert found is not None
    (pool,) = found.node_pools
    assert {name.partition(".")[0] for name in pool.instance_types} == {"m7i"}
    wanted = {each["key"]: each["values"] for each in pool.requirements}
    assert wanted["kubernetes.io/arch"] == ["amd64"]
    assert wanted["karpenter.k8s.aws/instance-family"] == ["m7i", "m7g"]
    assert wanted["karpenter.sh/capacity-type"] == ["on-demand"]


def test_a_pool_of_arm_machines_asks_for_arm() -> None:
    found = planned(addition=KARPENTER % "instanceTypes: m7g.large").karpenter
    assert found is not None
    assert {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]} in found.node_pools[0].requirements


def test_the_controller_may_do_only_what_carries_the_clusters_tags() -> None:
    found = planned(addition=KARPENTER % "instanceTypes: m7g.large")
    (role,) = [role for role in found.pod_roles if role.service_account == "karpenter"]
    by_name = {statement["Sid"]: statement for statement in role.statements}
    tag = "aws:ResourceTag/kubernetes.io/cluster/harbor-production"
    assert by_name["Stop"]["Condition"]["StringEquals"] == {tag: "owned"}
    assert by_name["PassNodeRole"]["Resource"] == ["arn:aws:iam::111122223333:role/harbor-production-karpenter-node"]
    assert by_name["Interruptions"]["Resource"] == [
        "arn:aws:sqs:ap-southeast-2:111122223333:harbor-production-karpenter"
    ]


def test_the_chart_knows_its_cluster_and_its_queue() -> None:
    (release,) = planned(addition=KARPENTER % "instanceTypes: m7g.large").helm_releases
    assert release.values["settings"] == {
        "clusterName": "harbor-production",
        "interruptionQueue": "harbor-production-karpenter",
    }


def test_what_the_author_says_of_the_chart_wins() -> None:
    listed = "helmReleases: [{name: karpenter, values: {settings: {interruptionQueue: mine}}}]\n"
    (release,) = planned(addition=listed + KARPENTER % "instanceTypes: m7g.large").helm_releases
    assert release.values["settings"] == {"clusterName": "harbor-production", "interruptionQueue": "mine"}


def test_without_a_queue_nobody_may_read_one() -> None:
    addition = KARPENTER.replace("{nodePools", "{interruptionQueue: false, nodePools") % "instanceTypes: m7g.large"
    found = planned(addition=addition)
    assert found.karpenter is not None
    assert found.karpenter.queue is None
    assert "Interruptions" not in str([role.statements for role in found.pod_roles])


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_state_of_each_environment_has_a_key_of_its_own() -> None:
    keys = [plan(load(PLATFORM, each)).state_backend for each in ("dev", "production")]
    assert [each.key for each in keys if each] == ["quay/dev.tfstate", "quay/production.tfstate"]
    assert [each.lock_file for each in keys if each] == [True, False]


def test_pod_identity_brings_its_agent() -> None:
    assert "eks-pod-identity-agent" not in [each.name for each in planned().add_ons]
    assert "eks-pod-identity-agent" in [each.name for each in planned(addition="podIdentity: podIdentity\n").add_ons]


def test_a_platform_without_the_sections_has_nothing_of_them() -> None:
    found = planned()
    assert (found.karpenter, found.dns, found.state_backend) == (None, None, None)
    assert (found.file_systems, found.terraform_files, found.manifests) == ((), (), ())
    assert found.network.interface_endpoints == ()
    assert isinstance(found.reasons["stateBackend"], Default)


def test_a_file_system_is_encrypted_backed_up_and_grows_cold() -> None:
    (found,) = planned(addition="fileSystems: [{name: models}]\n").file_systems
    assert (found.encrypted, found.backup, found.infrequent_after_days) == (True, True, 30)
    assert found.subnets == ("private-ap-southeast-2a", "private-ap-southeast-2b")
