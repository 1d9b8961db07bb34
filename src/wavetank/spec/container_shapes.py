"""Shapes of a container as Kubernetes has them: resources, probes, environment, security settings; each with a shorter form."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    WORD,
    Count,
    Many,
    PortOrName,
    Positive,
    Quantity,
    Setting,
    Text,
    Written,
    mapping_with,
    short_form,
)


class Resources(Written):
    """What a container asks for and may use at most."""

    short_forms = ({"type": "object"},)

    requests: dict[str, Quantity] | None = None
    """What the scheduler keeps free for the container. Quantities by resource name, for example `{cpu: 250m, memory: 512Mi}`."""
    limits: dict[str, Quantity] | None = None
    """What the container may use at most: above it CPU is throttled and memory ends the process."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        """``{cpu: 250m/1000m, memory: 512Mi}``: request/limit per resource; one number is both."""
        if not isinstance(value, dict) or not value or {"requests", "limits"} & set(value):
            return value
        requests, limits = {}, {}
        for resource, quantity in value.items():
            request, slash, limit = str(quantity).partition("/")
            requests[resource], limits[resource] = request, limit if slash else request
        return {"requests": requests, "limits": limits}


class HttpHeader(Written):
    """A header that a probe sends."""

    name: str
    """Header name."""
    value: str
    """Header value."""


class HttpGet(Written):
    """An HTTP request of the kubelet."""

    path: str | None = None
    """Path that is asked for; `/` when absent."""
    port: PortOrName | None = None
    """Port number or name; the workload's own port when absent."""
    host: str | None = None
    """Host to connect to; the pod's address when absent, which is almost always right."""
    scheme: Literal["HTTP", "HTTPS"] | None = None
    """HTTP when absent."""
    http_headers: Many[HttpHeader] | None = None
    """Headers that are sent along."""


class TcpSocket(Written):
    """A connection that the kubelet opens."""

    port: PortOrName
    """Port number or name."""
    host: str | None = None
    """The pod's address when absent."""


class Exec(Written):
    """A command in the container."""

    command: Many[str]
    """Words of the command; no shell is involved."""


class Grpc(Written):
    """A gRPC health check."""

    port: Positive
    """Port number."""
    service: str | None = None
    """Service name in the health request; empty when absent."""


class Probe(Written):
    """How the kubelet finds out about a container. Short forms: `/health`, or `{path: /health, periodSeconds: 5}`."""

    short_forms = (WORD, mapping_with("path"))

    http_get: HttpGet | None = None
    """An HTTP request; success is a status of 200 to 399."""
    tcp_socket: TcpSocket | None = None
    """A connection; success is that it opens."""
    exec: Exec | None = None
    """A command; success is exit code 0."""
    grpc: Grpc | None = None
    """A gRPC health check; success is SERVING."""
    initial_delay_seconds: Count | None = None
    """Seconds from the container's start to the first probe; 0 when absent."""
    period_seconds: Positive | None = None
    """Seconds between two probes; Kubernetes' default is 10."""
    timeout_seconds: Positive | None = None
    """Seconds until a probe without an answer has failed; Kubernetes' default is 1."""
    success_threshold: Positive | None = None
    """Successes in a row that make it good again; 1, and must be 1 for startup and liveness."""
    failure_threshold: Positive | None = None
    """Failures in a row that make it bad; Kubernetes' default is 3."""
    termination_grace_period_seconds: Positive | None = None
    """Grace period when this probe ends the container, instead of the pod's."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"httpGet": {"path": value}}
        if isinstance(value, dict) and "httpGet" not in value and "path" in value:
            return {"httpGet": {"path": value["path"]}} | {key: each for key, each in value.items() if key != "path"}
        return value

    @model_validator(mode="after")
    def _one_handler(self) -> Probe:
        handlers = [self.http_get, self.tcp_socket, self.exec, self.grpc]
        if sum(handler is not None for handler in handlers) != 1:
            refuse(
                "a probe needs exactly one of httpGet, tcpSocket, exec and grpc",
                "Short: the path, for example /health.",
            )
        return self


class KeySelector(Written):
    """One key of a Secret or ConfigMap."""

    name: Text
    """Name of the Secret or ConfigMap in the workload's namespace."""
    key: Text
    """The key in it."""
    optional: bool | None = None
    """true: the container starts without it; otherwise a missing one keeps the container from starting."""


class FieldSelector(Written):
    """A field of the pod itself."""

    field_path: str
    """For example `metadata.name` or `status.podIP`."""
    api_version: str | None = None
    """v1 when absent."""


class ResourceFieldSelector(Written):
    """A request or limit of a container."""

    resource: str
    """For example `limits.memory`."""
    container_name: str | None = None
    """The container itself when absent."""
    divisor: Quantity | None = None
    """Unit of the answer: 1 when absent, `1Mi` for MiB, `1m` for millicores."""


class EnvSource(Written):
    """Where a variable's value comes from; exactly one."""

    secret_key_ref: KeySelector | None = None
    """A key of a Secret."""
    config_map_key_ref: KeySelector | None = None
    """A key of a ConfigMap."""
    field_ref: FieldSelector | None = None
    """A field of the pod."""
    resource_field_ref: ResourceFieldSelector | None = None
    """A request or limit of a container."""

    @model_validator(mode="after")
    def _one_source(self) -> EnvSource:
        sources = [self.secret_key_ref, self.config_map_key_ref, self.field_ref, self.resource_field_ref]
        if sum(source is not None for source in sources) != 1:
            refuse("valueFrom needs exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef")
        return self


class EnvVar(Written):
    """An environment variable."""

    name: Annotated[str, Field(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")]
    """Name of the variable."""
    value: Setting | None = None
    """Its value; `$(OTHER)` refers to a variable defined before."""
    value_from: EnvSource | None = None
    """Where the value comes from, instead of `value`."""

    @model_validator(mode="after")
    def _one_value(self) -> EnvVar:
        if self.value is not None and self.value_from is not None:
            refuse("value and valueFrom exclude each other", "Keep one of the two.")
        return self


def env_list(value: Any) -> Any:
    """``{NAME: value}`` and ``{NAME: {secretKeyRef: ...}}`` as Kubernetes' list."""
    if not isinstance(value, dict):
        return value
    listed = []
    for name, each in value.items():
        listed.append({"name": name, "valueFrom": each} if isinstance(each, dict) else {"name": name, "value": each})
    return listed


#: environment variables, as a list in Kubernetes' shape or as a map from name to value
Environment = Annotated[Many[EnvVar], short_form(env_list, dict[str, Any] | list[EnvVar])]


class SeccompProfile(Written):
    """Which system calls the container may make."""

    type: Literal["RuntimeDefault", "Localhost", "Unconfined"]
    """RuntimeDefault is what Pod Security `restricted` asks for."""
    localhost_profile: str | None = None
    """Path of a profile on the node, for Localhost."""


class Capabilities(Written):
    """Linux capabilities."""

    add: Many[str] | None = None
    """Capabilities beyond the runtime's own; `restricted` allows only NET_BIND_SERVICE."""
    drop: Many[str] | None = None
    """Capabilities taken away; `restricted` asks for ALL."""


class SecurityContext(Written):
    """Security settings of a container; what is not written is what Pod Security `restricted` wants."""

    run_as_non_root: bool | None = None
    """Refuse to run as root."""
    run_as_user: Count | None = None
    """User id of the process."""
    run_as_group: Count | None = None
    """Group id of the process."""
    read_only_root_filesystem: bool | None = None
    """The image's files cannot be changed; writable paths are volumes."""
    allow_privilege_escalation: bool | None = None
    """Whether a process may gain more rights than its parent."""
    privileged: bool | None = None
    """Root on the node; never for a service."""
    capabilities: Capabilities | None = None
    """Linux capabilities."""
    seccomp_profile: SeccompProfile | None = None
    """System call filter."""


class PodSecurityContext(Written):
    """Security settings of all containers of a pod."""

    run_as_non_root: bool | None = None
    """Refuse to run as root."""
    run_as_user: Count | None = None
    """User id of the processes."""
    run_as_group: Count | None = None
    """Group id of the processes."""
    fs_group: Count | None = None
    """Group that owns the volumes."""
    fs_group_change_policy: Literal["Always", "OnRootMismatch"] | None = None
    """When the owner of a volume's files is changed."""
    supplemental_groups: Many[Count] | None = None
    """Further group ids."""
    seccomp_profile: SeccompProfile | None = None
    """System call filter."""
