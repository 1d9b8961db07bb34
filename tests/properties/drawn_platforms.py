"""Whole platforms at random, each of them valid: ``platforms()`` draws the document of a platform file, environments included.

Sections are drawn one after the other, those that name things after those that define them. Each drawn value is meant to be
accepted: a refusal is a mistake of these strategies, or of the spec.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drawn import SWITCH, Draw, Section, mapping, one, seldom
from drawn_entrances import connect, ingresses, mesh, others, services
from drawn_ground import ground
from drawn_operations import operations, serverless
from drawn_workloads import PRIORITY_CLASSES, namespaces, workloads
from hypothesis import strategies as st

from wavetank.plan import Plan, plan
from wavetank.spec import load_all_text

#: the folder in which the author's own files lie that platforms name
FOLDER = Path(__file__).parents[1] / "data"
FILE = str(FOLDER / "platform.yaml")


@st.composite
def platforms(draw: Draw) -> Section:
    """The document of a platform file."""
    found = ground(draw)
    found["namespaces"] = namespaces(draw)
    found["priorityClasses"] = PRIORITY_CLASSES
    found["workloads"] = workloads(draw, found)
    found["services"] = services(draw, found["workloads"])
    connect(draw, found["workloads"], found["services"])
    found["ingresses"] = ingresses(draw, found)
    if seldom(draw):
        found["mesh"] = mesh(draw, found)
    found |= others(draw, found)
    found |= operations(draw)
    if seldom(draw):
        found["serverless"] = serverless(draw)
        _need(found, "helmReleases", "aws-load-balancer-controller")
    if draw(SWITCH):
        found["environments"] = environments(draw, found)
    return found


def text_of(document: Section) -> str:
    """As a platform file: JSON is YAML, and quick to write and read."""
    return json.dumps(document, indent=1)


def plans_of(document: Section) -> dict[str, Plan]:
    """The plan of each environment; InputError when the document is refused."""
    return {name: plan(each) for name, each in load_all_text(text_of(document), FILE).items()}


def _need(platform: Section, section: str, name: str) -> None:
    """Name an element in a list unless it is there."""
    elements = platform.setdefault(section, [])
    if not any(each == name or (isinstance(each, dict) and each.get("name") == name) for each in elements):
        elements.append(name)


def environments(draw: Draw, platform: Section) -> Section:
    """One to three environments, each with an overlay over some sections."""
    names = draw(st.sampled_from([["production"], ["production", "dev"], ["dev", "staging", "production"]]))
    return {name: overlay(draw, platform) for name in names}


def overlay(draw: Draw, platform: Section) -> Section:
    """Differences of an environment: other numbers, elements that are gone, sections that are gone."""
    found: Section = {}
    if draw(SWITCH):
        found["nodeGroups"] = [{"name": "general", **draw(mapping({}, minSize=one(0, 1), maxSize=one(6, 20), disk=50))}]
    scaled = [each for each in platform["workloads"] if "replicas" in each and draw(SWITCH)]
    if scaled:
        found["workloads"] = [{"name": each["name"], **_smaller(draw, each)} for each in scaled]
    for section in _REMOVABLE:
        if section in platform and seldom(draw):
            found[section] = None
    found |= {key: draw(strategy) for key, strategy in _CHANGES.items() if seldom(draw)}
    return found


def _smaller(draw: Draw, workload: Section) -> Section:
    change: dict[str, Any] = {"replicas": one(1, 2), "team": "night"}
    if "cpu" in workload["resources"]:
        change["resources"] = {"cpu": "50m/2", "memory": "64Mi/4Gi"}
    if "config" in workload:
        change["config"] = {"MODE": "slow", "RETRIES": None}
    return dict(draw(mapping({}, **change)))


_REMOVABLE = ("budgets", "imagePolicy", "runtimeSecurity", "objectives", "costMonitoring", "tags", "suppressions")
_CHANGES: dict[str, Any] = {
    "network": one({"nat": "single"}, {"flowLogs": True}),
    "traffic": st.just({"requestsPerSecond": 1}),
    "cluster": one({"logs": {"retentionDays": 1}}, {"deletionProtection": True}),
    "objectives": st.just({"monthlyCostUsd": 500}),
}
