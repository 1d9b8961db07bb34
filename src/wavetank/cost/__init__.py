"""What a platform costs a month: plan → readings of billable meters → bill. Pure; prices are facts of ``catalog``."""

from .bill import Bill, Line, bill
from .differences import Difference, differences
from .readings import Range, Reading
from .shares import By, Share, by, shares
from .unit_prices import UnitPrice
from .what_if import WhatIf, what_if, with_changes

__all__ = [
    "Bill",
    "By",
    "Difference",
    "Line",
    "Range",
    "Reading",
    "Share",
    "UnitPrice",
    "WhatIf",
    "bill",
    "by",
    "differences",
    "shares",
    "what_if",
    "with_changes",
]
