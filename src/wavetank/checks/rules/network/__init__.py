"""NET: addresses, paths, policies, load balancers, DNS."""

from wavetank.checks.model import Rule

from . import net001, net002, net004, net005, net006, net007, net008, net009, net010, net011, net012, net013, net014

RULES: tuple[Rule, ...] = (
    net001.RULE,
    net002.RULE,
    net004.RULE,
    net005.RULE,
    net006.RULE,
    net007.RULE,
    net008.RULE,
    net009.RULE,
    net010.RULE,
    net011.RULE,
    net012.RULE,
    net013.RULE,
    net014.RULE,
)
