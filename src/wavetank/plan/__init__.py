"""The platform with every gap filled, and the reason for every value. Pure: a platform as written goes in, a plan comes out.

One module per part of the platform decides its defaults; ``model`` is what they decide on, ``reasons`` how they say why.
"""

from wavetank.plan.model import Plan
from wavetank.plan.planner import plan

__all__ = ["Plan", "plan"]
