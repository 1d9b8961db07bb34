"""events.tf: rules of EventBridge and where their events go."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import EventRule, Plan
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, expression
from wavetank.render.terraform.parts import optional, resource
from wavetank.render.terraform.store_names import names, referring
from wavetank.render.trace import Traced, tree


def items(plan: Plan) -> tuple[Item, ...]:
    """Rule, target and permission for each."""
    labels = names(plan, "events")
    rules = plan.serverless.events if plan.serverless else ()
    return tuple(item for rule in rules for item in _rule(plan, rule, labels[rule.name]))


def _rule(plan: Plan, rule: EventRule, name: str) -> Iterator[Block]:
    path = f"serverless.events[{rule.name}]"
    pattern = Call("jsonencode", referring(tree(rule.pattern, f"{path}.pattern"), {})) if rule.pattern else None
    body: tuple[Item, ...] = (
        Attribute("name", Traced(rule.rule_name, f"{path}.ruleName")),
        *optional("schedule_expression", rule.schedule, f"{path}.schedule"),
        *attributes(event_pattern=pattern),
    )
    yield resource("aws_cloudwatch_event_rule", name, body, path)
    yield _target(plan, rule, name, path)
    if rule.function:
        yield _permission(plan, rule, name, path)


def _target(plan: Plan, rule: EventRule, name: str, path: str) -> Block:
    if rule.function:
        arn = f"aws_lambda_function.{names(plan, 'functions')[rule.function]}.arn"
    else:
        arn = f"aws_sqs_queue.{names(plan, 'queues')[rule.queue or '']}.arn"
    text = Call("jsonencode", referring(tree(rule.input, f"{path}.input"), {})) if rule.input else None
    body = attributes(
        rule=expression(f"aws_cloudwatch_event_rule.{name}.name"),
        target_id=rule.function or rule.queue,
        arn=expression(arn),
        input=text,
    )
    return resource("aws_cloudwatch_event_target", name, body, path)


def _permission(plan: Plan, rule: EventRule, name: str, path: str) -> Block:
    label = names(plan, "functions")[rule.function or ""]
    body = attributes(
        statement_id=f"event-{rule.name}",
        action="lambda:InvokeFunction",
        function_name=expression(f"aws_lambda_function.{label}.function_name"),
        principal="events.amazonaws.com",
        source_arn=expression(f"aws_cloudwatch_event_rule.{name}.arn"),
    )
    return resource("aws_lambda_permission", name, body, path)
