"""The ARNs of pod roles, as Kubernetes files and chart values need them.

Terraform creates the role under the name that the plan gives it, so the ARN is known before an apply.
"""

from __future__ import annotations

from wavetank.plan.model import Plan


def role_arn(plan: Plan, role: str) -> str:
    """The ARN of a PodRole of the plan, by its name."""
    assert any(item.name == role for item in plan.pod_roles), f"the plan has no pod role {role!r}"
    return f"arn:aws:iam::{plan.account_id}:role/{role}"
