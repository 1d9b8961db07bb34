"""Every rule, in the order of the layers from the nodes up. Adding one: its file, its line here, its page in docs/checks/."""

from wavetank.checks.model import Rule

from . import aut002, avl001, avl007, cap001, cap004, cap008, cst002, net002, net008, ver001

RULES: tuple[Rule, ...] = (
    cap001.RULE,
    cap004.RULE,
    cap008.RULE,
    net002.RULE,
    net008.RULE,
    avl001.RULE,
    avl007.RULE,
    aut002.RULE,
    ver001.RULE,
    cst002.RULE,
)
