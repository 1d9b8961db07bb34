"""Defaults of the group ``admissionregistration.k8s.io``."""

from __future__ import annotations

from ..types import Obj

_WEBHOOK_TIMEOUT_SECONDS = 10


def _fill_webhooks(obj: Obj) -> None:
    for webhook in obj.get("webhooks") or ():
        webhook.setdefault("failurePolicy", "Fail")
        webhook.setdefault("matchPolicy", "Equivalent")
        webhook.setdefault("timeoutSeconds", _WEBHOOK_TIMEOUT_SECONDS)
        _fill_match(webhook, "rules")
        service = (webhook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            service.setdefault("port", 443)


def _fill_mutating(obj: Obj) -> None:
    _fill_webhooks(obj)
    for webhook in obj.get("webhooks") or ():
        webhook.setdefault("reinvocationPolicy", "Never")


def _fill_match(match: Obj, *rule_lists: str) -> None:
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for rules in rule_lists:
        for rule in match.get(rules) or ():
            rule.setdefault("scope", "*")


def _fill_policy(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    _fill_constraints(spec.get("matchConstraints"))


def _fill_policy_binding(obj: Obj) -> None:
    _fill_constraints(obj.setdefault("spec", {}).get("matchResources"))


def _fill_constraints(match: Obj | None) -> None:
    if match is not None:
        match.setdefault("matchPolicy", "Equivalent")
        _fill_match(match, "resourceRules", "excludeResourceRules")


FILLERS = {
    "ValidatingWebhookConfiguration": _fill_webhooks,
    "MutatingWebhookConfiguration": _fill_mutating,
    "ValidatingAdmissionPolicy": _fill_policy,
    "ValidatingAdmissionPolicyBinding": _fill_policy_binding,
    "MutatingAdmissionPolicy": _fill_policy,
    "MutatingAdmissionPolicyBinding": _fill_policy_binding,
}
