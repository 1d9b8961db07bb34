"""AVL: budgets, probes, spread, rollouts: what keeps a workload up."""

from wavetank.checks.model import Rule

from . import avl001, avl007

RULES: tuple[Rule, ...] = (
    avl001.RULE,
    avl007.RULE,
)
