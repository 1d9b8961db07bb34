"""CST: what it costs, and whether somebody has reckoned with it."""

from wavetank.checks.model import Rule

from . import cst001, cst002, cst003, cst004, cst005, cst006, cst007, cst008, cst009, cst010

RULES: tuple[Rule, ...] = (
    cst001.RULE,
    cst002.RULE,
    cst003.RULE,
    cst004.RULE,
    cst005.RULE,
    cst006.RULE,
    cst007.RULE,
    cst008.RULE,
    cst009.RULE,
    cst010.RULE,
)
