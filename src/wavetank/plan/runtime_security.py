"""What Falco and Trivy Operator are told: values of their charts."""

from __future__ import annotations

import yaml

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.components import Component
from wavetank.spec.platform import PlatformFile
from wavetank.spec.security import Falco, FalcoRule, TrivyOperator

#: file that Falco reads after its own rules
RULES_FILE = "platform-rules.yaml"


def security_components(written: PlatformFile, has_operator: bool, ledger: Ledger) -> tuple[Component, ...]:
    """``has_operator``: the cluster knows ServiceMonitors."""
    stated = written.runtime_security
    found: list[Component] = []
    if stated is not None:
        ledger.stated("runtimeSecurity", stated)
    if stated is not None and stated.falco is not None and stated.falco.enabled:
        values = _falco(stated.falco, has_operator)
        found.append(Component("falco", ("runtimeSecurity.falco",), "processes in containers are watched", values))
    if stated is not None and stated.trivy_operator is not None and stated.trivy_operator.enabled:
        values = _trivy(stated.trivy_operator, has_operator)
        origins = ("runtimeSecurity.trivyOperator",)
        found.append(Component("trivy-operator", origins, "running images are scanned again and again", values))
    return tuple(found)


def _falco(stated: Falco, has_operator: bool) -> Obj:
    rules = [_rule(each) for each in stated.rules] if stated.rules is not None else list(catalog.falco_rules())
    values: Obj = {
        "driver": {"kind": stated.driver or "modern_ebpf"},
        "tty": True,
        "falco": {"json_output": True, "priority": stated.minimum_priority or "notice"},
        "customRules": {RULES_FILE: yaml.safe_dump(rules, sort_keys=False, width=1000)},
        "serviceMonitor": {"create": has_operator},
        "metrics": {"enabled": has_operator},
    }
    if stated.notify is not None:
        values["falcosidekick"] = {"enabled": True, "config": stated.notify}
    return values


def _rule(stated: FalcoRule) -> Obj:
    rule = {
        "rule": stated.name,
        "desc": stated.description or stated.name,
        "condition": stated.condition,
        "output": stated.output,
        "priority": stated.priority,
    }
    return rule | ({"tags": list(stated.tags)} if stated.tags else {})


def _trivy(stated: TrivyOperator, has_operator: bool) -> Obj:
    return {
        "trivy": {
            "severity": ",".join(stated.severities or ("HIGH", "CRITICAL")),
            "ignoreUnfixed": stated.ignore_unfixed is not False,
        },
        "serviceMonitor": {"enabled": has_operator},
    }
