"""CAP: whether pods fit: on nodes, into quotas, by addresses and devices."""

from wavetank.checks.model import Rule

from . import cap001, cap004, cap008

RULES: tuple[Rule, ...] = (
    cap001.RULE,
    cap004.RULE,
    cap008.RULE,
)
