"""GIT: how the platform is applied, changed and taken away."""

from wavetank.checks.model import Rule

from . import git001, git002, git003, git004, git005

RULES: tuple[Rule, ...] = (
    git001.RULE,
    git002.RULE,
    git003.RULE,
    git004.RULE,
    git005.RULE,
)
