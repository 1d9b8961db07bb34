"""NET014: a Corefile with which CoreDNS does not start, or never becomes ready."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Place, Rule, Severity

#: plugins and options that CoreDNS does not know any more -> since when, and what instead
_REMOVED = {
    "upstream": ("1.7.0", "remove the line: the kubernetes plugin resolves external names by itself"),
    "resyncperiod": ("1.7.0", "remove the line"),
}
_REMOVED_PLUGINS = {"proxy": ("1.5.0", "use the forward plugin"), "federation": ("1.7.0", "remove it")}


def check(case: Case) -> Iterator[Mistake]:
    for at, corefile in _corefiles(case):
        yield from _removed(at, corefile)
        if not re.search(r"^\s*ready\b", corefile, re.MULTILINE) and re.search(
            r"^\s*\.(:53)?\s*\{", corefile, re.MULTILINE
        ):
            yield _never_ready(at)


def _corefiles(case: Case) -> Iterator[tuple[Place, str]]:
    add_on = case.aws.add_on("coredns")
    stated = (add_on.configuration or {}).get("corefile") if add_on else None
    if add_on is not None and isinstance(stated, str):
        yield add_on.at("configuration"), stated
    for config in case.manifests.of_kind("ConfigMap", group=""):
        text = (config.obj.get("data") or {}).get("Corefile") if isinstance(config.obj.get("data"), dict) else None
        if config.name == "coredns" and isinstance(text, str):
            yield config.at("data", "Corefile"), text


def _removed(at: Place, corefile: str) -> Iterator[Mistake]:
    block = re.search(r"^\s*kubernetes\b[^{\n]*\{(.*?)\}", corefile, re.MULTILINE | re.DOTALL)
    for option, (since, remedy) in _REMOVED.items():
        if block and re.search(rf"^\s*{option}\b", block[1], re.MULTILINE):
            yield _mistake(at, f"{option} in the kubernetes plugin", since, remedy)
    for plugin, (since, remedy) in _REMOVED_PLUGINS.items():
        if re.search(rf"^\s*{plugin}\s", corefile, re.MULTILINE):
            yield _mistake(at, f"the plugin {plugin}", since, remedy)


def _mistake(at: Place, what: str, since: str, remedy: str) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"the Corefile uses {what}, which CoreDNS does not know since {since}: CoreDNS exits at start, and no "
            "pod resolves a name"
        ),
        remedy=remedy,
        numbers={"removedIn": since, "option": what},
    )


def _never_ready(at: Place) -> Mistake:
    return Mistake(
        at=at,
        message=(
            "the Corefile has no ready plugin, but the add-on's readiness probe asks port 8181: CoreDNS is never ready, "
            "and the "
            "Service kube-dns has 0 endpoints"
        ),
        remedy="add the line `ready` to the server block",
        numbers={"probePort": 8181, "endpoints": 0},
    )


RULE = Rule(
    id="NET014",
    severity=Severity.ERROR,
    title="CoreDNS does not start with this Corefile",
    source="CoreDNS 1.7.0 release notes; CoreDNS plugin ready",
    check=check,
)
