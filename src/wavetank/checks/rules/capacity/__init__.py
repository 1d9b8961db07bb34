"""CAP: whether pods fit: on nodes, into quotas, by addresses and devices."""

from wavetank.checks.model import Rule

from . import (
    cap001,
    cap002,
    cap004,
    cap005,
    cap006,
    cap007,
    cap008,
    cap009,
    cap010,
    cap011,
    cap012,
    cap013,
    cap014,
    cap015,
    cap016,
    cap017,
)

RULES: tuple[Rule, ...] = (
    cap001.RULE,
    cap002.RULE,
    cap004.RULE,
    cap005.RULE,
    cap006.RULE,
    cap007.RULE,
    cap008.RULE,
    cap009.RULE,
    cap010.RULE,
    cap011.RULE,
    cap012.RULE,
    cap013.RULE,
    cap014.RULE,
    cap015.RULE,
    cap016.RULE,
    cap017.RULE,
)
