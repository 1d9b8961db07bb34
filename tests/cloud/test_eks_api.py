"""The contract of the EKS API as boto3 sees it, and the events that follow."""

from __future__ import annotations

import base64
import itertools
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from kit import REGION, ROLE, Heard, client, cluster, node_group, two_subnets

from wavetank.cloud import Cloud, ClusterEndpoint, ClusterRef
from wavetank.cloud.eks.api import operations
from wavetank.cloud.eks.nodegroups import default_ami_type
from wavetank.cloud.events import (
    AddonCreated,
    AddonDeleted,
    AddonUpdated,
    ClusterCreated,
    ClusterUpdated,
    NodeGroupCreated,
    NodeGroupDeleted,
    NodeGroupUpdated,
    PodIdentityChanged,
    Subnet,
    Taint,
)
from wavetank.cloud.naming import service_model


def test_every_handler_is_for_an_operation_that_botocore_knows() -> None:
    assert operations().keys() <= set(service_model("eks").operation_names)


def test_a_cluster_is_described_with_all_that_eks_fills_in(cloud: Cloud) -> None:
    made = cluster(cloud, version="1.34", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    shown = client(cloud, "eks").describe_cluster(name="c")["cluster"]
    assert shown == made
    assert shown["status"] == "ACTIVE"
    assert shown["version"] == "1.34"
    network = shown["resourcesVpcConfig"]
    assert network["vpcId"].startswith("vpc-")
    assert network["clusterSecurityGroupId"].startswith("sg-")
    assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (True, False)
    assert network["publicAccessCidrs"] == ["0.0.0.0/0"]
    assert shown["logging"]["clusterLogging"][0] == {"types": ["api"], "enabled": True}
    assert shown["accessConfig"] == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}
    assert shown["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert shown["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    assert shown["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")


def test_the_owner_gives_a_new_cluster_its_endpoint_before_listeners_hear_of_it(heard: Heard) -> None:
    seen: list[int] = []

    def endpoint(created: ClusterCreated) -> ClusterEndpoint:
        seen.append(len(heard.events))
        return ClusterEndpoint(f"https://127.0.0.1:16443/{created.cluster.name}", "-----BEGIN CERTIFICATE-----\n")

    with Cloud(endpoints=endpoint, listeners=[heard]) as cloud:
        made = cluster(cloud)
    assert made["endpoint"] == "https://127.0.0.1:16443/c"
    assert base64.b64decode(made["certificateAuthority"]["data"]).startswith(b"-----BEGIN")
    assert seen == [0]


def test_a_cluster_whose_control_plane_does_not_start_has_never_existed() -> None:
    def nothing(created: ClusterCreated) -> ClusterEndpoint:
        raise RuntimeError("no port left")

    heard = Heard()
    with Cloud(endpoints=nothing, listeners=[heard]) as cloud:
        with pytest.raises(ClientError, match="no port left"):
            cluster(cloud)
        assert heard.events == []
        assert client(cloud, "eks").list_clusters()["clusters"] == []
        groups = client(cloud, "ec2").describe_security_groups()["SecurityGroups"]
        assert {group["GroupName"] for group in groups} == {"default"}


def test_events_tell_of_a_cluster_in_plain_facts(cloud: Cloud, heard: Heard) -> None:
    made = cluster(cloud, bootstrapSelfManagedAddons=False, tags={"team": "ml"})
    created: ClusterCreated = heard.of(ClusterCreated)[0]
    assert created.cluster == ClusterRef("111122223333", REGION, "c")
    facts = created.facts
    assert (facts.vpc_cidr, facts.service_cidr) == ("10.0.0.0/16", "172.20.0.0/16")
    subnets = made["resourcesVpcConfig"]["subnetIds"]
    assert facts.subnets == (
        Subnet(subnets[0], f"{REGION}a", "10.0.0.0/24"),
        Subnet(subnets[1], f"{REGION}b", "10.0.1.0/24"),
    )
    assert not facts.self_managed_addons
    assert facts.tags == {"team": "ml"}
    assert cloud.clusters() == (created.cluster,)


def test_versions_that_eks_does_not_offer_are_refused(cloud: Cloud) -> None:
    subnets = two_subnets(cloud)
    for version in ("1.22", "1.99", "latest"):
        with pytest.raises(ClientError, match=r"InvalidParameterException.*unsupported Kubernetes version"):
            cluster(cloud, version=version, subnets=subnets)


def test_one_zone_is_not_enough_for_a_cluster(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="at least two different AZs"):
        cluster(cloud, subnets=two_subnets(cloud)[:1])


def test_names_are_taken_once_and_what_is_absent_is_not_found(cloud: Cloud) -> None:
    made = cluster(cloud)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster(cloud, subnets=made["resourcesVpcConfig"]["subnetIds"])
    eks = client(cloud, "eks")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*No cluster found for name: other"):
        eks.describe_cluster(name="other")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_nodegroup(clusterName="c", nodegroupName="g")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_addon(clusterName="c", addonName="coredns")


def test_wrong_parameters_are_refused_by_the_model_of_the_api(cloud: Cloud) -> None:
    request = urllib.request.Request(cloud.url + "/clusters", data=json.dumps({"name": 5}).encode(), method="POST")
    scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/eks/aws4_request, SignedHeaders=host, Signature=0"
    request.add_header("Authorization", scope)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    assert b"roleArn" in refused.value.read()


def test_a_version_goes_up_by_one_minor_at_a_time(cloud: Cloud, heard: Heard) -> None:
    cluster(cloud, version="1.33")
    eks = client(cloud, "eks")
    with pytest.raises(ClientError, match="Unsupported Kubernetes minor version update from"):
        eks.update_cluster_version(name="c", version="1.35")
    update = eks.update_cluster_version(name="c", version="1.34")["update"]
    assert eks.describe_update(name="c", updateId=update["id"])["update"]["status"] == "Successful"
    assert eks.list_updates(name="c")["updateIds"] == [update["id"]]
    changed: ClusterUpdated = heard.of(ClusterUpdated)[0]
    assert (changed.previous.version, changed.facts.version) == ("1.33", "1.34")


def test_configuration_changes_one_part_and_keeps_the_rest(cloud: Cloud) -> None:
    cluster(cloud, logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]})
    eks = client(cloud, "eks")
    off = {"clusterLogging": [{"types": ["api"], "enabled": False}]}
    assert eks.update_cluster_config(name="c", logging=off)["update"]["type"] == "LoggingUpdate"
    eks.update_cluster_config(name="c", resourcesVpcConfig={"endpointPrivateAccess": True})
    eks.update_cluster_config(name="c", upgradePolicy={"supportType": "STANDARD"})
    shown = eks.describe_cluster(name="c")["cluster"]
    assert shown["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True}
    assert shown["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert shown["resourcesVpcConfig"]["endpointPublicAccess"]
    assert shown["upgradePolicy"] == {"supportType": "STANDARD"}
    with pytest.raises(ClientError, match="cannot be false"):
        eks.update_cluster_config(
            name="c", resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": False}
        )


def test_deletion_waits_for_node_groups_and_removes_the_security_group(cloud: Cloud, heard: Heard) -> None:
    made = cluster(cloud)
    node_group(cloud, made)
    eks, ec2 = client(cloud, "eks"), client(cloud, "ec2")
    with pytest.raises(ClientError, match="Cluster has nodegroups attached"):
        eks.delete_cluster(name="c")
    eks.delete_nodegroup(clusterName="c", nodegroupName="g")
    assert eks.delete_cluster(name="c")["cluster"]["status"] == "DELETING"
    groups = [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]]
    assert set(groups) == {"default"}
    assert heard.names[-1] == "ClusterDeleted"
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert client(cloud, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_node_group_is_told_in_kubernetes_words(cloud: Cloud, heard: Heard) -> None:
    made = cluster(cloud, version="1.34")
    node_group(
        cloud,
        made,
        instanceTypes=["m7g.large", "m6g.large"],
        capacityType="SPOT",
        labels={"tier": "api"},
        taints=[{"key": "gpu", "value": "yes", "effect": "NO_SCHEDULE"}, {"key": "old", "effect": "NO_EXECUTE"}],
        diskSize=50,
    )
    group = heard.of(NodeGroupCreated)[0].group
    assert group.instance_types == ("m7g.large", "m6g.large")
    assert (group.capacity_type, group.ami_type) == ("SPOT", "AL2023_ARM_64_STANDARD")
    assert group.labels == {"tier": "api"}
    assert group.taints == (Taint("gpu", "yes", "NoSchedule"), Taint("old", "", "NoExecute"))
    assert [subnet.zone for subnet in group.subnets] == [f"{REGION}a", f"{REGION}b"]
    assert (group.min_size, group.desired_size, group.max_size) == (1, 2, 4)
    assert (group.disk_size_gib, group.version, group.max_unavailable) == (50, "1.34", 1)


def test_the_image_follows_the_architecture() -> None:
    images = {
        "t3.medium": "AL2023_x86_64_STANDARD",
        "t4g.small": "AL2023_ARM_64_STANDARD",
        "c7gn.xlarge": "AL2023_ARM_64_STANDARD",
        "g5.xlarge": "AL2023_x86_64_NVIDIA",
        "g5g.xlarge": "AL2023_ARM_64_NVIDIA",
        "p5.48xlarge": "AL2023_x86_64_NVIDIA",
        "inf2.xlarge": "AL2023_x86_64_NEURON",
    }
    assert {instance_type: default_ami_type(instance_type) for instance_type in images} == images


def test_sizes_labels_taints_and_version_of_a_node_group_change_in_place(cloud: Cloud, heard: Heard) -> None:
    made = cluster(cloud, version="1.33")
    node_group(cloud, made, labels={"a": "1", "b": "2"}, taints=[{"key": "t", "value": "1", "effect": "NO_SCHEDULE"}])
    eks = client(cloud, "eks")
    eks.update_cluster_version(name="c", version="1.34")
    update = eks.update_nodegroup_config(
        clusterName="c",
        nodegroupName="g",
        scalingConfig={"maxSize": 6, "desiredSize": 5},
        labels={"addOrUpdateLabels": {"a": "9"}, "removeLabels": ["b"]},
        taints={"removeTaints": [{"key": "t", "value": "1", "effect": "NO_SCHEDULE"}]},
    )["update"]
    eks.update_nodegroup_version(clusterName="c", nodegroupName="g")
    first, second = heard.of(NodeGroupUpdated)
    assert (first.previous.desired_size, first.group.desired_size, first.group.min_size) == (2, 5, 1)
    assert (first.group.labels, first.group.taints) == ({"a": "9"}, ())
    assert (second.previous.version, second.group.version) == ("1.33", "1.34")
    assert eks.describe_update(name="c", nodegroupName="g", updateId=update["id"])["update"]["status"] == "Successful"


def test_sizes_that_contradict_each_other_are_refused(cloud: Cloud) -> None:
    made = cluster(cloud)
    for low, desired, high in ((3, 2, 4), (1, 5, 4), (5, 5, 4)):
        sizes = {"minSize": low, "desiredSize": desired, "maxSize": high}
        with pytest.raises(ClientError, match="InvalidParameterException"):
            node_group(cloud, made, scalingConfig=sizes)


def test_an_autoscaler_resizes_a_node_group_through_its_scaling_group(cloud: Cloud, heard: Heard) -> None:
    made = node_group(cloud, cluster(cloud))
    name = made["resources"]["autoScalingGroups"][0]["name"]
    autoscaling = client(cloud, "autoscaling")
    autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=4)
    updated: NodeGroupUpdated = heard.of(NodeGroupUpdated)[0]
    assert (updated.previous.desired_size, updated.group.desired_size) == (2, 4)
    shown = client(cloud, "eks").describe_nodegroup(clusterName="c", nodegroupName="g")["nodegroup"]
    assert shown["scalingConfig"]["desiredSize"] == 4
    with pytest.raises(ClientError, match="above max value 4"):
        autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=5)
    with pytest.raises(ClientError, match="below min value 1"):
        autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=0)


def test_the_scaling_group_carries_what_cluster_autoscaler_discovers_by(cloud: Cloud) -> None:
    made = node_group(cloud, cluster(cloud))
    autoscaling = client(cloud, "autoscaling")
    name = made["resources"]["autoScalingGroups"][0]["name"]
    tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    autoscaling.create_or_update_tags(Tags=[tag | {"Key": "extra", "Value": "1"}])
    group = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    tags = {one["Key"]: one["Value"] for one in group["Tags"]}
    assert tags["k8s.io/cluster-autoscaler/enabled"] == "true"
    assert tags["k8s.io/cluster-autoscaler/c"] == "owned"
    assert tags["eks:nodegroup-name"] == "g"
    assert tags["extra"] == "1"
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (1, 2, 4)
    assert group["LaunchTemplate"]["LaunchTemplateName"].startswith("eks-")


def test_a_launch_template_says_what_machines_a_node_group_has(cloud: Cloud, heard: Heard) -> None:
    data = {"InstanceType": "m5.large", "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 80}}]}
    ec2 = client(cloud, "ec2")
    template = ec2.create_launch_template(LaunchTemplateName="tuned", LaunchTemplateData=data)["LaunchTemplate"]
    made = cluster(cloud)
    group = node_group(cloud, made, launchTemplate={"name": "tuned"})
    assert group["launchTemplate"] == {"id": template["LaunchTemplateId"], "name": "tuned", "version": "1"}
    assert "diskSize" not in group
    assert "instanceTypes" not in group
    told = heard.of(NodeGroupCreated)[0].group
    assert (told.instance_types, told.disk_size_gib) == (("m5.large",), 80)
    with pytest.raises(ClientError, match="Disk size must be specified within the launch template"):
        node_group(cloud, made, "h", launchTemplate={"name": "tuned"}, diskSize=20)


def test_deleted_node_groups_are_told_with_their_last_state(cloud: Cloud, heard: Heard) -> None:
    node_group(cloud, cluster(cloud))
    client(cloud, "eks").delete_nodegroup(clusterName="c", nodegroupName="g")
    assert heard.of(NodeGroupDeleted)[0].group.name == "g"


def test_addons_come_change_and_go(cloud: Cloud, heard: Heard) -> None:
    cluster(cloud, version="1.34")
    eks = client(cloud, "eks")
    made = eks.create_addon(clusterName="c", addonName="vpc-cni", configurationValues='{"env": {"A": "1"}}')["addon"]
    assert made["status"] == "ACTIVE"
    assert heard.of(AddonCreated)[0].addon.configuration == {"env": {"A": "1"}}
    update = eks.update_addon(clusterName="c", addonName="vpc-cni", configurationValues="env:\n  A: '2'\n")["update"]
    assert eks.describe_update(name="c", addonName="vpc-cni", updateId=update["id"])["update"]["type"] == "AddonUpdate"
    changed: AddonUpdated = heard.of(AddonUpdated)[0]
    assert (changed.previous.configuration, changed.addon.configuration) == ({"env": {"A": "1"}}, {"env": {"A": "2"}})
    assert eks.list_addons(clusterName="c")["addons"] == ["vpc-cni"]
    eks.delete_addon(clusterName="c", addonName="vpc-cni", preserve=True)
    assert heard.of(AddonDeleted)[0].preserve
    assert eks.list_addons(clusterName="c")["addons"] == []


def test_addons_that_eks_would_refuse_are_refused(cloud: Cloud) -> None:
    cluster(cloud, version="1.34")
    for arguments, message in (
        ({"addonName": "aws-load-balancer-controller"}, "not supported in 1.34"),
        ({"addonName": "kube-proxy", "addonVersion": "v1.36.0-eksbuild.1"}, "not supported in 1.34"),
        ({"addonName": "coredns", "addonVersion": "1.11"}, "version specified is not supported"),
        ({"addonName": "coredns", "configurationValues": "[1, 2]"}, "ConfigurationValue is not valid"),
        ({"addonName": "coredns", "configurationValues": "{"}, "ConfigurationValue is not valid"),
    ):
        with pytest.raises(ClientError, match=message):
            client(cloud, "eks").create_addon(clusterName="c", **arguments)


def test_addon_versions_say_what_fits_which_minor(cloud: Cloud) -> None:
    eks = client(cloud, "eks")
    described = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.33")["addons"][0]
    assert described["addonVersions"][0]["addonVersion"].startswith("v1.33.")
    assert described["addonVersions"][0]["compatibilities"][0]["clusterVersion"] == "1.33"
    everything = eks.describe_addon_versions()["addons"]
    assert {"vpc-cni", "coredns", "aws-ebs-csi-driver"} <= {one["addonName"] for one in everything}
    schema = eks.describe_addon_configuration(addonName="coredns", addonVersion="v1.12.3-eksbuild.1")
    assert '"object"' in schema["configurationSchema"]


def test_pod_identity_associations_are_unique_per_service_account(cloud: Cloud, heard: Heard) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    who = {"clusterName": "c", "namespace": "ml", "serviceAccount": "api"}
    made = eks.create_pod_identity_association(**who, roleArn=ROLE)["association"]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_pod_identity_association(**who, roleArn=ROLE)
    eks.update_pod_identity_association(clusterName="c", associationId=made["associationId"], roleArn=ROLE + "2")
    assert len(eks.list_pod_identity_associations(clusterName="c", namespace="ml")["associations"]) == 1
    assert eks.list_pod_identity_associations(clusterName="c", namespace="other")["associations"] == []
    eks.delete_pod_identity_association(clusterName="c", associationId=made["associationId"])
    assert [event.role_arn for event in heard.of(PodIdentityChanged)] == [ROLE, ROLE + "2", None]


def test_an_addon_brings_and_takes_its_pod_identities(cloud: Cloud) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    wanted = [{"serviceAccount": "ebs-csi-controller-sa", "roleArn": ROLE}]
    addon = eks.create_addon(clusterName="c", addonName="aws-ebs-csi-driver", podIdentityAssociations=wanted)["addon"]
    found = eks.list_pod_identity_associations(clusterName="c")["associations"]
    assert [(one["namespace"], one["ownerArn"]) for one in found] == [("kube-system", addon["addonArn"])]
    eks.delete_addon(clusterName="c", addonName="aws-ebs-csi-driver")
    assert eks.list_pod_identity_associations(clusterName="c")["associations"] == []


def test_tags_stick_to_everything_with_an_arn(cloud: Cloud) -> None:
    made = cluster(cloud)
    eks = client(cloud, "eks")
    group = node_group(cloud, made)
    addon = eks.create_addon(clusterName="c", addonName="coredns", tags={"a": "1"})["addon"]
    for arn in (made["arn"], group["nodegroupArn"], addon["addonArn"]):
        eks.tag_resource(resourceArn=arn, tags={"b": "2"})
        eks.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.list_tags_for_resource(resourceArn=made["arn"] + "x")


def test_lists_come_in_pages(cloud: Cloud) -> None:
    subnets = two_subnets(cloud)
    for number in range(5):
        cluster(cloud, f"c{number}", subnets=subnets)
    eks = client(cloud, "eks")
    pages = eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})
    found = list(itertools.chain.from_iterable(page["clusters"] for page in pages))
    assert found == ["c0", "c1", "c2", "c3", "c4"]


def test_cluster_versions_have_exactly_one_default(cloud: Cloud) -> None:
    versions = client(cloud, "eks").describe_cluster_versions()["clusterVersions"]
    assert [one["clusterVersion"] for one in versions if one["defaultVersion"]] == ["1.35"]
    assert {one["versionStatus"] for one in versions} == {"STANDARD_SUPPORT", "EXTENDED_SUPPORT"}
    only = client(cloud, "eks").describe_cluster_versions(clusterVersions=["1.34"])["clusterVersions"]
    assert [one["clusterVersion"] for one in only] == ["1.34"]


def test_fargate_profiles_are_kept(cloud: Cloud) -> None:
    cluster(cloud)
    eks = client(cloud, "eks")
    eks.create_fargate_profile(
        clusterName="c", fargateProfileName="f", podExecutionRoleArn=ROLE, selectors=[{"namespace": "batch"}]
    )
    with pytest.raises(ClientError, match="fargate profiles attached"):
        eks.delete_cluster(name="c")
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="f")
    assert eks.list_fargate_profiles(clusterName="c")["fargateProfileNames"] == []
