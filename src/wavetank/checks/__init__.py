"""The mistakes between the layers: rules that read a resolved platform and its bill, and find what would go wrong.

One file per rule in ``rules/``, one page per rule in ``docs/checks/`` (its bad and good example are the rule's test). A rule
is a function from a ``Case`` to findings; it does no I/O and changes nothing.
"""

from .model import Case, Finding, Rule, Severity
from .rules import RULES
from .run import findings, reaches

__all__ = ["RULES", "Case", "Finding", "Rule", "Severity", "findings", "reaches"]
