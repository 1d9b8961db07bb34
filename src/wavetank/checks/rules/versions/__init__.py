"""VER: what is out of support, retired or renamed."""

from wavetank.checks.model import Rule

from . import ver001

RULES: tuple[Rule, ...] = (ver001.RULE,)
