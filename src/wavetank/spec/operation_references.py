"""Contradictions in what is written about running the platform: secrets, builds, alerts, backups, standby region.

As in ``references``, every rule looks through the located tree and passes over values of the wrong type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, elements, names, repeated, unknown, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, children, name_of

_NAMED_LISTS = (
    ("observability", "alerts"),
    ("observability", "dashboards"),
    ("backup", "schedules"),
    ("backup", "plans"),
    ("budgets",),
)


def operations_names_are_unique(root: Node) -> Iterator[Problem]:
    """Within a list, a name names one thing."""
    for keys in _NAMED_LISTS:
        yield from repeated(root, *keys)
    for workload in elements(root, "workloads"):
        for key in ("externalSecrets", "sealedSecrets"):
            yield from repeated(workload, key)


def external_secrets_exist(root: Node) -> Iterator[Problem]:
    """External secrets come from secrets of the platform, and from properties that those have."""
    known = names(root, "secrets")
    holders = {name_of(each): each for each in elements(root, "secrets")}
    for workload in elements(root, "workloads"):
        for external in elements(workload, "externalSecrets"):
            source = external.get("from")
            yield from unknown(source, "secret", known)
            yield from _unknown_properties(external, holders.get(word(source)))


def _unknown_properties(external: Mapped, secret: Node | None) -> Iterator[Problem]:
    listed = [found for each in children(at(secret, "keys")) if (found := word(each)) is not None]
    wanted, source = external.get("keys"), word(external.get("from"))
    for entry in wanted.entries.values() if listed and isinstance(wanted, Mapped) else ():
        if word(entry.value):
            yield from unknown(entry.value, f'property of the secret "{source}"', listed)


def builds_have_a_repository(root: Node) -> Iterator[Problem]:
    """What is built here is pushed to a repository of the platform."""
    known = names(root, "repositories")
    for workload in elements(root, "workloads"):
        build, image = workload.get("build"), word(workload.get("image"))
        if build is None or image is None:
            continue
        name = image.partition("@")[0].rpartition(":")[0] or image
        if name not in known:
            remedy = suggestion(name, known) or "List it under `repositories`."
            yield build.place.problem(f'the image "{name}" is built here, but no repository has its name', remedy)


def operations_namespaces_exist(root: Node) -> Iterator[Problem]:
    """Backups and image policy name namespaces of the platform."""
    known = names(root, "namespaces")
    for schedule in elements(root, "backup", "schedules"):
        for namespace in children(schedule.get("namespaces")):
            yield from unknown(namespace, "namespace", known)
    for namespace in children(at(root, "imagePolicy", "namespaces")):
        yield from unknown(namespace, "namespace", known)


def backed_up_things_exist(root: Node) -> Iterator[Problem]:
    """Backup plans name file systems and tables of the platform."""
    kinds = {"fileSystem": ("fileSystems",), "table": ("serverless", "tables")}
    for plan in elements(root, "backup", "plans"):
        for resource in children(plan.get("resources")):
            for kind, keys in kinds.items():
                name = _named(resource, kind)
                known = names(root, *keys)
                if name is not None and name not in known:
                    remedy = suggestion(name, known) or f"The platform has no {kind} at all."
                    yield resource.place.problem(f'there is no {kind} "{name}"', remedy)


def _named(resource: Node, kind: str) -> str | None:
    """The name in `fileSystem: x` or in the short form `"fileSystem:x"`."""
    short = word(resource) or ""
    return short.removeprefix(f"{kind}:") if short.startswith(f"{kind}:") else word(at(resource, kind))


def copies_leave_the_region(root: Node) -> Iterator[Problem]:
    """A standby region, or the region of a copy, is another one; a copy says where it goes."""
    home = word(at(root, "region"))
    standby = at(root, "standby", "region")
    copies = [plan.get("copyTo") for plan in elements(root, "backup", "plans")]
    for node in (standby, *(at(copy, "region") for copy in copies)):
        if node is not None and home is not None and word(node) == home:
            yield node.place.problem(f"{home} is the platform's own region", "Name another region.")
    for copy in copies:
        if copy is not None and at(copy, "region") is None and standby is None:
            yield copy.place.problem("the copy names no region, and there is no standby region", "Add `region: ...`.")


def alarms_have_metrics(root: Node) -> Iterator[Problem]:
    """CloudWatch alarms look at metrics that Container Insights makes."""
    alarms, insights = at(root, "observability", "alarms"), at(root, "observability", "containerInsights")
    on = isinstance(insights, Scalar) and insights.value is True
    listed = "amazon-cloudwatch-observability" in names(root, "addOns")
    if alarms is not None and not on and not listed:
        yield alarms.place.problem("alarms need the metrics of Container Insights", "Add `containerInsights: true`.")


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    operations_names_are_unique,
    external_secrets_exist,
    builds_have_a_repository,
    operations_namespaces_exist,
    backed_up_things_exist,
    copies_leave_the_region,
    alarms_have_metrics,
)
