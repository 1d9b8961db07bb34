"""KUB026: passwords and keys as plain environment variables, or in a ConfigMap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container

_NAME = re.compile(r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|APIKEY|API_KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS)$")
_AWS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
_URL_WITH_PASSWORD = re.compile(r"\b[a-z][a-z0-9+]*://[^/\s:@]+:(?![$<{*])[^/\s:@]+@")
#: values that name a thing, a file or a switch rather than being a secret
_NO_SECRET = re.compile(
    r"(true|false|yes|no|none|null|[0-9]{0,4}|/.*|https?://[^@]*|arn:.*|<.*>|\$[({].*|\{\{.*)", re.IGNORECASE
)


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in every_container(workload):
            for index, variable in enumerate(items(container.obj.get("env"))):
                name, value = str(variable.get("name")), variable.get("value")
                if isinstance(value, str) and is_secret(name, value):
                    owner = f"container {container.name} of {workload.title}"
                    yield _mistake(container.at("env", index), owner, name)
    for config in case.manifests.of_kind("ConfigMap", group=""):
        for name, value in mapping(config.obj.get("data")).items():
            if isinstance(value, str) and "\n" not in value and is_secret(name, value):
                yield _mistake(config.at("data", name), config.title, name)


def is_secret(name: str, value: str) -> bool:
    """Whether it looks like a secret by its name, or by itself."""
    by_name = _NAME.search(re.sub(r"[^A-Z0-9]", "_", name.upper())) and not _NO_SECRET.fullmatch(value)
    return bool(by_name or _AWS_KEY.search(value) or _URL_WITH_PASSWORD.search(value))


def _mistake(at: Place, owner: str, name: str) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"{owner} has {name} in plain text: it is in the repository, in every backup of the cluster's state, and shown "
            "to whoever may read pods"
        ),
        remedy="put it into a Secret (from Secrets Manager by an ExternalSecret) and refer to it with secretKeyRef",
        numbers={"variable": name},
    )


RULE = Rule(
    id="KUB026",
    severity=Severity.WARN,
    title="A secret in plain text",
    source="kubernetes.io/docs/concepts/security/secrets-good-practices",
    check=check,
)
