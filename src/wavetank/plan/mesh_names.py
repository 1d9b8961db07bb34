"""Names within the mesh: full names of Services, principals of workloads, and where objects of the mesh live by default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.plan.canaries import Split
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Service, Workload
from wavetank.plan.namespaces import only_namespace
from wavetank.spec.platform import PlatformFile

CLUSTER_DOMAIN = "cluster.local"
TRUST_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Names:
    """What the mesh's builders ask about the rest of the platform."""

    written: PlatformFile
    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    #: Services whose requests are divided between two versions
    splits: tuple[Split, ...]

    def split(self, host: str) -> Split | None:
        """The division of the Service that a host names; None when it is not divided."""
        return next((each for each in self.splits if each.is_named(host)), None)

    def service(self, host: str) -> Service | None:
        """The Service that a host names: shortly, with its namespace, or in full."""
        return next((each for each in self.services if host in forms_of(each)), None)

    def full(self, host: str) -> str:
        """The full name of a Service; any other host as it is. Short names depend on the namespace of the object."""
        found = self.service(host)
        return full_name(found) if found is not None else host

    def workload(self, name: str) -> Workload | None:
        return next((each for each in self.workloads if each.name == name), None)

    def home(self, path: str, stated: str | None, beside: Service | Workload | None, ledger: Ledger) -> str:
        """The namespace of an object: stated, that of what it is about, or the only one."""
        if stated is not None:
            return ledger.stated(f"{path}.namespace", stated)
        if beside is not None:
            kind = "services" if isinstance(beside, Service) else "workloads"
            origin = f"{kind}[{beside.name}].namespace"
            return ledger.derived(f"{path}.namespace", beside.namespace, (origin,), "that of what it is about")
        name = only_namespace(self.written)
        return ledger.derived(f"{path}.namespace", name, ("namespaces",), "the first namespace of the platform")

    def first_service(self, hosts: Iterable[str]) -> Service | None:
        """The first of the hosts that is a Service."""
        return next((found for host in hosts if (found := self.service(host)) is not None), None)


def full_name(service: Service) -> str:
    return f"{service.name}.{service.namespace}.svc.{CLUSTER_DOMAIN}"


def forms_of(service: Service) -> tuple[str, ...]:
    """All ways to name a Service."""
    short = f"{service.name}.{service.namespace}"
    return service.name, short, f"{short}.svc", full_name(service)


def principal(workload: Workload) -> str:
    """The identity in a workload's certificate, as AuthorizationPolicies name it (without spiffe://)."""
    return f"{TRUST_DOMAIN}/ns/{workload.namespace}/sa/{workload.service_account.name}"
