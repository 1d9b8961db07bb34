"""Web ACLs before load balancers: a fee for each ACL and for a million requests. Rules in the ACL are not known here."""

from __future__ import annotations

from datetime import date

from wavetank.cost.balancers import balancers
from wavetank.cost.readings import MILLION, SECONDS_PER_MONTH, Range, Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    guarded = [each for each in balancers(plan) if each.web_acl]
    acls = list(dict.fromkeys(each.web_acl for each in guarded))
    if not acls:
        return []
    path = guarded[0].path
    how = f"{len(acls)} web ACL{'s' if len(acls) > 1 else ''}, its rules not counted"
    fee = Reading("network", "web ACLs", "wafAclMonth", Range.fixed(len(acls)), "ACL-months", how, path)
    requests = plan.traffic.requests_per_second * SECONDS_PER_MONTH / MILLION
    how = "every request of the month, in millions"
    return [
        fee,
        Reading("network", "requests through web ACLs", "wafPerMillion", growing(plan, requests), "million", how, path),
    ]
