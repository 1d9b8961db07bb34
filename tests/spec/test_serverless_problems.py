"""Mistakes in the serverless half are told at their place, with what to do about them."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_texts import MINIMAL

from wavetank.base.errors import InputError, Problem
from wavetank.spec import load_text

HALF = """\
helmReleases: [aws-load-balancer-controller]
serverless:
  apis:
    - name: public
      jwt: {issuer: https://login.example.com/, audiences: [harbor]}
      routes:
        - {path: /predict, function: gateway}
        - {path: /api, service: api}
  functions:
    - name: gateway
      folder: code
      runtime: python3.13
      handler: main.handler
      timeoutSeconds: 20
      calls: [{service: api, timeoutSeconds: 15}]
      triggers: [jobs]
      caches: [answers]
      permissions: {tables: {ships: read}}
  tables: [{name: ships, hashKey: id}]
  caches: [{name: answers, nodeType: cache.t4g.micro}]
  queues: [{name: jobs, visibilitySeconds: 120}]
  events: [{name: nightly, schedule: rate(1 day), target: {queue: jobs}}]
"""


def problems(folder: Path, half: str = HALF) -> list[Problem]:
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "main.py").write_text("def handler(event, context): ...\n")
    try:
        load_text(MINIMAL + half, str(folder / "platform.yaml"))
    except InputError as error:
        return list(error.problems)
    return []


def test_a_half_that_fits_together_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("function: gateway}", "function: gatewy}", 'there is no function "gatewy"'),
        ("{path: /api, service: api}", "{path: /api, service: apo}", 'there is no service "apo"'),
        ("triggers: [jobs]", "triggers: [job]", 'there is no queue "job"'),
        ("caches: [answers]", "caches: [answer]", 'there is no cache "answer"'),
        ("{tables: {ships: read}}", "{tables: {boats: read}}", 'there is no table "boats"'),
        ("{tables: {ships: read}}", "{tables: {ships: delete}}", '"delete" is not allowed'),
        ("{tables: {ships: read}}", "{secrets: [x]}", 'there is no secret "x"'),
        ("target: {queue: jobs}", "target: {queue: jobz}", 'there is no queue "jobz"'),
        ("timeoutSeconds: 20", "timeoutSeconds: 29", "gives up after 29 s"),
        ("{service: api, timeoutSeconds: 15}", "{service: api, timeoutSeconds: 20}", "is stopped after 20 s"),
        ("visibilitySeconds: 120", "visibilitySeconds: 10", "messages reappear after 10 s"),
        ("visibilitySeconds: 120", "fifo: true", "no message group"),
        ("triggers: [jobs]", "triggers: [{queue: jobs, batchSize: 50}]", "need time to gather"),
        ("helmReleases: [aws-load-balancer-controller]\n", "", "nothing would put its pods into it"),
        ("      jwt: {issuer: https://login.example.com/, audiences: [harbor]}\n", "", "the API has no jwt"),
        ("path: /api,", "path: /predict,", "leads somewhere already"),
        ("name: public\n", "name: public\n      timeoutSeconds: 30\n", "the timeout of an HTTP API is 1 to 29"),
        ("name: public\n", "name: public\n      domain: api.example.com\n", "needs the zone it lies in"),
        ("folder: code", "folder: cod", 'there is no folder "cod"'),
        ("runtime: python3.13", "runtime: python3.7", 'Lambda has no runtime "python3.7"'),
        ("schedule: rate(1 day)", "schedule: every day", "is no schedule of EventBridge"),
        ("nodeType: cache.t4g.micro", "nodeType: t4g.micro", "is no node type of ElastiCache"),
        ("hashKey: id", "hashKey: id, billing: provisioned", "needs readCapacity and writeCapacity"),
        ("{path: /api, service: api}", "{path: /api}", "exactly one of function and service"),
    ],
)
def test_a_mistake_is_told_on_its_line(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in HALF
    found = [each for each in problems(tmp_path, HALF.replace(right, wrong, 1)) if message in each.message]
    assert found, [each.message for each in problems(tmp_path, HALF.replace(right, wrong, 1))]
    assert all(each.line > MINIMAL.count("\n") for each in found)
