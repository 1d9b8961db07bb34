"""SCH: objects that the API server or their controller does not accept or does not understand."""

from wavetank.checks.model import Rule

RULES: tuple[Rule, ...] = ()
