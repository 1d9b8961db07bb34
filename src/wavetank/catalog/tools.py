"""Tools around a platform: the actions that pipelines use, by commit, rules for Falco, commands of eksctl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.catalog.files import data


def pinned_action(name: str) -> tuple[str, str]:
    """``owner/name@commit`` of a GitHub action, and the version that the commit is."""
    row = data("pipeline-tools")["actions"][name]
    return f"{name}@{row['commit']}", row["version"]


def falco_rules() -> tuple[dict[str, Any], ...]:
    """Rules in Falco's own shape that every platform gets which states none."""
    return tuple(data("falco-rules")["rules"])


def velero_plugin_version() -> str:
    """Tag of Velero's plugin for AWS that goes with the catalog's Velero."""
    return str(data("pipeline-tools")["veleroPlugin"]["version"])


def eksctl_commands() -> Mapping[str, frozenset[str]]:
    """eksctl's verbs and what each takes; nothing for verbs whose words are not known here."""
    return {verb: frozenset(nouns) for verb, nouns in data("eksctl")["verbs"].items()}
