"""VER: what is out of support, retired or renamed."""

from wavetank.checks.model import Rule

from . import ver001, ver002, ver003

RULES: tuple[Rule, ...] = (
    ver001.RULE,
    ver002.RULE,
    ver003.RULE,
)
