"""The Pod Security Standards as of a version: checks came one by one, and lists of what is allowed grew."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.pod_security import violations
from wavetank.kube.types import Obj


def spec(**security: Any) -> Obj:
    return {"containers": [{"name": "main", "image": "app:1"}], "securityContext": security}


def reasons(level: Any, pod: Obj, version: str, newest_minor: int = 36) -> list[str]:
    return [v.reason for v in violations(level, {}, pod, version, newest_minor)]


ESCALATION, SECCOMP = "allowPrivilegeEscalation != false", "seccompProfile"
CAPABILITIES, NOT_ROOT = "unrestricted capabilities", "runAsNonRoot != true"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1.7", [NOT_ROOT]),
        ("v1.8", [ESCALATION, NOT_ROOT]),
        ("v1.19", [ESCALATION, NOT_ROOT, SECCOMP]),
        ("v1.22", [ESCALATION, CAPABILITIES, NOT_ROOT, SECCOMP]),
        ("latest", [ESCALATION, CAPABILITIES, NOT_ROOT, SECCOMP]),
    ],
)
def test_restricted_asked_more_with_every_version(version: str, expected: list[str]) -> None:
    assert reasons("restricted", spec(), version) == expected


@pytest.mark.parametrize(
    ("sysctl", "since"),
    [("net.ipv4.ip_local_reserved_ports", 27), ("net.ipv4.tcp_fin_timeout", 29), ("net.ipv4.tcp_rmem", 32)],
)
def test_sysctls_were_allowed_one_after_another(sysctl: str, since: int) -> None:
    pod = spec(sysctls=[{"name": sysctl, "value": "1"}])
    assert reasons("baseline", pod, f"v1.{since - 1}") == ["forbidden sysctls"]
    assert reasons("baseline", pod, f"v1.{since}") == []


def test_pods_in_user_namespaces_may_be_root_since_1_35() -> None:
    pod = {**spec(runAsUser=0), "hostUsers": False}
    assert NOT_ROOT in reasons("restricted", pod, "v1.34")
    assert NOT_ROOT not in reasons("restricted", pod, "v1.35")


def test_windows_is_let_off_since_1_25() -> None:
    pod = {**spec(runAsNonRoot=True), "os": {"name": "windows"}}
    assert reasons("restricted", pod, "v1.24") == [ESCALATION, CAPABILITIES, SECCOMP]
    assert reasons("restricted", pod, "v1.25") == []


def test_a_server_knows_no_newer_rules_than_its_own() -> None:
    pod = {**spec(runAsUser=0), "hostUsers": False}
    assert NOT_ROOT in reasons("restricted", pod, "latest", newest_minor=33)
    assert NOT_ROOT in reasons("restricted", pod, "v1.36", newest_minor=33)
