"""CST: money that was not planned for."""

from wavetank.checks.model import Rule

from . import cst002

RULES: tuple[Rule, ...] = (cst002.RULE,)
