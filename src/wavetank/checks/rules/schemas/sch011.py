"""SCH011: a runbook with a command that the tool does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.catalog import eksctl_commands
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Place, Rule, Severity

_COMMAND = re.compile(r"^\s*(?:\$ |sudo )?eksctl +([a-z]+) +([A-Za-z-]+)", re.MULTILINE)
_SCRIPTS = (".sh", ".md")


def check(case: Case) -> Iterator[Mistake]:
    known = eksctl_commands()
    for source in case.programs:
        if not source.base.endswith(_SCRIPTS):
            continue
        for found in _COMMAND.finditer(source.text):
            verb, noun = found[1], found[2]
            line = source.text.count("\n", 0, found.start(1)) + 1
            if verb not in known:
                yield _mistake(Place(source.name, line, f"eksctl {verb}"), verb, noun)
            elif known[verb] and not noun.startswith("-") and noun.lower() not in known[verb]:
                yield _mistake(Place(source.name, line, f"eksctl {verb} {noun}"), verb, noun)


def _mistake(place: Place, verb: str, noun: str) -> Mistake:
    verbs = sorted(each for each, nouns in eksctl_commands().items() if noun.lower() in nouns)
    does = f"eksctl {verbs[0]} {noun.lower()}" if verbs else f"eksctl {verb} --help"
    return Mistake(
        at=place,
        message=f"eksctl has no command `{verb} {noun}`: the step of the runbook fails",
        remedy=f"`{does}`" + (f" (also: {', '.join(verbs[1:])})" if verbs[1:] else ""),
        numbers={"command": f"{verb} {noun}"},
    )


RULE = Rule(
    id="SCH011",
    severity=Severity.WARN,
    title="The tool has no such command",
    source="eksctl.io (commands)",
    check=check,
)
