"""The text of refusals: clients show it, and some compare it."""

from __future__ import annotations

import json

from wavetank.kube.errors import already_exists, bad_request
from wavetank.kube.kinds import resource_of_plural


def test_a_refusal_has_its_fields_in_the_order_of_a_real_server() -> None:
    deployments = resource_of_plural("apps", "deployments")
    assert deployments is not None
    assert json.dumps(already_exists(deployments, "web").status(), separators=(",", ":")) == (
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
        '"message":"deployments.apps \\"web\\" already exists","reason":"AlreadyExists",'
        '"details":{"name":"web","group":"apps","kind":"deployments"},"code":409}'
    )
    assert list(bad_request("no").status())[-2:] == ["reason", "code"]
