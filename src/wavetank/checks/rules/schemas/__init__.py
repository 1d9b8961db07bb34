"""SCH: objects that the API server or their controller does not accept or does not understand."""

from wavetank.checks.model import Rule

from . import (
    sch001,
    sch002,
    sch003,
    sch004,
    sch005,
    sch006,
    sch007,
    sch008,
    sch009,
    sch010,
    sch011,
    sch012,
    sch013,
    sch014,
    sch015,
)

RULES: tuple[Rule, ...] = (
    sch001.RULE,
    sch002.RULE,
    sch003.RULE,
    sch004.RULE,
    sch005.RULE,
    sch006.RULE,
    sch007.RULE,
    sch008.RULE,
    sch009.RULE,
    sch010.RULE,
    sch011.RULE,
    sch012.RULE,
    sch013.RULE,
    sch014.RULE,
    sch015.RULE,
)
