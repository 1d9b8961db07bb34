"""The mistakes between the layers: rules that read one platform, in whatever form it comes, and find what would go wrong.

``Case`` is what a rule sees; ``from_plan`` makes it of a spec's plan and bill, ``foreign`` of the files that somebody has
already. One file per rule in ``rules/``, one page per rule in ``docs/checks/`` (its bad and good examples are the rule's
tests). A rule is a function from a ``Case`` to mistakes; it does no I/O and changes nothing.
"""

from .accepted import Accepted, baseline_of, baseline_text, is_in_baseline
from .case import Case
from .foreign import Foreign, SourceFile, case_of_files, rendered_files
from .from_plan import case_of_plan
from .model import Finding, Rule, Severity
from .rules import RULES
from .run import Verdict, chosen_rules, findings, judge, reaches

__all__ = [
    "RULES",
    "Accepted",
    "Case",
    "Finding",
    "Foreign",
    "Rule",
    "Severity",
    "SourceFile",
    "Verdict",
    "baseline_of",
    "baseline_text",
    "case_of_files",
    "case_of_plan",
    "chosen_rules",
    "findings",
    "is_in_baseline",
    "judge",
    "reaches",
    "rendered_files",
]
