"""Shapes that Kubernetes has: the exact keys are accepted, and beside them a shorter form for the common case.

A model's value in Kubernetes' own JSON is ``shape(model)``; the short forms have become the long one by then.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank.kube.types import Obj
from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    WHOLE_NUMBER,
    WORD,
    Cidr,
    Count,
    FreeObject,
    Labels,
    Many,
    Name,
    PortOrName,
    Positive,
    Quantity,
    Setting,
    Text,
    Written,
    mapping_with,
    one_or_more,
    short_form,
)


def shape(written: Written) -> Obj:
    """The value in Kubernetes' JSON shape, with exactly the keys that were written."""
    dumped: Obj = written.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


# --- resources --------------------------------------------------------------------------------------------------------


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


# --- probes -----------------------------------------------------------------------------------------------------------


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


# --- environment ------------------------------------------------------------------------------------------------------


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


# --- security ---------------------------------------------------------------------------------------------------------


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


# --- placement --------------------------------------------------------------------------------------------------------

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class Taint(Written):
    """Keeps pods away from nodes unless they tolerate it. Short form, as kubectl writes it: `key=value:effect`."""

    short_forms = (WORD,)

    key: str
    """Key of the taint."""
    value: Text | None = None
    """Value of the taint."""
    effect: Effect
    """What happens to pods that do not tolerate it."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pair, colon, effect = value.rpartition(":")
        if not colon:
            refuse(f'"{value}" is no taint', "Write key=value:effect, for example nvidia.com/gpu=true:NoSchedule.")
        key, equals, given = pair.partition("=")
        return {"key": key, "effect": effect} | ({"value": given} if equals else {})


class Toleration(Written):
    """Lets a pod onto nodes with a taint."""

    key: str | None = None
    """Key of the taint; absent with operator Exists tolerates everything."""
    operator: Literal["Equal", "Exists"] | None = None
    """Equal when absent."""
    value: Text | None = None
    """Value of the taint, for Equal."""
    effect: Effect | None = None
    """All effects when absent."""
    toleration_seconds: Count | None = None
    """How long a pod stays on a node that gets a NoExecute taint."""


class LabelSelectorRequirement(Written):
    """One expression of a selector."""

    key: str
    """Label key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the key's value is compared."""
    values: Many[Text] | None = None
    """Values for In and NotIn."""


class LabelSelector(Written):
    """Chooses objects by their labels; all conditions must hold."""

    match_labels: Labels | None = None
    """Labels that must be there."""
    match_expressions: Many[LabelSelectorRequirement] | None = None
    """Expressions that must hold."""


class TopologySpreadConstraint(Written):
    """How evenly pods spread over zones or nodes."""

    max_skew: Positive = 1
    """How many more pods one domain may hold than the emptiest."""
    topology_key: str
    """Node label that makes the domains, for example topology.kubernetes.io/zone."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod waits or goes where it fits."""
    label_selector: LabelSelector | None = None
    """Which pods count; those of the workload when absent."""
    min_domains: Positive | None = None
    """Domains that must exist (DoNotSchedule only)."""
    match_label_keys: Many[str] | None = None
    """Labels whose values of the pod itself are added to the selector, for example pod-template-hash."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes that the pod's affinity excludes count; Honor."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes with taints the pod does not tolerate count; Ignore."""


class Affinity(Written):
    """Kubernetes' affinity, as it is."""

    node_affinity: FreeObject | None = None
    """Which nodes are required or preferred."""
    pod_affinity: FreeObject | None = None
    """Which pods to be near."""
    pod_anti_affinity: FreeObject | None = None
    """Which pods to be away from."""


# --- autoscaling ------------------------------------------------------------------------------------------------------


class ScalingPolicy(Written):
    """One limit on the speed of scaling."""

    type: Literal["Pods", "Percent"]
    """Whether value is a number of pods or a percentage of the current ones."""
    value: Positive
    """How much may change within a period."""
    period_seconds: Annotated[
        int, AfterValidator(lambda value: value if 1 <= value <= 1800 else refuse(f"{value} is not 1 to 1800 seconds"))
    ]
    """The period, 1 to 1800 seconds."""


class ScalingRules(Written):
    """How fast the HPA scales in one direction."""

    stabilization_window_seconds: Annotated[
        int | None,
        AfterValidator(
            lambda value: value if value is None or 0 <= value <= 3600 else refuse(f"{value} is not 0 to 3600")
        ),
    ] = None
    """Seconds over which the most careful recommendation wins; Kubernetes: 0 up, 300 down."""
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    """Which of several policies counts; Max."""
    policies: Many[ScalingPolicy] | None = None
    """Limits on the speed."""
    tolerance: Quantity | None = None
    """How far the metric may be off its target before anything happens; 0.1."""


class Behavior(Written):
    """Speed of the HPA, as in autoscaling/v2."""

    scale_up: ScalingRules | None = None
    """Kubernetes: at once, at most double or four pods per 15 seconds."""
    scale_down: ScalingRules | None = None
    """Kubernetes: after 300 seconds, then all at once."""


class Metric(Written):
    """One metric of the HPA in Kubernetes' shape: a type and the member of its name."""

    type: Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
    """Which kind of metric."""
    resource: FreeObject | None = None
    """For Resource: `{name: cpu, target: {type: Utilization, averageUtilization: 70}}`."""
    container_resource: FreeObject | None = None
    """For ContainerResource."""
    pods: FreeObject | None = None
    """For Pods."""
    object: FreeObject | None = None
    """For Object."""
    external: FreeObject | None = None
    """For External."""

    @model_validator(mode="after")
    def _member_of_type(self) -> Metric:
        member = self.type[0].lower() + self.type[1:]
        written = {field.alias for name, field in type(self).model_fields.items() if getattr(self, name) is not None}
        if written != {"type", member}:
            refuse(f'a metric of type {self.type} has exactly the member "{member}"')
        return self


# --- network policy ---------------------------------------------------------------------------------------------------


class IpBlock(Written):
    """A range of addresses."""

    cidr: Cidr
    """The range."""
    except_: Annotated[Many[Cidr] | None, Field(alias="except")] = None
    """Ranges inside it that do not count."""


class PolicyPort(Written):
    """A port that a rule allows. Short form: `5000` or `53/UDP`."""

    short_forms = (WHOLE_NUMBER, WORD)

    port: PortOrName | None = None
    """Number or name; all ports when absent."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP when absent."""
    end_port: Positive | None = None
    """Last port of a range."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"port": value}
        if isinstance(value, str):
            port, slash, protocol = value.partition("/")
            number = int(port) if port.isdigit() else port
            return {"port": number, "protocol": protocol} if slash else {"port": number}
        return value


#: peers that a rule can name in a word; the plan writes them out
NAMED_PEERS = ("publicSubnets", "privateSubnets", "vpc", "sameNamespace", "clusterDns", "anywhere")


def _peer(value: Any) -> Any:
    if isinstance(value, str) and value not in NAMED_PEERS:
        return {"ipBlock": {"cidr": value}} if "/" in value else {"namespaceSelector": _namespace_labels(value)}
    return value


def _namespace_labels(name: str) -> Obj:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


NamedPeer = Literal["publicSubnets", "privateSubnets", "vpc", "sameNamespace", "clusterDns", "anywhere"]


class Peer(Written):
    """One entry of `from` or `to`. Short forms: a named peer, a CIDR, or the name of a namespace."""

    short_forms = (WORD,)

    named: NamedPeer | None = None
    """publicSubnets, privateSubnets, vpc: their ranges; sameNamespace; clusterDns: CoreDNS; anywhere: every address."""
    pod_selector: LabelSelector | None = None
    """Pods by label, in the policy's namespace or in those of namespaceSelector."""
    namespace_selector: LabelSelector | None = None
    """Namespaces by label; with podSelector both must hold."""
    ip_block: IpBlock | None = None
    """Addresses; excludes the other two."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"named": value} if isinstance(value, str) and value in NAMED_PEERS else _peer(value)


class IngressRule(Written):
    """Traffic to the pods that is allowed."""

    from_: Annotated[Many[Peer] | None, one_or_more(Peer), Field(alias="from")] = None
    """Who may send; everyone when absent."""
    ports: Annotated[Many[PolicyPort] | None, one_or_more(PolicyPort)] = None
    """To which ports; all when absent."""


class EgressRule(Written):
    """Traffic from the pods that is allowed."""

    to: Annotated[Many[Peer] | None, one_or_more(Peer)] = None
    """Who may be reached; everyone when absent."""
    ports: Annotated[Many[PolicyPort] | None, one_or_more(PolicyPort)] = None
    """On which ports; all when absent."""


class PolicyRule(Written):
    """A rule of RBAC, as in Kubernetes."""

    api_groups: Many[str] | None = None
    """API groups; `""` is the core group."""
    resources: Many[str] | None = None
    """Resources in plural, with subresources after a slash: pods, pods/log."""
    resource_names: Many[str] | None = None
    """Only these objects; all when absent."""
    verbs: Many[str]
    """What may be done: get, list, watch, create, update, patch, delete."""
    non_resource_urls: Annotated[Many[str] | None, Field(alias="nonResourceURLs")] = None
    """Paths that are no resources (ClusterRoles only)."""


class Subject(Written):
    """Who a role is bound to."""

    kind: Literal["User", "Group", "ServiceAccount"]
    """What the name names."""
    name: str
    """Name of the user, group or service account."""
    namespace: Name | None = None
    """Of a service account; the binding's namespace when absent."""
