"""NET: addresses, paths, policies, load balancers, DNS."""

from wavetank.checks.model import Rule

from . import net002, net008

RULES: tuple[Rule, ...] = (
    net002.RULE,
    net008.RULE,
)
