"""What an author writes about the serverless half: HTTP APIs, functions, and the events that start them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from wavetank.spec.aws import Permissions, RetentionDays
from wavetank.spec.problems import refuse, suggestion
from wavetank.spec.stores import Bucket, Cache, Queue, Table
from wavetank.spec.words import (
    WORD,
    Count,
    DottedName,
    FreeObject,
    Many,
    Name,
    Number,
    Positive,
    ServiceName,
    Setting,
    Text,
    Written,
    one_or_more,
)

#: an HTTP API gives up after 30 s at the latest; 29 is what leaves it room to say so
API_SECONDS = 29

#: runtimes of Lambda that are not deprecated on 2026-11-21
RUNTIMES = (
    "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "nodejs20.x", "nodejs22.x", "nodejs24.x",
    "java11", "java17", "java21", "java25", "dotnet8", "dotnet10", "ruby3.3", "ruby3.4", "provided.al2", "provided.al2023",
)  # fmt: skip


def _within(low: int, high: int, what: str) -> AfterValidator:
    return AfterValidator(
        lambda value: value if low <= value <= high else refuse(f"{value}: {what} is {low} to {high}")
    )


def _runtime(value: str) -> str:
    return value if value in RUNTIMES else refuse(f'Lambda has no runtime "{value}"', suggestion(value, RUNTIMES))


def _path(value: str) -> str:
    if value == "$default" or re.fullmatch(
        r"/([A-Za-z0-9._~\-]+|\{[A-Za-z0-9]+\+?\})?(/([A-Za-z0-9._~\-]+|\{\w+\+?\}))*", value
    ):
        return value
    return refuse(f'"{value}" is no path of a route', "For example /predict, /models/{id} or /files/{proxy+}.")


def _https(value: str) -> str:
    return value if value.startswith("https://") else refuse(f'"{value}" is not an issuer', "It begins with https://.")


class Throttling(Written):
    """How many requests are let through; what is above answers 429."""

    rate: Positive
    """Requests per second, on average."""
    burst: Positive | None = None
    """Requests at the same moment. Default: twice the rate."""


class Jwt(Written):
    """Who may call: bearers of a token that this issuer has signed."""

    issuer: Annotated[str, AfterValidator(_https)]
    """Issuer of the tokens; API Gateway fetches its keys below `/.well-known/openid-configuration`."""
    audiences: Many[str]
    """One of these must stand in the token."""


class Cors(Written):
    """Pages of which origins may call from a browser."""

    origins: Many[str]
    """For example https://app.example.com."""
    methods: Many[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"]] | None = None
    """Default GET and POST."""
    headers: Many[str] | None = None
    """Default authorization and content-type."""
    max_age_seconds: Count | None = None
    """How long a browser remembers the answer. Default 600."""


class Route(Written):
    """A path of an API and what answers there: a function, or a Service of the cluster."""

    path: Annotated[str, AfterValidator(_path)]
    """Path, for example /predict or /models/{proxy+}; `$default` for all others."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"] | None = None
    """Default ANY."""
    function: Name | None = None
    """The function that answers."""
    service: ServiceName | None = None
    """The Service that answers, through a VPC link and the internal load balancer; one of `function` and `service`."""
    public: bool = False
    """Anybody may call, without a token."""
    scopes: Many[str] | None = None
    """Scopes of which the token must have one."""
    throttling: Throttling | None = None
    """Default: that of the API."""

    @model_validator(mode="after")
    def _one_target(self) -> Route:
        if (self.function is None) == (self.service is None):
            refuse("a route leads to exactly one of function and service")
        return self


class ApiDomain(Written):
    """A name of your own for the API. Short form: the name."""

    short_forms = (WORD,)

    name: DottedName
    """Domain name in the zone of `dns`."""
    certificate: Name | None = None
    """The certificate of `dns.certificates`. Default: the one that lists the name or its wildcard."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Api(Written):
    """An HTTP API of API Gateway."""

    name: Name
    """Name of the API."""
    jwt: Jwt | None = None
    """Who may call. No default: without it every route must say `public: true`."""
    cors: Cors | None = None
    """Browsers. Default: no page of another origin may call."""
    throttling: Throttling | None = None
    """Default 100 requests per second, 200 at once."""
    timeout_seconds: Annotated[int, _within(1, API_SECONDS, "the timeout of an HTTP API")] | None = None
    """Seconds until the API gives up on what is behind it. Default 29, the most there is."""
    domain: ApiDomain | None = None
    """A name of your own. Default: the one that AWS gives."""
    log_retention_days: RetentionDays | None = None
    """Days that access logs are kept. Default 30."""
    routes: Many[Route]
    """Paths."""
    requests_per_month: Number | None = None
    """Requests as you expect them; the bill counts them. Default: 0."""


class Call(Written):
    """A Service of the cluster that a function calls. Short form: the Service's name."""

    short_forms = (WORD,)

    service: ServiceName
    """Name of the Service."""
    timeout_seconds: Positive | None = None
    """How long the function waits for it. Default: five seconds less than the function has, and at least one."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"service": value} if isinstance(value, str) else value


class Trigger(Written):
    """A queue whose messages start a function. Short form: the queue's name."""

    short_forms = (WORD,)

    queue: Name
    """Name of the queue."""
    batch_size: Annotated[int, _within(1, 10000, "a batch")] | None = None
    """Most messages at a time. Default 10."""
    batching_seconds: Annotated[int, _within(0, 300, "the wait for a batch")] | None = None
    """Seconds to wait for a batch to fill. Default 0; more than 10 messages need at least 1."""
    concurrency: Annotated[int, _within(2, 1000, "concurrency of a queue")] | None = None
    """Most instances of the function for this queue. Default: no limit but the function's."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"queue": value} if isinstance(value, str) else value


class Function(Written):
    """A Lambda function: from a folder of sources, or from an image."""

    name: Name
    """Name of the function; AWS knows it as `<cluster>-<name>`."""
    runtime: Annotated[str, AfterValidator(_runtime)] | None = None
    """Runtime, for example python3.13; for functions from a folder."""
    handler: str | None = None
    """What is called, for example main.handler; for functions from a folder."""
    folder: str | None = None
    """Folder with the sources and everything they import, relative to this file; it becomes a zip archive."""
    image: str | None = None
    """Container image with tag, in a repository of this platform: `gateway:1.0.0`; it must be pushed before the first apply."""
    memory_mib: Annotated[int, _within(128, 10240, "memory of a function in MiB")] | None = None
    """Memory in MiB; processor time comes in proportion. Default 256."""
    timeout_seconds: Annotated[int, _within(1, 900, "the timeout of a function in seconds")] | None = None
    """Seconds until it is stopped. Default 20: less than the API waits, so that the function can say why."""
    architecture: Literal["arm64", "x86_64"] | None = None
    """Default arm64: a fifth cheaper."""
    in_vpc: bool | None = None
    """Whether it has a network interface in the private subnets. Default: when it calls Services or uses caches."""
    env: dict[str, Setting] | None = None
    """Variables, beside those that follow from `calls`, `caches` and the permissions."""
    permissions: Permissions | None = None
    """What it may do in AWS, beside writing its log. Default nothing."""
    calls: Annotated[Many[Call] | None, one_or_more(Call)] = None
    """Services of the cluster that it calls: `<SERVICE>_URL` and `<SERVICE>_TIMEOUT_SECONDS` become variables."""
    caches: Many[Name] | None = None
    """Caches that it uses: `<CACHE>_HOST` and `<CACHE>_PORT` become variables."""
    triggers: Annotated[Many[Trigger] | None, one_or_more(Trigger)] = None
    """Queues whose messages start it."""
    concurrency: Count | None = None
    """Instances that are reserved for it, and the most there are. Default: what the account has left."""
    tracing: bool | None = None
    """Traces in X-Ray. Default false."""
    log_retention_days: RetentionDays | None = None
    """Days that its log is kept. Default 30; without a log group of ours it would be for ever."""
    invokes_per_month: Number | None = None
    """Calls as you expect them; the bill counts them. Default 0."""
    duration_ms: Number | None = None
    """Milliseconds of one call as you expect it. Default 100."""

    @model_validator(mode="after")
    def _one_package(self) -> Function:
        if (self.folder is None) == (self.image is None):
            refuse("a function comes from exactly one of folder and image")
        if self.folder is not None and (self.runtime is None or self.handler is None):
            refuse(
                "a function from a folder needs its runtime and its handler", "For example python3.13, main.handler."
            )
        if self.image is not None and (self.runtime or self.handler):
            refuse("an image brings its own runtime and handler", "Remove runtime and handler.")
        if self.in_vpc is False and (self.calls or self.caches):
            refuse("a function outside the VPC reaches neither Services nor caches", "Remove `inVpc: false`.")
        return self


class EventTarget(Written):
    """Where an event goes: a function or a queue."""

    function: Name | None = None
    """A function of this platform."""
    queue: Name | None = None
    """A queue of this platform."""
    input: FreeObject | None = None
    """What the target gets instead of the event."""

    @model_validator(mode="after")
    def _one_target(self) -> EventTarget:
        if (self.function is None) == (self.queue is None):
            refuse("an event goes to exactly one of function and queue")
        return self


def _schedule(value: str) -> str:
    if re.fullmatch(r"rate\(\d+ (minutes?|hours?|days?)\)|cron\(\S+( \S+){5}\)", value):
        return value
    return refuse(
        f'"{value}" is no schedule of EventBridge', "For example rate(5 minutes) or cron(0 2 * * ? *), in UTC."
    )


class Event(Written):
    """A rule of EventBridge: at certain times, or for certain events."""

    name: Name
    """Name of the rule."""
    schedule: Annotated[Text, AfterValidator(_schedule)] | None = None
    """When, in UTC: rate(5 minutes) or cron(0 2 * * ? *)."""
    pattern: FreeObject | None = None
    """Which events, in EventBridge's shape: `{source: [ml.registry], detail-type: [Model Registered]}`."""
    target: EventTarget
    """Where they go."""
    events_per_month: Number | None = None
    """Events of your own as you expect them; the bill counts them. Default 0."""

    @model_validator(mode="after")
    def _one_source(self) -> Event:
        if (self.schedule is None) == (self.pattern is None):
            refuse("an event has exactly one of schedule and pattern")
        return self


class Serverless(Written):
    """The serverless half: what runs beside the cluster, and the stores that both halves use."""

    apis: Many[Api] | None = None
    """HTTP APIs. Default none."""
    functions: Many[Function] | None = None
    """Lambda functions. Default none."""
    tables: Many[Table] | None = None
    """DynamoDB tables. Default none."""
    caches: Many[Cache] | None = None
    """ElastiCache replication groups. Default none."""
    buckets: Many[Bucket] | None = None
    """S3 buckets. Default none."""
    queues: Many[Queue] | None = None
    """SQS queues. Default none."""
    events: Many[Event] | None = None
    """Rules of EventBridge. Default none."""
