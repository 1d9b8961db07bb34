"""Starting, stopping, who answers and what is refused."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from kit import REGION, Heard, client, two_subnets

from wavetank.base.errors import OperationFailed
from wavetank.cloud import Cloud, CloudOptions
from wavetank.cloud.fixes import patches


def test_a_busy_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperationFailed, match=f"port {port} .*is busy.*choose another"):
            Cloud(CloudOptions(port=port)).start()
    with Cloud():
        """The failed start has left nothing behind."""


def test_a_second_cloud_in_the_process_is_refused_and_the_first_goes_on(cloud: Cloud) -> None:
    with pytest.raises(OperationFailed, match="already"):
        Cloud().start()
    assert client(cloud, "sts").get_caller_identity()["Account"] == "111122223333"


def test_stop_frees_the_port_and_forgets_everything() -> None:
    first = Cloud()
    first.start()
    two_subnets(first)
    port = first.port
    first.stop()
    first.stop()
    with Cloud(CloudOptions(port=port)) as second:
        vpcs = client(second, "ec2").describe_vpcs()["Vpcs"]
        assert [vpc["IsDefault"] for vpc in vpcs] == [True]


def test_every_patched_function_of_moto_exists_and_is_put_back() -> None:
    with Cloud():
        during = [vars(patch.target())[patch.name] for patch in patches()]
    after = [vars(patch.target())[patch.name] for patch in patches()]
    assert all(one is not other for one, other in zip(during, after, strict=True))
    for patch in patches():
        patch.check()


def test_any_credentials_work_and_mean_the_default_user(cloud: Cloud) -> None:
    for key in ("test", "AKIAIOSFODNN7EXAMPLE", "whatever"):
        who = client(cloud, "sts", key=key, secret="x").get_caller_identity()
        assert who["Arn"] == "arn:aws:iam::111122223333:user/wavetank"


def test_the_account_can_be_chosen() -> None:
    with Cloud(CloudOptions(account="444455556666")) as other:
        assert client(other, "sts").get_caller_identity()["Account"] == "444455556666"
        role = client(other, "iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]
        assert role["Arn"] == "arn:aws:iam::444455556666:role/r"


def test_keys_made_in_iam_are_their_users(cloud: Cloud) -> None:
    iam = client(cloud, "iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    who = client(cloud, "sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]).get_caller_identity()
    assert who["Arn"] == "arn:aws:iam::111122223333:user/ada"


def test_an_assumed_role_acts_in_its_own_account(cloud: Cloud) -> None:
    role = client(cloud, "sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/deploy", RoleSessionName="session")
    key, secret = role["Credentials"]["AccessKeyId"], role["Credentials"]["SecretAccessKey"]
    assert client(cloud, "sts", key=key, secret=secret).get_caller_identity()["Account"] == "222222222222"


def test_what_is_not_implemented_answers_400_naming_the_call(cloud: Cloud) -> None:
    """Over each wire protocol, at once and only once: a 5xx would be retried for minutes."""
    calls: list[tuple[str, str, dict[str, str]]] = [
        ("eks", "list_insights", {"clusterName": "c"}),
        ("ec2", "describe_fast_launch_images", {}),
        ("cloudwatch", "list_metric_streams", {}),
        ("elasticache", "describe_events", {}),
        ("route53", "list_cidr_collections", {}),
        ("lambda", "list_code_signing_configs", {}),
        ("eks-auth", "assume_role_for_pod_identity", {"clusterName": "c", "token": "t"}),
        ("iam", "generate_organizations_access_report", {"EntityPath": "o-abcdefghij/r-abcd/ou-abcd-12345678"}),
    ]
    actions = []
    for service, call, arguments in calls:
        aws = client(cloud, service)
        actions.append(aws.meta.method_to_api_mapping[call])
        with pytest.raises(ClientError) as refused:
            getattr(aws, call)(**arguments)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert refused.value.response["Error"]["Code"] == "NotImplementedByWavetank"
        assert f"{service}:{actions[-1]}" in str(refused.value).replace("monitoring:", "cloudwatch:")
    assert [recorded.action for recorded in cloud.refused_calls] == actions


def test_a_crash_inside_a_service_is_a_400_that_names_the_call(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"EmbeddedAwsFailure.*autoscaling:TerminateInstanceInAutoScalingGroup"):
        client(cloud, "autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId="i-1", ShouldDecrementDesiredCapacity=True
        )
    assert [call.reason for call in cloud.refused_calls] == ["failed"]


def test_back_doors_of_moto_are_closed(cloud: Cloud) -> None:
    for path in ("/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(cloud.url + path)
        assert refused.value.code == 400


def test_a_listener_that_fails_makes_the_call_fail_visibly() -> None:
    def broken(event: object) -> None:
        raise RuntimeError("the twin fell over")

    with Cloud(listeners=[broken]) as cloud:
        subnets = two_subnets(cloud)
        with pytest.raises(ClientError, match=r"CreateCluster.*the twin fell over"):
            client(cloud, "eks").create_cluster(
                name="c", roleArn="arn:aws:iam::111122223333:role/x", resourcesVpcConfig={"subnetIds": subnets}
            )


def test_regions_do_not_see_each_other(cloud: Cloud, heard: Heard) -> None:
    subnets = two_subnets(cloud)
    client(cloud, "eks").create_cluster(
        name="c", roleArn="arn:aws:iam::111122223333:role/x", resourcesVpcConfig={"subnetIds": subnets}
    )
    assert client(cloud, "eks", region="eu-west-1").list_clusters()["clusters"] == []
    assert client(cloud, "eks", region=REGION).list_clusters()["clusters"] == ["c"]
    assert heard.names[0] == "ClusterCreated"
