"""STO: volumes, storage classes, snapshots."""

from wavetank.checks.model import Rule

RULES: tuple[Rule, ...] = ()
