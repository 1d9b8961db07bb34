"""The mistakes between the layers: rules that read one platform, in whatever form it comes, and find what would go wrong.

``Case`` is what a rule sees; ``from_plan`` makes it of a spec's plan and bill, ``foreign`` of the files that somebody has
already. One file per rule in ``rules/``, one page per rule in ``docs/checks/`` (its bad and good examples are the rule's
tests). A rule is a function from a ``Case`` to mistakes; it does no I/O and changes nothing.
"""

from .case import Case
from .foreign import Foreign, SourceFile, case_of_files
from .from_plan import case_of_plan
from .model import Finding, Rule, Severity
from .rules import RULES
from .run import findings, reaches

__all__ = [
    "RULES",
    "Case",
    "Finding",
    "Foreign",
    "Rule",
    "Severity",
    "SourceFile",
    "case_of_files",
    "case_of_plan",
    "findings",
    "reaches",
]
