"""The Pod Security Standards: what is wrong with a pod's specification at level baseline or restricted.

Pure; used by the PodSecurity admission plugin and by checks. Upstream ``k8s.io/pod-security-admission/policy``: one function per
check, in upstream's order (by id), with its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from wavetank.kube.types import Obj

#: The minor that relaxed checks for pods in user namespaces (``UserNamespacesPodSecurityStandards``).
_USER_NAMESPACES_SINCE = 35
#: The minor that let pods for Windows off checks of what only Linux has.
_WINDOWS_SINCE = 25
_LATEST = 10**6
Level = Literal["privileged", "baseline", "restricted"]


@dataclass(frozen=True)
class Violation:
    """``reason`` alone is said of pods that exist already; ``detail`` explains it for one pod."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


@dataclass(frozen=True)
class Subject:
    metadata: Obj
    spec: Obj
    #: The minor whose rules are asked for.
    minor: int

    @property
    def in_user_namespace(self) -> bool:
        """Root in there is nobody outside, so some checks do not apply."""
        return self.spec.get("hostUsers") is False and self.minor >= _USER_NAMESPACES_SINCE

    @property
    def security(self) -> Obj:
        return self.spec.get("securityContext") or {}

    @property
    def is_windows(self) -> bool:
        """Said so, and that counts: some checks know nothing of Windows."""
        return bool((self.spec.get("os") or {}).get("name") == "windows") and self.minor >= _WINDOWS_SINCE

    def containers(self) -> Iterator[Obj]:
        for field in ("initContainers", "containers", "ephemeralContainers"):
            yield from self.spec.get(field) or ()


Check = Callable[[Subject], Violation | None]


def violations(
    level: Level, metadata: Obj, spec: Obj, version: str = "latest", newest_minor: int = _LATEST
) -> list[Violation]:
    """Every violation of ``level`` as of ``version`` (``latest`` or ``v1.N``), in upstream's order; empty: allowed.

    A server knows no rules that are newer than itself: ``newest_minor`` is its own.
    """
    minor = min(int(version.partition(".")[2]) if version != "latest" else _LATEST, newest_minor)
    subject, checks = Subject(metadata, spec, minor), _checks(level, minor)
    return [found for check in checks if (found := check(subject)) is not None]


def _checks(level: Level, minor: int) -> list[Check]:
    """What is asked at a level as of a minor; a restricted check that exists replaces its baseline one."""
    baseline = [check for check in BASELINE if minor >= _SINCE_MINOR.get(check, 0)]
    match level:
        case "privileged":
            return []
        case "baseline":
            return baseline
        case "restricted":
            restricted = [check for check in RESTRICTED if minor >= _SINCE_MINOR.get(check, 0)]
            replaced = [_REPLACES[check] for check in restricted if check in _REPLACES]
            return [*(check for check in baseline if check not in replaced), *restricted]
    assert_never(level)


def _security(container: Obj) -> Obj:
    return container.get("securityContext") or {}


def _named(containers: list[str], one: str = "container", many: str = "containers") -> str:
    quoted = ", ".join(f'"{name}"' for name in containers)
    return f"{one if len(containers) == 1 else many} {quoted}"


def _quoted(values: Any) -> str:
    return ", ".join(f'"{v}"' for v in sorted(set(values)))


# Baseline ----------------------------------------------------------------------------------------------------------

_APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"


def _app_armor(pod: Subject) -> Violation | None:
    details, values = [], []
    if (pod.security.get("appArmorProfile") or {}).get("type") == "Unconfined":
        details.append("pod")
        values.append("Unconfined")
    bad = [
        c["name"] for c in pod.containers() if (_security(c).get("appArmorProfile") or {}).get("type") == "Unconfined"
    ]
    if bad:
        details.append(_named(bad))
        values.append("Unconfined")
    found = [f"{' and '.join(details)} must not set AppArmor profile type to {_quoted(values)}"] if details else []
    annotated = {
        k: v
        for k, v in (pod.metadata.get("annotations") or {}).items()
        if k.startswith(_APPARMOR_PREFIX) and v not in ("", "runtime/default") and not v.startswith("localhost/")
    }
    if annotated:
        shown = ", ".join(f'{k}="{v}"' for k, v in sorted(annotated.items()))
        found.append(f"annotation{'s' if len(annotated) > 1 else ''} {shown}")
    title = "forbidden AppArmor profile" + ("s" if len(values) + len(annotated) > 1 else "")
    return Violation(title, "; ".join(found)) if found else None


_DEFAULT_CAPABILITIES_TEXT = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
)
_DEFAULT_CAPABILITIES = frozenset(_DEFAULT_CAPABILITIES_TEXT.split())


def _capabilities_baseline(pod: Subject) -> Violation | None:
    bad, added = [], set()
    for container in pod.containers():
        extra = set((_security(container).get("capabilities") or {}).get("add") or ()) - _DEFAULT_CAPABILITIES
        if extra:
            bad.append(container["name"])
            added |= extra
    detail = f"{_named(bad)} must not include {_quoted(added)} in securityContext.capabilities.add"
    return Violation("non-default capabilities", detail) if bad else None


def _host_namespaces(pod: Subject) -> Violation | None:
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(field)]
    return Violation("host namespaces", ", ".join(used)) if used else None


def _host_path(pod: Subject) -> Violation | None:
    used = [v["name"] for v in pod.spec.get("volumes") or () if v.get("hostPath") is not None]
    return Violation("hostPath volumes", _named(used, "volume", "volumes")) if used else None


def _host_ports(pod: Subject) -> Violation | None:
    bad, ports = [], []
    for container in pod.containers():
        used = [str(p["hostPort"]) for p in container.get("ports") or () if p.get("hostPort")]
        if used:
            bad.append(container["name"])
            ports += [p for p in used if p not in ports]
    verb = "uses" if len(bad) == 1 else "use"
    title = "hostPort" if len(ports) == 1 else "hostPorts"
    return Violation("hostPort", f"{_named(bad)} {verb} {title} {', '.join(ports)}") if bad else None


_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def _hosts_in_probes(pod: Subject) -> Violation | None:
    """A probe or hook must not name a host other than the pod."""
    bad, hosts = [], set()
    for container in pod.containers():
        hooks = container.get("lifecycle") or {}
        handlers = [container.get(p) or {} for p in _PROBES] + [hooks.get(h) or {} for h in ("postStart", "preStop")]
        named = {(h.get(kind) or {}).get("host") for h in handlers for kind in ("httpGet", "tcpSocket")}
        named -= {None, "", "127.0.0.1", "::1"}
        if named:
            bad.append(container["name"])
            hosts |= named
    word = "host" if len(hosts) == 1 else "hosts"
    verb = "uses" if len(bad) == 1 else "use"
    return Violation("probe or lifecycle host", f"{_named(bad)} {verb} {word} {_quoted(hosts)}") if bad else None


def _privileged(pod: Subject) -> Violation | None:
    bad = [c["name"] for c in pod.containers() if _security(c).get("privileged")]
    return Violation("privileged", f"{_named(bad)} must not set securityContext.privileged=true") if bad else None


def _proc_mount(pod: Subject) -> Violation | None:
    if pod.in_user_namespace:
        return None
    bad = {
        c["name"]: _security(c)["procMount"]
        for c in pod.containers()
        if _security(c).get("procMount", "Default") != "Default"
    }
    detail = f"{_named(list(bad))} must not set securityContext.procMount to {_quoted(bad.values())}"
    return Violation("procMount", detail) if bad else None


_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SELINUX_TYPES_SINCE_1_31 = _SELINUX_TYPES | {"container_engine_t"}


def _selinux(pod: Subject) -> Violation | None:
    who, types, faults = [], set(), []
    allowed = _SELINUX_TYPES_SINCE_1_31 if pod.minor >= 31 else _SELINUX_TYPES

    def judge(options: Obj | None) -> bool:
        wrong = False
        if (options or {}).get("type", "") not in allowed:
            types.add((options or {})["type"])
            wrong = True
        for field in ("user", "role"):
            if (options or {}).get(field):
                faults.append(f"{field} may not be set")
                wrong = True
        return wrong

    if judge(pod.security.get("seLinuxOptions")):
        who.append("pod")
    bad = [c["name"] for c in pod.containers() if judge(_security(c).get("seLinuxOptions"))]
    who += [_named(bad)] if bad else []
    shown = [f"type{'s' if len(types) > 1 else ''} {_quoted(types)}"] if types else []
    shown += list(dict.fromkeys(faults))
    detail = f"{' and '.join(who)} set forbidden securityContext.seLinuxOptions: {'; '.join(shown)}"
    return Violation("seLinuxOptions", detail) if who else None


def _seccomp_baseline(pod: Subject) -> Violation | None:
    def unconfined(context: Obj) -> bool:
        return bool((context.get("seccompProfile") or {}).get("type") == "Unconfined")

    who = ["pod"] if unconfined(pod.security) else []
    bad = [c["name"] for c in pod.containers() if unconfined(_security(c))]
    who += [_named(bad)] if bad else []
    detail = f'{" and ".join(who)} must not set securityContext.seccompProfile.type to "Unconfined"'
    return Violation("seccompProfile", detail) if who else None


#: (minor that allowed them, sysctls).
_SYSCTLS = (
    (0, "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
)


def _sysctls(pod: Subject) -> Violation | None:
    allowed = {name for since, names in _SYSCTLS if pod.minor >= since for name in names.split()}
    bad = [s["name"] for s in pod.security.get("sysctls") or () if s["name"] not in allowed]
    return Violation("forbidden sysctls", ", ".join(bad)) if bad else None


def _host_process(pod: Subject) -> Violation | None:
    def asks(context: Obj) -> bool:
        return bool((context.get("windowsOptions") or {}).get("hostProcess"))

    who = ["pod"] if asks(pod.security) else []
    bad = [c["name"] for c in pod.containers() if asks(_security(c))]
    who += [_named(bad)] if bad else []
    detail = f"{' and '.join(who)} must not set securityContext.windowsOptions.hostProcess=true"
    return Violation("hostProcess", detail) if who else None


# Restricted --------------------------------------------------------------------------------------------------------


def _privilege_escalation(pod: Subject) -> Violation | None:
    if pod.is_windows:
        return None
    bad = [c["name"] for c in pod.containers() if _security(c).get("allowPrivilegeEscalation") is not False]
    detail = f"{_named(bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail) if bad else None


def _capabilities_restricted(pod: Subject) -> Violation | None:
    if pod.is_windows:
        return None
    keeping, adding, added = [], [], set()
    for container in pod.containers():
        capabilities = _security(container).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            keeping.append(container["name"])
        extra = set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
        if extra:
            adding.append(container["name"])
            added |= extra
    details = [f'{_named(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    if adding:
        details.append(f"{_named(adding)} must not include {_quoted(added)} in securityContext.capabilities.add")
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


_VOLUME_TYPES_TEXT = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret"
_VOLUME_TYPES = frozenset(_VOLUME_TYPES_TEXT.split())


def _volume_types(pod: Subject) -> Violation | None:
    bad, types = [], set()
    for volume in pod.spec.get("volumes") or ():
        restricted = [k for k in volume if k != "name" and k not in _VOLUME_TYPES]
        if restricted:
            bad.append(volume["name"])
            types.update(restricted)
    verb = "uses" if len(bad) == 1 else "use"
    word = "type" if len(types) == 1 else "types"
    detail = f"{_named(bad, 'volume', 'volumes')} {verb} restricted volume {word} {_quoted(types)}"
    return Violation("restricted volume types", detail) if bad else None


def _run_as_non_root(pod: Subject) -> Violation | None:
    if pod.in_user_namespace:
        return None
    said = pod.security.get("runAsNonRoot")
    explicit = [c["name"] for c in pod.containers() if _security(c).get("runAsNonRoot") is False]
    silent = [c["name"] for c in pod.containers() if _security(c).get("runAsNonRoot") is None]
    title = "runAsNonRoot != true"
    if said is False or explicit:
        who = (["pod"] if said is False else []) + ([_named(explicit)] if explicit else [])
        return Violation(title, f"{' and '.join(who)} must not set securityContext.runAsNonRoot=false")
    if silent and said is not True:
        return Violation(title, f"pod or {_named(silent)} must set securityContext.runAsNonRoot=true")
    return None


def _run_as_user(pod: Subject) -> Violation | None:
    if pod.in_user_namespace:
        return None
    who = ["pod"] if pod.security.get("runAsUser") == 0 else []
    bad = [c["name"] for c in pod.containers() if _security(c).get("runAsUser") == 0]
    who += [_named(bad)] if bad else []
    return Violation("runAsUser=0", f"{' and '.join(who)} must not set runAsUser=0") if who else None


def _seccomp_restricted(pod: Subject) -> Violation | None:
    if pod.is_windows:
        return None

    def profile(context: Obj) -> str:
        return str((context.get("seccompProfile") or {}).get("type") or "")

    allowed = ("RuntimeDefault", "Localhost")
    ours = profile(pod.security)
    wrong = [c["name"] for c in pod.containers() if profile(_security(c)) not in ("", *allowed)]
    silent = [c["name"] for c in pod.containers() if not profile(_security(c))]
    if (ours and ours not in allowed) or wrong:
        who = (["pod"] if ours and ours not in allowed else []) + ([_named(wrong)] if wrong else [])
        values = [ours] if ours and ours not in allowed else []
        values += [profile(_security(c)) for c in pod.containers() if c["name"] in wrong]
        detail = f"{' and '.join(who)} must not set securityContext.seccompProfile.type to {_quoted(values)}"
        return Violation("seccompProfile", detail)
    if silent and not ours:
        detail = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        return Violation("seccompProfile", f"pod or {_named(silent)} {detail}")
    return None


BASELINE: tuple[Check, ...] = (
    _app_armor,
    _capabilities_baseline,
    _host_namespaces,
    _host_path,
    _host_ports,
    _hosts_in_probes,
    _privileged,
    _proc_mount,
    _selinux,
    _seccomp_baseline,
    _sysctls,
    _host_process,
)
RESTRICTED: tuple[Check, ...] = (
    _privilege_escalation,
    _capabilities_restricted,
    _volume_types,
    _run_as_non_root,
    _run_as_user,
    _seccomp_restricted,
)
#: The minor that brought a check (``MinimumVersion``); the others are as old as the standards.
_SINCE_MINOR: dict[Check, int] = {
    _privilege_escalation: 8,
    _seccomp_baseline: 19,
    _seccomp_restricted: 19,
    _capabilities_restricted: 22,
    _run_as_user: 23,
    _hosts_in_probes: 34,
}
#: Restricted check -> the baseline check that it replaces.
_REPLACES: dict[Check, Check] = {
    _capabilities_restricted: _capabilities_baseline,
    _volume_types: _host_path,
    _seccomp_restricted: _seccomp_baseline,
}
