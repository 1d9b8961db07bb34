"""KUB025: Secrets with their values in the files."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, mapping
from wavetank.checks.model import Mistake, Rule, Severity

#: what a value is that somebody or something else is to replace
_PLACEHOLDERS = ("<", "${", "{{", "$(", "changeme", "replace")
_CA = "ca.crt"


def check(case: Case) -> Iterator[Mistake]:
    for secret in case.manifests.of_kind("Secret", group=""):
        if secret.obj.get("type") == "kubernetes.io/service-account-token":
            continue
        keys = [key for field in ("data", "stringData") for key in _filled(secret, field)]
        if keys:
            yield Mistake(
                at=secret.at("data" if mapping(secret.obj.get("data")) else "stringData"),
                message=(
                    f"{secret.title} holds {len(keys)} values in the file ({', '.join(keys[:4])}): base64 is no encryption, and "
                    "whoever reads the repository, now or in its history, has them"
                ),
                remedy="keep it in Secrets Manager with an ExternalSecret, or seal it; replace what was committed",
                numbers={"values": len(keys)},
            )


def _filled(secret: Manifest, field: str) -> list[str]:
    values = mapping(secret.obj.get(field))
    return [key for key, value in values.items() if key != _CA and isinstance(value, str) and not _is_blank(value)]


def _is_blank(value: str) -> bool:
    return not value.strip() or value.strip().lower().startswith(_PLACEHOLDERS)


RULE = Rule(
    id="KUB025",
    severity=Severity.WARN,
    title="Secrets in the files",
    source="kubernetes.io/docs/concepts/security/secrets-good-practices",
    check=check,
)
