"""flow_logs.tf: who talked to whom in the VPC, in CloudWatch Logs; nothing when the plan has no flow logs."""

from __future__ import annotations

from wavetank.plan.model import FlowLogs, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, expression
from wavetank.render.terraform.parts import explained, policy_document, resource, role_name, service_trust, template
from wavetank.render.trace import Traced

PATH = "network.flowLogs"


def items(plan: Plan) -> tuple[Item, ...]:
    """The log group, the role that writes to it, and the flow log."""
    logs = plan.network.flow_logs
    return (_log_group(plan, logs), *_role(plan), _flow_log(plan, logs)) if logs else ()


def _log_group(plan: Plan, logs: FlowLogs) -> Block:
    body: tuple[Item, ...] = (
        *attributes(name=template("/aws/vpc/${local.cluster_name}/flow-logs")),
        Attribute("retention_in_days", explained(plan, logs.retention_days, f"{PATH}.retentionDays")),
    )
    return resource("aws_cloudwatch_log_group", "flow_logs", body, PATH)


def _role(plan: Plan) -> tuple[Block, ...]:
    writing = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": template("${aws_cloudwatch_log_group.flow_logs.arn}:*"),
    }
    role = attributes(
        name=role_name(f"{plan.cluster.name}-flow-logs"),
        assume_role_policy=service_trust("vpc-flow-logs.amazonaws.com"),
    )
    policy = attributes(
        name="write-flow-logs", role=expression("aws_iam_role.flow_logs.id"), policy=policy_document(writing)
    )
    return (
        resource("aws_iam_role", "flow_logs", role, PATH),
        resource("aws_iam_role_policy", "flow_logs", policy, PATH),
    )


def _flow_log(plan: Plan, logs: FlowLogs) -> Block:
    body: tuple[Item, ...] = (
        *attributes(
            vpc_id=expression("aws_vpc.main.id"),
            traffic_type=Traced(logs.traffic_type, f"{PATH}.trafficType"),
            log_destination=expression("aws_cloudwatch_log_group.flow_logs.arn"),
            iam_role_arn=expression("aws_iam_role.flow_logs.arn"),
        ),
        Attribute("max_aggregation_interval", explained(plan, logs.aggregation_seconds, f"{PATH}.aggregationSeconds")),
        *attributes(tags={"Name": expression("local.cluster_name")}),
    )
    return resource("aws_flow_log", "main", body, PATH)
