"""AWS: settings of the account's resources that are weak by themselves, whatever runs on them."""

from wavetank.checks.model import Rule

from . import aws001, aws002, aws003, aws004, aws005, aws006, aws007, aws008

RULES: tuple[Rule, ...] = (
    aws001.RULE,
    aws002.RULE,
    aws003.RULE,
    aws004.RULE,
    aws005.RULE,
    aws006.RULE,
    aws007.RULE,
    aws008.RULE,
)
