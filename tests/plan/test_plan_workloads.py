"""Plans of every kind of workload: each value has a reason, and origins have reasons themselves."""

from __future__ import annotations

from plan_leaves import leaves

from every_kind import EVERY_KIND
from wavetank.plan import Plan, plan
from wavetank.plan.reasons import Derived, Stated, nearest_reason
from wavetank.spec import load_text


def planned() -> Plan:
    return plan(load_text(EVERY_KIND, "platform.yaml"))


def test_every_leaf_has_a_reason_of_its_own_part() -> None:
    whole = planned()
    assert [path for path, _ in leaves(whole) if whole.reason(path) is None] == []


def test_what_a_value_derives_from_has_a_reason() -> None:
    reasons = planned().reasons
    origins = {origin for reason in reasons.values() if isinstance(reason, Derived) for origin in reason.from_paths}
    assert sorted(origin for origin in origins if nearest_reason(reasons, origin) is None) == []


def test_stated_values_stand_on_their_lines() -> None:
    whole, lines = planned(), EVERY_KIND.splitlines()
    for path, value in leaves(whole):
        reason = whole.reasons.get(path)
        if isinstance(reason, Stated) and isinstance(value, str | int) and not isinstance(value, bool):
            assert str(value) in lines[reason.line - 1], (path, value, lines[reason.line - 1])


def test_keda_may_read_the_queues_that_it_asks_about_and_no_others() -> None:
    text = EVERY_KIND + "helmReleases: [keda]\n"
    role = next(
        each for each in plan(load_text(text, "platform.yaml")).pod_roles if each.service_account == "keda-operator"
    )
    assert role.statements == (
        {
            "Sid": "AwsSqsQueue",
            "Effect": "Allow",
            "Action": ["sqs:GetQueueAttributes"],
            "Resource": ["arn:aws:sqs:eu-west-1:111122223333:jobs"],
        },
    )


def test_a_queue_of_the_platform_is_named_and_its_address_follows() -> None:
    given = 'metadata: {queueURL: "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs", queueLength: 5, awsRegion: eu-west-1}'
    assert given in EVERY_KIND
    text = EVERY_KIND.replace(given, "metadata: {queueLength: 5}\n          queue: jobs")
    whole = plan(load_text(text + "serverless: {queues: [{name: jobs}]}\n", "platform.yaml"))
    scaling = next(each.autoscaling for each in whole.workloads if each.name == "worker")
    assert scaling is not None
    assert scaling.events is not None
    assert scaling.events.triggers[0].metadata == {
        "queueURL": "https://sqs.eu-west-1.amazonaws.com/111122223333/harbor-production-jobs",
        "awsRegion": "eu-west-1",
        "queueLength": "5",
    }


def test_pods_are_counted_at_their_fewest_and_most() -> None:
    counts = {each.name: (each.min_replicas, each.max_replicas) for each in planned().workloads}
    assert counts == {
        "api": (2, 10),
        "worker": (0, 40),
        "store": (1, 1),
        "agent": (1, 1),
        "train": (2, 2),
        "nightly": (1, 1),
    }
