"""What a platform costs a month: plan → readings of billable meters → bill. Pure; prices are facts of ``catalog``."""

from .bill import Bill, Line, UnitPrice, bill
from .readings import Range, Reading

__all__ = ["Bill", "Line", "Range", "Reading", "UnitPrice", "bill"]
