"""The rules of image policy in Rego: our own text, kept in files beside this module so that Rego's tools can read it.

A ConstraintTemplate holds one of them together with ``pods.rego``, which finds the containers in whatever makes pods.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

#: kinds that make pods, by API group: refused where people see it, not in a ReplicaSet's events
POD_MAKERS = (
    ("", ("Pod",)),
    ("apps", ("Deployment", "StatefulSet", "DaemonSet")),
    ("batch", ("Job", "CronJob")),
    ("argoproj.io", ("Rollout",)),
)


@cache
def rule(name: str) -> str:
    """The rule's module, complete: Gatekeeper takes one text per template."""
    return f"{_text(name).rstrip()}\n\n{_without_head(_text('pods'))}"


def _text(name: str) -> str:
    return files("wavetank.render.kubernetes").joinpath("policies", f"{name}.rego").read_text(encoding="utf-8")


def _without_head(module: str) -> str:
    """The rules of a module without its package line and the comment before it."""
    return module.partition("package pods\n")[2].strip() + "\n"
