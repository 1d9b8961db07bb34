"""GIT: Terraform's state, order of installation and removal, environments."""

from wavetank.checks.model import Rule

RULES: tuple[Rule, ...] = ()
