"""A small platform as text: tests write what they are about below or instead of a line of it."""

from __future__ import annotations

from wavetank.base.errors import InputError, Problem
from wavetank.spec import Platform, load_text

MINIMAL = """\
name: harbor
region: ap-southeast-2
accountId: "111122223333"
nodeGroups:
  - name: general
    instanceTypes: t3.medium
    minSize: 1
    maxSize: 3
namespaces: [{name: harbor}]
workloads:
  - name: api
    image: nginx:1.29
    port: 8080
services:
  - name: api
    workload: api
    port: 80
"""


def platform(text: str = MINIMAL, environment: str = "production") -> Platform:
    return load_text(text, "platform.yaml", environment)


def problems(text: str, environment: str = "production") -> list[Problem]:
    """What is wrong with a platform; empty when nothing is."""
    try:
        platform(text, environment)
    except InputError as error:
        return list(error.problems)
    return []


def places(text: str) -> list[tuple[int, int, str]]:
    """Line, column and message of everything that is wrong."""
    return [(problem.line, problem.column, problem.message) for problem in problems(text)]
