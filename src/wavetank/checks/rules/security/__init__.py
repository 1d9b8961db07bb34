"""SEC: IAM, RBAC, Pod Security, exposure, images."""

from wavetank.checks.model import Rule

RULES: tuple[Rule, ...] = ()
