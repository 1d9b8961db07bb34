"""outputs.tf: what people and scripts ask for after an apply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import Plan
from wavetank.render.hcl import Block, Expression, Item, attributes, block, expression
from wavetank.render.terraform.file_systems import id_output
from wavetank.render.terraform.parts import identifiers, pod_role_labels, template
from wavetank.render.terraform.store_names import names as store_labels

_KUBECONFIG = "aws eks update-kubeconfig --region ${local.region} --name ${aws_eks_cluster.main.name}"


def items(plan: Plan) -> tuple[Item, ...]:
    """How to reach the cluster, and the names that only AWS knows."""
    return (
        _output("cluster_name", "Name of the EKS cluster", expression("aws_eks_cluster.main.name"), "cluster.name"),
        _output("cluster_endpoint", "Kubernetes API", expression("aws_eks_cluster.main.endpoint"), "cluster"),
        _output("kubeconfig_command", "Makes kubectl use the cluster", template(_KUBECONFIG), "cluster.name"),
        _output("vpc_id", "VPC of the cluster", expression("aws_vpc.main.id"), "network"),
        *_maps(plan),
        *_ground(plan),
        *_serverless(plan),
    )


def _maps(plan: Plan) -> Iterator[Block]:
    repositories = identifiers(repository.name for repository in plan.repositories)
    if repositories:
        urls = _map(repositories, "aws_ecr_repository.{}.repository_url")
        yield _output("repository_urls", "Where to push images", urls, "repositories")
    roles = pod_role_labels(plan)
    if roles:
        arns = _map(roles, "aws_iam_role.{}.arn")
        yield _output("pod_role_arns", "IAM roles of service accounts", arns, "podRoles")
    secrets = identifiers(secret.name for secret in plan.secrets)
    if secrets:
        arns = _map(secrets, "aws_secretsmanager_secret.{}.arn")
        yield _output("secret_arns", "Secrets to put values into", arns, "secrets")


def _ground(plan: Plan) -> Iterator[Block]:
    systems = identifiers(each.name for each in plan.file_systems)
    for name, label in systems.items():
        value = expression(f"aws_efs_file_system.{label}.id")
        yield _output(id_output(plan, name), f"The file system {name}, for storage classes", value, "fileSystems")
    if plan.dns and plan.dns.create_zone:
        servers = expression("aws_route53_zone.main.name_servers")
        yield _output("dns_name_servers", "Where the parent of the zone must delegate to", servers, "dns.createZone")
    certificates = identifiers(each.name for each in plan.dns.certificates) if plan.dns else {}
    if certificates:
        arns = _map(certificates, "aws_acm_certificate_validation.{}.certificate_arn")
        yield _output("certificate_arns", "Certificates, once they are proved", arns, "dns.certificates")
    if plan.karpenter and plan.karpenter.queue:
        queue = expression("aws_sqs_queue.karpenter.name")
        yield _output("karpenter_queue", "Where Karpenter hears of interruptions", queue, "karpenter.queue")


def _serverless(plan: Plan) -> Iterator[Block]:
    addresses = (
        ("apis", "api_urls", "Where HTTP APIs answer", "aws_apigatewayv2_stage.{}.invoke_url"),
        ("functions", "function_names", "Names of functions", "aws_lambda_function.{}.function_name"),
        ("tables", "table_names", "Names of tables", "aws_dynamodb_table.{}.name"),
        ("buckets", "bucket_names", "Names of buckets", "aws_s3_bucket.{}.id"),
        ("queues", "queue_urls", "Where messages go", "aws_sqs_queue.{}.url"),
    )
    for kind, name, description, address in addresses:
        labels = store_labels(plan, kind)
        if labels:
            yield _output(name, description, _map(labels, address), f"serverless.{kind}")
    caches = store_labels(plan, "caches")
    if caches:
        hosts = _map(caches, "aws_elasticache_replication_group.{}.primary_endpoint_address")
        yield _output("cache_hosts", "Where caches answer, on port 6379 with TLS", hosts, "serverless.caches")


def _map(labels: dict[str, str], address: str) -> dict[str, Expression]:
    return {name: expression(address.format(label)) for name, label in labels.items()}


def _output(name: str, description: str, value: Any, path: str) -> Block:
    return block("output", (name,), attributes(description=description, value=value), path)
