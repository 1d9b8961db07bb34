"""What an author writes about who talks to whom: declared connections, and network policies in Kubernetes' own shape."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from wavetank.spec.peers import EgressRule, IngressRule, PolicyPort
from wavetank.spec.problems import refuse
from wavetank.spec.words import WORD, DottedName, Labels, Many, Name, Written, check_cidr, one_or_more

#: what a connection can name beside workloads, services, ranges and hosts
PLACES = ("internet", "aws", "vpc", "publicSubnets", "privateSubnets")

Ports = Annotated[Many[PolicyPort] | None, one_or_more(PolicyPort)]


def is_host(word: str) -> bool:
    """Whether a target is a DNS name outside: it has a dot and is no range."""
    return "." in word and "/" not in word


def _target(value: str) -> str:
    if "/" in value:
        return check_cidr(value)
    if value and all(each.isdigit() for each in value.split(".")):
        return refuse(f'"{value}" is an address, not a range', f"Write {value}/32.")
    return value


class Connection(Written):
    """Something that the workload talks to. Short form: its name.

    The name of a service or workload of the platform, `internet`, `aws`, `vpc`, `publicSubnets`, `privateSubnets`, a range in
    CIDR form or the DNS name of a host outside. Network policies know no names of hosts: a host stands for every public address.
    """

    short_forms = (WORD,)

    to: Annotated[str | None, AfterValidator(lambda value: value if value is None else _target(value))] = None
    """What is reached. Absent when `namespace` says it: pods that the platform does not describe."""
    namespace: Name | None = None
    """Namespace of what is reached. Default: that of the service or workload of this name."""
    pods: Labels | None = None
    """With a namespace and without `to`: labels of the pods. Default all of the namespace."""
    port: Ports = None
    """Port or list of ports: of the service or of the pods; `53/UDP` for another protocol. Default: all ports that the
    service or workload declares; 443 for internet, aws and hosts; every port for ranges and foreign namespaces."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"to": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_whom(self) -> Connection:
        if self.to is None and self.namespace is None:
            refuse("a connection needs `to` or `namespace`", "For example `to: postgres`.")
        if self.to is not None and self.pods is not None:
            refuse("`pods` are those of a foreign namespace", "Leave out `to`, or `pods`.")
        return self


class Source(Written):
    """Something that may talk to the workload. Short form: its name.

    The name of a workload of the platform, `internet`, `vpc`, `publicSubnets`, `privateSubnets` or a range. Load balancers,
    ingresses and Prometheus need no entry: they follow from services, ingresses and serviceMonitors.
    """

    short_forms = (WORD,)

    from_: Annotated[
        str | None, AfterValidator(lambda value: value if value is None else _target(value)), Field(alias="from")
    ] = None
    """Who talks. Absent when `namespace` says it."""
    namespace: Name | None = None
    """Namespace of who talks. Default: that of the workload of this name."""
    pods: Labels | None = None
    """With a namespace and without `from`: labels of the pods. Default all of the namespace."""
    port: Ports = None
    """Port or list of ports of the pods. Default: all ports that the workload declares."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_who(self) -> Source:
        if self.from_ is None and self.namespace is None:
            refuse("an entry of allowFrom needs `from` or `namespace`", "For example `from: gateway`.")
        if self.from_ is not None and self.pods is not None:
            refuse("`pods` are those of a foreign namespace", "Leave out `from`, or `pods`.")
        if self.from_ in ("aws",):
            refuse("the services of AWS do not connect to pods", "For a load balancer nothing needs to be said.")
        return self


class NetworkPolicy(Written):
    """A network policy for a workload. Rules in Kubernetes' shape, with short forms for peers and ports."""

    name: DottedName
    """Name of the policy."""
    workload: Name
    """The workload whose pods it is for."""
    ingress: Many[IngressRule] | None = None
    """Traffic to the pods that is allowed. Absent: ingress is not ruled here."""
    egress: Many[EgressRule] | None = None
    """Traffic from the pods that is allowed. Absent: egress is not ruled here."""

    @model_validator(mode="after")
    def _some_direction(self) -> NetworkPolicy:
        if self.ingress is None and self.egress is None:
            refuse("a network policy needs ingress or egress", "An empty list allows nothing in that direction.")
        return self
