"""A small platform for tests of ingresses, mesh and delivery: base text, what is added to it, and its rendered objects."""

from __future__ import annotations

from typing import Any

import yaml

from wavetank.plan import Plan, plan
from wavetank.render import render
from wavetank.spec import load_text

BASE = """\
name: harbor
region: ap-southeast-2
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: t3.medium, minSize: 1, maxSize: 3}]
dns: {zone: example.com, certificates: [{name: main, domains: [example.com, "*.example.com"]}]}
namespaces: [{name: harbor}]
workloads:
  - {name: api, image: "nginx:1.29", port: 8080, readinessProbe: /ready, resources: {cpu: 100m, memory: 64Mi}}
  - {name: web, image: "nginx:1.29", port: 3000, readinessProbe: /healthz, resources: {cpu: 100m, memory: 64Mi}}
services:
  - {name: api, workload: api, port: 8000}
  - {name: web, workload: web, port: 3000}
"""


def planned(text: str) -> Plan:
    return plan(load_text(text, "platform.yaml"))


def rendered(text: str) -> list[dict[str, Any]]:
    """The objects of kubernetes/, in apply order."""
    files = sorted((name, file) for name, file in render(planned(text)).files.items() if name.startswith("kubernetes/"))
    return [item for _, file in files for item in yaml.safe_load_all(file.text)]


def only(text: str, kind: str, name: str) -> dict[str, Any]:
    found = [item for item in rendered(text) if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}"
    return found[0]
