"""What an author writes about Services: ports, load balancers, headless Services, names for what is outside."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    WHOLE_NUMBER,
    Cidr,
    Count,
    DottedName,
    Many,
    Name,
    Port,
    PortOrName,
    Positive,
    ServiceName,
    Setting,
    Written,
)

PortName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]


class ServicePort(Written):
    """One port of a Service with several. Short form: its number."""

    short_forms = (WHOLE_NUMBER,)

    name: PortName | None = None
    """Name of the port. Default: that of the container's port it reaches, or `port-<number>`."""
    port: Port
    """Port of the Service."""
    target_port: PortOrName | None = None
    """Port of the pods, by number or name. Default: the same number."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP when absent."""
    app_protocol: str | None = None
    """What it speaks, for meshes and load balancers: http, https, grpc, kubernetes.io/h2c."""
    node_port: Port | None = None
    """The nodes' port of it. Absent is almost always right."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Service(Written):
    """A Service in front of a workload, or with externalName a name of the cluster for something outside."""

    name: ServiceName
    """Name of the Service."""
    workload: Name | None = None
    """The workload whose pods it reaches; it lives in the same namespace. Absent with externalName only."""
    namespace: Name | None = None
    """With externalName: its namespace. Default: the only one of the platform."""
    port: Port | None = None
    """Port of the Service. Absent for a headless Service of pods without ports, and with `ports`."""
    ports: Many[ServicePort] | None = None
    """Several ports, instead of port, targetPort, portName and appProtocol."""
    target_port: PortOrName | None = None
    """Port of the pods. Default: the workload's own, by its name `http`."""
    port_name: Annotated[str | None, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$")] = None
    """Name of the port. Default http."""
    app_protocol: str | None = None
    """What the port speaks, for meshes and load balancers: http, https, grpc, kubernetes.io/h2c."""
    headless: bool | None = None
    """No address of its own: its name stands for the pods' addresses, as StatefulSets need it. Default false."""
    publish_not_ready_addresses: bool | None = None
    """Pods are found before they are ready, as members of a database need it. Default false."""
    session_affinity: Literal["None", "ClientIP"] | None = None
    """ClientIP keeps a client at one pod. Default None."""
    session_affinity_seconds: Positive | None = None
    """How long, with ClientIP. Default 10800, as in Kubernetes."""
    external_name: DottedName | None = None
    """A DNS name outside; the Service is an alias for it and selects no pods."""
    type: Literal["ClusterIP", "LoadBalancer"] | None = None
    """Default ClusterIP. LoadBalancer: a network load balancer, made by the AWS Load Balancer Controller."""
    scheme: Literal["internet-facing", "internal"] | None = None
    """Load balancer only. Default internal: the internet is a decision."""
    target_type: Literal["ip", "instance"] | None = None
    """Load balancer only. Default ip: straight to the pods, without a hop over another node."""
    cross_zone: bool | None = None
    """Load balancer only: spread over the targets of all zones. Default true."""
    preserve_client_ip: bool | None = None
    """Load balancer only: pods see the client's address. Default false, as AWS has it for ip targets."""
    source_ranges: Many[Cidr] | None = None
    """Load balancer only: who may connect. Default everyone the scheme lets in."""
    health_check: str | None = None
    """Load balancer only: path that the load balancer asks. Default: the readiness probe's path."""
    deregistration_delay_seconds: Count | None = None
    """Load balancer only: seconds a leaving pod keeps its open connections. Default 30."""
    annotations: dict[str, Setting] | None = None
    """Further annotations, laid over those that follow from the above."""

    @model_validator(mode="after")
    def _pods_or_a_name(self) -> Service:
        if (self.workload is None) == (self.external_name is None):
            refuse("a service needs exactly one of workload and externalName")
        if self.external_name is not None and (self.headless or self.type is not None or self.ports or self.port):
            refuse(
                "a service with externalName is an alias: it has no type and no ports", "Keep name and externalName."
            )
        if self.workload is not None and self.namespace is not None:
            refuse("a service lives in the namespace of its workload", "Leave out `namespace`.")
        return self

    @model_validator(mode="after")
    def _port_or_ports(self) -> Service:
        single = [self.port, self.target_port, self.port_name, self.app_protocol]
        if self.ports and any(each is not None for each in single):
            refuse("port and ports exclude each other", "Move targetPort, portName and appProtocol into `ports`.")
        if self.external_name is None and self.port is None and not self.ports and not self.headless:
            refuse("a service needs a port", "For example `port: 80`.")
        if self.headless and self.type == "LoadBalancer":
            refuse("a load balancer needs an address of the cluster: it cannot be headless")
        if self.session_affinity_seconds is not None and self.session_affinity != "ClientIP":
            refuse("sessionAffinitySeconds means nothing without sessionAffinity: ClientIP")
        return self
