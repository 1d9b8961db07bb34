"""SEC: who may do what, and who could."""

from wavetank.checks.model import Rule

from . import sec001, sec002, sec003, sec004, sec005, sec006, sec007, sec008, sec009

RULES: tuple[Rule, ...] = (
    sec001.RULE,
    sec002.RULE,
    sec003.RULE,
    sec004.RULE,
    sec005.RULE,
    sec006.RULE,
    sec007.RULE,
    sec008.RULE,
    sec009.RULE,
)
