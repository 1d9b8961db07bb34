"""cluster.tf: the EKS control plane with its log group, its encryption key, its role, and its OIDC provider."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Blank, Block, Comment, Item, attributes, block, expression
from wavetank.render.terraform.parts import attached, explained, resource, role_name, service_trust, template
from wavetank.render.terraform.variables import variable
from wavetank.render.trace import Traced

#: add-ons that EKS would install unmanaged in a new cluster
SELF_MANAGED = frozenset({"vpc-cni", "coredns", "kube-proxy"})


def items(plan: Plan) -> tuple[Item, ...]:
    """The control plane and what must exist before it."""
    return (
        *_role(plan),
        *(_key() if plan.cluster.secrets_encryption else ()),
        *(_log_group() if plan.cluster.logs.types else ()),
        _cluster(plan),
        *_oidc_provider(),
    )


def _role(plan: Plan) -> tuple[Block, ...]:
    role = attributes(
        name=role_name(f"{plan.cluster.name}-cluster"), assume_role_policy=service_trust("eks.amazonaws.com")
    )
    policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    return (resource("aws_iam_role", "cluster", role, "cluster"), attached("cluster", "cluster", policy, "cluster"))


def _key() -> tuple[Block, ...]:
    path = "cluster.secretsEncryption"
    key = attributes(
        description=template("Secrets of the EKS cluster ${local.cluster_name}"),
        enable_key_rotation=True,
        deletion_window_in_days=30,
    )
    alias = attributes(
        name=template("alias/eks/${local.cluster_name}"), target_key_id=expression("aws_kms_key.secrets.key_id")
    )
    return (resource("aws_kms_key", "secrets", key, path), resource("aws_kms_alias", "secrets", alias, path))


def _log_group() -> tuple[Block, ...]:
    body: tuple[Item, ...] = (
        Comment("EKS writes to this name; created here first, so that the retention is ours and not forever."),
        *attributes(name=template("/aws/eks/${local.cluster_name}/cluster")),
        Attribute("retention_in_days", variable("cluster_log_retention_days", "cluster.logs.retentionDays")),
    )
    return (resource("aws_cloudwatch_log_group", "cluster", body, "cluster.logs"),)


def _cluster(plan: Plan) -> Block:
    cluster = plan.cluster
    body: list[Item] = [
        Attribute("name", Traced(expression("local.cluster_name"), "cluster.name")),
        Attribute("role_arn", expression("aws_iam_role.cluster.arn")),
        Attribute("version", variable("cluster_version", "cluster.version")),
    ]
    if cluster.logs.types:
        body.append(Attribute("enabled_cluster_log_types", Traced(list(cluster.logs.types), "cluster.logs.types")))
    if {add_on.name for add_on in plan.add_ons} >= SELF_MANAGED:
        note = "vpc-cni, coredns and kube-proxy come as managed add-ons (addons.tf)."
        body.append(Attribute("bootstrap_self_managed_addons", Traced(False, "addOns", note)))
    body += [_access(plan), _vpc_config(plan), _service_network(plan), _upgrade_policy(plan)]
    if cluster.secrets_encryption:
        body.append(_encryption())
    body += [Blank(), *_dependencies(plan)]
    if cluster.deletion_protection:
        body.append(block("lifecycle", (), attributes(prevent_destroy=True), "cluster.deletionProtection"))
    return resource("aws_eks_cluster", "main", body, "cluster")


def _access(plan: Plan) -> Block:
    cluster = plan.cluster
    body: tuple[Item, ...] = (
        Attribute("authentication_mode", Traced(cluster.authentication_mode, "cluster.authenticationMode")),
        Attribute(
            "bootstrap_cluster_creator_admin_permissions",
            Traced(cluster.bootstrap_creator_admin, "cluster.bootstrapCreatorAdmin"),
        ),
    )
    return block("access_config", (), body, "cluster")


def _vpc_config(plan: Plan) -> Block:
    endpoint = plan.cluster.endpoint
    body = [
        Attribute("subnet_ids", expression("[for subnet in aws_subnet.private : subnet.id]")),
        Attribute("endpoint_private_access", Traced(endpoint.private, "cluster.endpoint.private")),
        Attribute("endpoint_public_access", Traced(endpoint.public, "cluster.endpoint.public")),
    ]
    if endpoint.public:
        cidrs = variable("public_access_cidrs", "cluster.endpoint.publicAccessCidrs")
        body.append(Attribute("public_access_cidrs", cidrs))
    return block("vpc_config", (), body, "cluster.endpoint")


def _service_network(plan: Plan) -> Block:
    cidr = Attribute("service_ipv4_cidr", Traced(plan.cluster.service_cidr, "cluster.serviceCidr"))
    return block("kubernetes_network_config", (), (cidr,), "cluster.serviceCidr")


def _upgrade_policy(plan: Plan) -> Block:
    support = Attribute("support_type", explained(plan, plan.cluster.support_type, "cluster.supportType"))
    return block("upgrade_policy", (), (support,), "cluster.supportType")


def _encryption() -> Block:
    path = "cluster.secretsEncryption"
    provider = block("provider", (), attributes(key_arn=expression("aws_kms_key.secrets.arn")), path)
    return block("encryption_config", (), (*attributes(resources=["secrets"]), provider), path)


def _dependencies(plan: Plan) -> tuple[Item, ...]:
    """Without its policy EKS could not clean up behind the cluster; without routes nodes could not reach it."""
    needed = ["aws_iam_role_policy_attachment.cluster"]
    if plan.cluster.logs.types:
        needed.append("aws_cloudwatch_log_group.cluster")
    return attributes(depends_on=[expression(name) for name in needed])


def _oidc_provider() -> tuple[Block, ...]:
    body: tuple[Item, ...] = (
        Comment("Lets IAM trust the tokens of service accounts (IRSA). IAM verifies the issuer itself: no thumbprint."),
        *attributes(
            url=expression("aws_eks_cluster.main.identity[0].oidc[0].issuer"), client_id_list=["sts.amazonaws.com"]
        ),
    )
    issuer = 'replace(aws_eks_cluster.main.identity[0].oidc[0].issuer, "https://", "")'
    return (
        resource("aws_iam_openid_connect_provider", "cluster", body, "cluster"),
        block("locals", (), attributes(oidc_issuer=expression(issuer)), "cluster"),
    )
