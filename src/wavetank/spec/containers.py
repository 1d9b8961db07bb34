"""What an author writes about containers: image, ports, environment, probes, security, volumes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.container_shapes import Environment, Probe, Resources, SecurityContext
from wavetank.spec.problems import refuse
from wavetank.spec.words import WHOLE_NUMBER, FreeObject, Many, Name, Port, Setting, Written


class ContainerPort(Written):
    """A port of a container. Short form: its number."""

    short_forms = (WHOLE_NUMBER,)

    name: Annotated[str | None, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$")] = None
    """Name, at most 15 characters."""
    container_port: Port
    """Number."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP when absent."""
    host_port: Port | None = None
    """The same port on the node. Keeps two such pods from one node; absent is almost always right."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"containerPort": value} if isinstance(value, int) and not isinstance(value, bool) else value


class VolumeMount(Written):
    """Where a volume appears in a container."""

    name: Name
    """Name of the volume."""
    mount_path: str
    """Path in the container."""
    sub_path: str | None = None
    """Path in the volume."""
    sub_path_expr: str | None = None
    """Path in the volume with variables, for example $(POD_NAME)."""
    mount_propagation: Literal["None", "HostToContainer", "Bidirectional"] | None = None
    """Whether mounts made later are seen; None when absent."""
    read_only: bool | None = None
    """false when absent."""


class Volume(Written):
    """A volume of the pod: its name and one source in Kubernetes' shape."""

    name: Name
    """Name of the volume."""
    empty_dir: FreeObject | None = None
    """Empty folder that lives as long as the pod."""
    config_map: FreeObject | None = None
    """Files from a ConfigMap."""
    secret: FreeObject | None = None
    """Files from a Secret."""
    projected: FreeObject | None = None
    """Several sources in one folder."""
    persistent_volume_claim: FreeObject | None = None
    """A claim of the namespace."""
    downward_api: Annotated[FreeObject | None, Field(alias="downwardAPI")] = None
    """Files with the pod's own fields."""
    host_path: FreeObject | None = None
    """A path of the node, for agents that watch it; Pod Security allows it on level privileged only."""
    csi: FreeObject | None = None
    """A volume of a CSI driver that lives as long as the pod."""
    ephemeral: FreeObject | None = None
    """A claim that is made for the pod and goes with it."""

    @model_validator(mode="after")
    def _one_source(self) -> Volume:
        fields = type(self).model_fields
        if sum(getattr(self, field) is not None for field in fields) != 2:
            refuse("a volume needs its name and exactly one source", "For example `emptyDir: {}`.")
        return self


class ContainerBase(Written):
    """What a workload's main container and its further containers have in common; Kubernetes' names and shapes."""

    image: Annotated[str, Field(min_length=1)]
    """Image. A repository of this platform is written without registry: `ml-inference-api:1.0.0`."""
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] | None = None
    """Default IfNotPresent, which is right for tags that do not change."""
    command: Many[str] | None = None
    """Entry point. Default: the image's own."""
    args: Many[Setting] | None = None
    """Arguments. Default: the image's own."""
    env: Environment | None = None
    """Environment variables: a map from name to value or source, or Kubernetes' list."""
    env_from: Many[FreeObject] | None = None
    """Whole ConfigMaps and Secrets as variables. The workload's `config` is added by itself."""
    resources: Resources | None = None
    """Requests and limits; short: `{cpu: 250m/1000m, memory: 512Mi/1Gi}`. No default: nothing can be planned without."""
    startup_probe: Probe | None = None
    """While it fails, the other two wait. Model servers need it, or liveness kills them while they load."""
    readiness_probe: Probe | None = None
    """While it fails, the pod gets no traffic."""
    liveness_probe: Probe | None = None
    """When it fails, the container is restarted."""
    security_context: SecurityContext | None = None
    """Default: what Pod Security `restricted` asks for, with a read-only root filesystem."""
    lifecycle: FreeObject | None = None
    """Hooks in Kubernetes' shape. Default: preStop sleeps while load balancers forget the pod."""
    volume_mounts: Many[VolumeMount] | None = None
    """Where volumes appear. Those of `writablePaths` are added by themselves."""


class Container(ContainerBase):
    """A further container of the pod."""

    name: Name
    """Name of the container."""
    ports: Many[ContainerPort] | None = None
    """Its ports."""
