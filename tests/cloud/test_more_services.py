"""What our fixes add to single services beside EKS, asked with boto3; Terraform asks for all of them at once elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kit import client, two_subnets

from wavetank.cloud import Cloud

ACCOUNT = "111122223333"
OTHER_REGION = "ap-southeast-1"
RULE = {"RuleName": "daily", "TargetBackupVaultName": "v", "ScheduleExpression": "cron(0 3 * * ? *)"}


def test_a_backup_plan_changes_and_selects_and_forgets(cloud: Cloud) -> None:
    backup = client(cloud, "backup")
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [RULE]}, BackupPlanTags={"team": "ml"})
    arn, plan_id = plan["BackupPlanArn"], plan["BackupPlanId"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"team": "ml"}
    changed = [RULE | {"Lifecycle": {"DeleteAfterDays": 30}}]
    backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan={"BackupPlanName": "p", "Rules": changed})
    shown = backup.get_backup_plan(BackupPlanId=plan_id)
    assert shown["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 30}
    assert shown["VersionId"] != plan["VersionId"]
    wanted = {"SelectionName": "s", "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/b", "Resources": ["*"]}
    made = backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=wanted)
    ids = {"BackupPlanId": plan_id, "SelectionId": made["SelectionId"]}
    assert backup.get_backup_selection(**ids)["BackupSelection"] == wanted
    assert [
        each["SelectionName"] for each in backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    ] == ["s"]
    backup.delete_backup_selection(**ids)
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*Cannot find"):
        backup.get_backup_selection(**ids)


def test_a_budget_tells_whom_it_tells_and_changes(cloud: Cloud) -> None:
    budgets = client(cloud, "budgets", region="us-east-1")
    budget = {
        "BudgetName": "b",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
    }
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    ann, bob = ({"SubscriptionType": "EMAIL", "Address": f"{name}@example.com"} for name in ("ann", "bob"))
    told = [{"Notification": notification, "Subscribers": [ann]}]
    tags = [{"Key": "team", "Value": "ml"}]
    budgets.create_budget(AccountId=ACCOUNT, Budget=budget, NotificationsWithSubscribers=told, ResourceTags=tags)
    which = {"AccountId": ACCOUNT, "BudgetName": "b", "Notification": notification}
    budgets.create_subscriber(**which, Subscriber=bob)
    budgets.delete_subscriber(**which, Subscriber=ann)
    assert budgets.describe_subscribers_for_notification(**which)["Subscribers"] == [bob]
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/b"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == tags
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget | {"BudgetLimit": {"Amount": "20", "Unit": "USD"}})
    assert budgets.describe_budget(AccountId=ACCOUNT, BudgetName="b")["Budget"]["BudgetLimit"]["Amount"].startswith(
        "20"
    )


def test_alarms_combine(cloud: Cloud) -> None:
    cloudwatch = client(cloud, "cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) AND ALARM(b)")
    found = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [(each["AlarmName"], each["AlarmRule"]) for each in found] == [("both", "ALARM(a) AND ALARM(b)")]


def test_a_replica_of_a_table_is_the_table_seen_from_another_region(cloud: Cloud) -> None:
    here, there = client(cloud, "dynamodb"), client(cloud, "dynamodb", region=OTHER_REGION)
    keys: dict[str, Any] = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    here.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", **keys)
    here.update_table(TableName="t", ReplicaUpdates=[{"Create": {"RegionName": OTHER_REGION}}])
    here.put_item(TableName="t", Item={"id": {"S": "one"}})
    assert there.get_item(TableName="t", Key={"id": {"S": "one"}})["Item"] == {"id": {"S": "one"}}
    shown = here.describe_table(TableName="t")["Table"]["Replicas"]
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in shown] == [(OTHER_REGION, "ACTIVE")]
    assert f":{OTHER_REGION}:" in there.describe_table(TableName="t")["Table"]["TableArn"]
    here.update_table(TableName="t", ReplicaUpdates=[{"Delete": {"RegionName": OTHER_REGION}}])
    assert there.list_tables()["TableNames"] == []
    assert "Replicas" not in here.describe_table(TableName="t")["Table"]


def test_a_cache_has_its_members_and_goes(cloud: Cloud) -> None:
    cache = client(cloud, "elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=two_subnets(cloud)
    )
    cache.create_cache_parameter_group(
        CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description="d"
    )
    policy = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
    cache.modify_cache_parameter_group(CacheParameterGroupName="p", ParameterNameValues=[policy])
    found = cache.describe_cache_parameters(CacheParameterGroupName="p", Source="user")["Parameters"]
    assert [(each["ParameterName"], each["ParameterValue"]) for each in found] == [("maxmemory-policy", "allkeys-lru")]
    group: dict[str, Any] = {"ReplicationGroupId": "c", "ReplicationGroupDescription": "d", "Engine": "valkey"}
    cache.create_replication_group(
        **group, EngineVersion="8.0", NumCacheClusters=3, CacheSubnetGroupName="s", CacheParameterGroupName="p"
    )
    shown = cache.describe_replication_groups(ReplicationGroupId="c")["ReplicationGroups"][0]
    assert shown["MemberClusters"] == ["c-001", "c-002", "c-003"]
    member = cache.describe_cache_clusters(CacheClusterId="c-002")["CacheClusters"][0]
    assert (member["Engine"], member["EngineVersion"], member["ReplicationGroupId"]) == ("valkey", "8.0.1", "c")
    cache.decrease_replica_count(ReplicationGroupId="c", NewReplicaCount=1, ApplyImmediately=True)
    assert len(cache.describe_replication_groups(ReplicationGroupId="c")["ReplicationGroups"][0]["MemberClusters"]) == 2
    with pytest.raises(ClientError, match="CacheSubnetGroupInUse"):
        cache.delete_cache_subnet_group(CacheSubnetGroupName="s")
    cache.delete_replication_group(ReplicationGroupId="c")
    with pytest.raises(ClientError, match="ReplicationGroupNotFound"):
        cache.describe_replication_groups(ReplicationGroupId="c")
    cache.delete_cache_subnet_group(CacheSubnetGroupName="s")


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...\n")
    return packed.getvalue()


def test_a_function_keeps_where_its_failures_and_its_log_go(cloud: Cloud) -> None:
    iam, functions = client(cloud, "iam"), client(cloud, "lambda")
    role = iam.create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    logs = {"LogFormat": "JSON", "LogGroup": "/own"}
    letters = {"TargetArn": f"arn:aws:sqs:ap-southeast-2:{ACCOUNT}:dead"}
    made: dict[str, Any] = {"FunctionName": "f", "Role": role, "Runtime": "python3.13", "Handler": "main.handler"}
    functions.create_function(**made, Code={"ZipFile": code()}, LoggingConfig=logs, DeadLetterConfig=letters)
    shown = functions.get_function_configuration(FunctionName="f")
    assert (shown["LoggingConfig"], shown["DeadLetterConfig"]) == (logs, letters)
    functions.update_function_configuration(
        FunctionName="f", TracingConfig={"Mode": "Active"}, DeadLetterConfig={"TargetArn": ""}
    )
    shown = functions.get_function_configuration(FunctionName="f")
    assert shown["TracingConfig"] == {"Mode": "Active"}
    assert "DeadLetterConfig" not in shown


def test_a_bucket_that_asks_for_tls_can_be_used_and_emptied(cloud: Cloud) -> None:
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="chest", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
    s3.put_bucket_versioning(Bucket="chest", VersioningConfiguration={"Status": "Enabled"})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::chest", "arn:aws:s3:::chest/*"],
    }
    only_tls = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="chest", Policy=json.dumps({"Version": "2012-10-17", "Statement": [only_tls]}))
    s3.put_object(Bucket="chest", Key="one", Body=b"1")
    s3.delete_object(Bucket="chest", Key="one")
    versions = s3.list_object_versions(Bucket="chest")
    all_of_them = [*versions["Versions"], *versions["DeleteMarkers"]]
    gone = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in all_of_them]
    s3.delete_objects(Bucket="chest", Delete={"Objects": gone})
    s3.put_bucket_notification_configuration(Bucket="chest", NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket="chest")
    s3.put_bucket_policy(Bucket="chest", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    with pytest.raises(ClientError, match=r"403|AccessDenied"):
        s3.put_object(Bucket="chest", Key="two", Body=b"2")


def test_attributes_of_a_queue_come_back_as_they_were_written(cloud: Cloud) -> None:
    sqs = client(cloud, "sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}, separators=(",", ":"))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    allow = json.dumps({"redrivePermission": "denyAll"}, separators=(",", ":"))
    queue = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})
    shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (shown["RedrivePolicy"], shown["Policy"], shown["VisibilityTimeout"]) == (redrive, policy, "60")
    assert sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]["RedriveAllowPolicy"] == allow


def test_a_stage_changes_and_a_domain_becomes_available(cloud: Cloud) -> None:
    gateway = client(cloud, "apigatewayv2")
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    which = {"ApiId": api, "StageName": "$default"}
    gateway.create_stage(**which, RouteSettings={"GET /a": {"ThrottlingRateLimit": 5.0}})
    gateway.update_stage(**which, DefaultRouteSettings={"ThrottlingRateLimit": 20.0}, AutoDeploy=True)
    gateway.delete_route_settings(**which, RouteKey="GET /a")
    shown = gateway.get_stage(**which)
    assert (shown["DefaultRouteSettings"]["ThrottlingRateLimit"], shown["AutoDeploy"]) == (20.0, True)
    assert shown["RouteSettings"] == {}
    settings = {"CertificateArn": f"arn:aws:acm:ap-southeast-2:{ACCOUNT}:certificate/c", "EndpointType": "REGIONAL"}
    gateway.create_domain_name(DomainName="api.example.com", DomainNameConfigurations=[settings])
    found = gateway.get_domain_name(DomainName="api.example.com")["DomainNameConfigurations"][0]
    assert found["DomainNameStatus"] == "AVAILABLE"
