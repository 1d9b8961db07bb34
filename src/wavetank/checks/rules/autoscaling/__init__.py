"""AUT: what scales pods and nodes, and whether it can."""

from wavetank.checks.model import Rule

from . import aut001, aut002, aut004, aut005, aut006, aut007, aut008, aut009, aut010, aut011, aut013

RULES: tuple[Rule, ...] = (
    aut001.RULE,
    aut002.RULE,
    aut004.RULE,
    aut005.RULE,
    aut006.RULE,
    aut007.RULE,
    aut008.RULE,
    aut009.RULE,
    aut010.RULE,
    aut011.RULE,
    aut013.RULE,
)
