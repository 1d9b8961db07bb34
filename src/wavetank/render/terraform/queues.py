"""queues.tf: SQS queues, each with one for messages that nobody could handle; TLS only."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import EventRule, Plan, Queue
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, expression
from wavetank.render.terraform.parts import explained, optional, policy_document, resource
from wavetank.render.terraform.store_names import names
from wavetank.render.trace import Traced

_DAY_SECONDS = 86_400


def items(plan: Plan) -> tuple[Item, ...]:
    """Queue, dead-letter queue and who may send, for each."""
    labels = names(plan, "queues")
    queues = plan.serverless.queues if plan.serverless else ()
    return tuple(item for each in queues for item in _queue(plan, each, labels[each.name]))


def _queue(plan: Plan, each: Queue, name: str) -> Iterator[Block]:
    path = f"serverless.queues[{each.name}]"
    yield _dead_letters(each, name, path)
    redrive = {
        "deadLetterTargetArn": expression(f"aws_sqs_queue.{name}_dead.arn"),
        "maxReceiveCount": Traced(each.dead_letter_after, f"{path}.deadLetterAfter"),
    }
    body: tuple[Item, ...] = (
        Attribute("name", Traced(each.queue_name, f"{path}.queueName")),
        *optional("fifo_queue", each.fifo, f"{path}.fifo"),
        *optional("content_based_deduplication", each.fifo, f"{path}.fifo"),
        Attribute("visibility_timeout_seconds", explained(plan, each.visibility_seconds, f"{path}.visibilitySeconds")),
        Attribute("message_retention_seconds", Traced(each.retention_days * _DAY_SECONDS, f"{path}.retentionDays")),
        *attributes(receive_wait_time_seconds=20, sqs_managed_sse_enabled=True),
        Attribute("redrive_policy", Call("jsonencode", redrive)),
    )
    yield resource("aws_sqs_queue", name, body, path)
    yield _allowance(name, path)
    yield _policy(plan, each, name, path)


def _dead_letters(each: Queue, name: str, path: str) -> Block:
    body: tuple[Item, ...] = (
        Attribute("name", Traced(each.dead_letter_name, f"{path}.deadLetterName")),
        *optional("fifo_queue", each.fifo, f"{path}.fifo"),
        *attributes(message_retention_seconds=14 * _DAY_SECONDS, sqs_managed_sse_enabled=True),
    )
    return resource("aws_sqs_queue", f"{name}_dead", body, path)


def _allowance(name: str, path: str) -> Block:
    allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [expression(f"aws_sqs_queue.{name}.arn")]}
    body = attributes(
        queue_url=expression(f"aws_sqs_queue.{name}_dead.id"), redrive_allow_policy=Call("jsonencode", allowed)
    )
    return resource("aws_sqs_queue_redrive_allow_policy", f"{name}_dead", body, path)


def _policy(plan: Plan, each: Queue, name: str, path: str) -> Block:
    labels = names(plan, "events")
    rules = [rule for rule in (plan.serverless.events if plan.serverless else ()) if rule.queue == each.name]
    only_tls = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": expression(f"aws_sqs_queue.{name}.arn"),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = policy_document(*(_sender(rule, name, labels[rule.name]) for rule in rules), only_tls)
    return resource(
        "aws_sqs_queue_policy",
        name,
        attributes(queue_url=expression(f"aws_sqs_queue.{name}.id"), policy=document),
        path,
    )


def _sender(rule: EventRule, name: str, label: str) -> Traced:
    statement = {
        "Sid": "Event" + "".join(part.capitalize() for part in rule.name.split("-")),
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": expression(f"aws_sqs_queue.{name}.arn"),
        "Condition": {"ArnEquals": {"aws:SourceArn": expression(f"aws_cloudwatch_event_rule.{label}.arn")}},
    }
    return Traced(statement, f"serverless.events[{rule.name}]")
