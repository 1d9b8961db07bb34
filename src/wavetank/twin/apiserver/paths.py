"""What a method and a path ask for: apiserver's ``RequestInfo`` (``endpoints/request/requestinfo.go``). Pure."""

from __future__ import annotations

from dataclasses import dataclass

_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}


@dataclass(frozen=True)
class Target:
    """A parsed request line. ``is_resource`` is false for discovery, health and everything else without objects."""

    path: str
    verb: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def combined(self) -> str:
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def target_of(method: str, path: str, *, watch: bool = False, name_selector: str = "") -> Target:
    """The target of a request. ``watch`` is the query's; ``name_selector`` a name that a field selector pins."""
    verb = _VERBS.get(method, "")
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Target(path, method.lower())
    if rest[0] == "watch" and len(rest) > 1:
        watch, rest = True, rest[1:]
    namespace, rest = _namespace_of(rest)
    plural, name = rest[0], rest[1] if len(rest) > 1 else ""
    # What follows "proxy" is the path of somebody else.
    subresource = "proxy" if rest[2:3] == ["proxy"] else "/".join(rest[2:])
    if verb in ("get", "delete") and not name:
        verb = "deletecollection" if verb == "delete" else "list"
    if verb in ("get", "list") and watch:
        verb = "watch"
    if verb in ("list", "watch", "deletecollection") and not name:
        name = name_selector
    return Target(path, verb, True, group, version, plural, subresource, namespace, name)


def _namespace_of(rest: list[str]) -> tuple[str, list[str]]:
    """``namespaces/NS/pods`` is about pods; ``namespaces/NS`` and ``namespaces/NS/status`` about the namespace itself."""
    if rest[0] != "namespaces" or len(rest) < 3 or rest[2] in _NAMESPACE_SUBRESOURCES:
        return (rest[1] if rest[0] == "namespaces" and len(rest) > 1 else ""), rest
    return rest[1], rest[2:]
