"""EC2 security group rules: descriptions of rules between groups, and changes of rules that moto half applies."""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Context, Patch

_RULE = "moto.ec2.models.security_groups:SecurityGroupRule"
_BACKEND = "moto.ec2.models.security_groups:SecurityGroupBackend"


def _description(original: Any, context: Context) -> Any:
    def description(self: Any) -> str | None:
        text: str | None = self.ip_range.get("Description") or self.source_group.get("Description")
        return text

    return property(description)


def _modify_security_group_rules(original: Any, context: Context) -> Any:
    def modify_security_group_rules(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        # A rule for all protocols has no ports; moto insists on some.
        original(self, group_id, {key: {"FromPort": -1, "ToPort": -1} | rule for key, rule in rules.items()})
        group = self.get_security_group_by_name_or_id(group_id)
        for rule_id, wanted in rules.items():
            _finish(group.get_rule(rule_id), wanted)

    return modify_security_group_rules


def _finish(rule: Any, wanted: dict[str, Any]) -> None:
    if wanted.get("IpProtocol") == "-1":
        rule.from_port = rule.to_port = None
    if wanted.get("CidrIpv6"):
        rule.ip_range["CidrIpv6"] = wanted["CidrIpv6"]
    if wanted.get("ReferencedGroupId"):
        described = {"Description": wanted["Description"]} if wanted.get("Description") else {}
        rule.ip_range.pop("Description", None)
        rule.source_group = rule.source_group | {"GroupId": wanted["ReferencedGroupId"]} | described


PATCHES = (
    Patch(_RULE, "description", "rules whose source is a group lose their description", _description),
    Patch(
        _BACKEND,
        "modify_security_group_rules",
        "it refuses rules without ports and ignores a changed source group or IPv6 range",
        _modify_security_group_rules,
    ),
)
