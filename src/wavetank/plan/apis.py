"""HTTP APIs of API Gateway and rules of EventBridge: what starts functions."""

from __future__ import annotations

from wavetank.plan.aws_names import aws_name
from wavetank.plan.data_stores import amount
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Api, ApiDomain, ApiRoute, Cors, EventRule, Jwt, Throttle
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.serverless import API_SECONDS, Event, Route, Throttling
from wavetank.spec.serverless import Api as WrittenApi
from wavetank.spec.serverless import Cors as WrittenCors

_API = "docs.aws.amazon.com/apigateway/latest/developerguide"

HUNDRED = Default(
    "serverless.apis.throttling", "an API without a limit is paid for without one", f"{_API}/http-api-throttling.html"
)
LONGEST = Default(
    "serverless.apis.timeoutSeconds", "the most that an HTTP API waits, less one second", f"{_API}/http-api-quotas.html"
)
A_MONTH_OF_LOGS = Default("serverless.apis.logRetentionDays", "long enough to look into a complaint")
NO_BROWSERS = Default("serverless.apis.cors", "no page of another origin was named", f"{_API}/http-api-cors.html")


def api(stated: WrittenApi, written: PlatformFile, cluster_name: str, ledger: Ledger) -> Api:
    path = f"serverless.apis[{stated.name}]"
    ledger.stated(path, stated)
    jwt = Jwt(stated.jwt.issuer, stated.jwt.audiences) if stated.jwt else None
    return Api(
        name=stated.name,
        api_name=ledger.derived(
            f"{path}.apiName", aws_name(cluster_name, stated.name), ("cluster.name", path), "unique"
        ),
        jwt=jwt,
        cors=_cors(path, stated.cors, ledger),
        throttling=_throttling(path, stated.throttling, ledger) or Throttle(100, 200),
        timeout_seconds=ledger.chosen(f"{path}.timeoutSeconds", stated.timeout_seconds, API_SECONDS, LONGEST),
        domain=_domain(path, stated, written, ledger),
        log_retention_days=ledger.chosen(f"{path}.logRetentionDays", stated.log_retention_days, 30, A_MONTH_OF_LOGS),
        routes=tuple(_route(path, index, each, ledger) for index, each in enumerate(stated.routes)),
        requests_per_month=amount(f"{path}.requestsPerMonth", stated.requests_per_month, ledger),
    )


def _throttling(path: str, stated: Throttling | None, ledger: Ledger) -> Throttle | None:
    ledger.chosen(f"{path}.throttling", stated, None, HUNDRED)
    return Throttle(stated.rate, stated.burst or 2 * stated.rate) if stated else None


def _cors(path: str, stated: WrittenCors | None, ledger: Ledger) -> Cors | None:
    if stated is None:
        return ledger.because(f"{path}.cors", None, NO_BROWSERS)
    headers = stated.headers or ("authorization", "content-type")
    age = 600 if stated.max_age_seconds is None else stated.max_age_seconds
    return Cors(stated.origins, stated.methods or ("GET", "POST"), headers, age)


def _domain(path: str, stated: WrittenApi, written: PlatformFile, ledger: Ledger) -> ApiDomain | None:
    if stated.domain is None:
        return None
    name, certificates = stated.domain.name, (written.dns.certificates if written.dns else None) or ()
    covering = next((each.name for each in certificates if covers(each.domains, name)), "")
    where = f"{path}.domain"
    chosen = stated.domain.certificate or covering
    ledger.stated(where, stated.domain)
    if stated.domain.certificate is None:
        ledger.derived(f"{where}.certificate", chosen, ("dns.certificates",), "the certificate that lists the name")
    return ApiDomain(name, chosen)


def covers(domains: tuple[str, ...], name: str) -> bool:
    """Whether a certificate for these domains is one for this name: its own, or the wildcard of its parent."""
    return name in domains or f"*.{name.partition('.')[2]}" in domains


def _route(path: str, index: int, stated: Route, ledger: Ledger) -> ApiRoute:
    where = f"{path}.routes[{index}]"
    ledger.stated(where, stated)
    key = stated.path if stated.path == "$default" else f"{stated.method or 'ANY'} {stated.path}"
    own = (
        Throttle(stated.throttling.rate, stated.throttling.burst or 2 * stated.throttling.rate)
        if stated.throttling
        else None
    )
    return ApiRoute(key, stated.function, stated.service, not stated.public, stated.scopes or (), own)


def event_rule(stated: Event, cluster_name: str, ledger: Ledger) -> EventRule:
    path = f"serverless.events[{stated.name}]"
    ledger.stated(path, stated)
    target = stated.target
    return EventRule(
        name=stated.name,
        rule_name=ledger.derived(
            f"{path}.ruleName", aws_name(cluster_name, stated.name), ("cluster.name", path), "unique"
        ),
        schedule=stated.schedule,
        pattern=stated.pattern,
        function=target.function,
        queue=target.queue,
        input=target.input,
        events_per_month=amount(f"{path}.eventsPerMonth", stated.events_per_month, ledger),
    )
