"""AUT: what scales pods and nodes, and whether it can."""

from wavetank.checks.model import Rule

from . import aut002

RULES: tuple[Rule, ...] = (aut002.RULE,)
