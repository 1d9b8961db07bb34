"""AVL: what stays up when pods, nodes and zones go."""

from wavetank.checks.model import Rule

from . import avl001, avl002, avl003, avl004, avl005, avl006, avl007, avl008, avl009, avl010, avl011

RULES: tuple[Rule, ...] = (
    avl001.RULE,
    avl002.RULE,
    avl003.RULE,
    avl004.RULE,
    avl005.RULE,
    avl006.RULE,
    avl007.RULE,
    avl008.RULE,
    avl009.RULE,
    avl010.RULE,
    avl011.RULE,
)
