"""STO: volumes, storage classes, snapshots."""

from wavetank.checks.model import Rule

from . import sto001, sto002, sto003, sto004, sto005, sto006, sto007, sto008, sto009

RULES: tuple[Rule, ...] = (
    sto001.RULE,
    sto002.RULE,
    sto003.RULE,
    sto004.RULE,
    sto005.RULE,
    sto006.RULE,
    sto007.RULE,
    sto008.RULE,
    sto009.RULE,
)
