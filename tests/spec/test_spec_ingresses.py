"""Ingresses that contradict themselves, each other or the platform are refused where they are written."""

from __future__ import annotations

import pytest
from platform_texts import MINIMAL, places, problems

HEAD = """\
dns: {zone: example.com, certificates: [{name: main, domains: [api.example.com]}]}
certificateIssuers: [{name: letsencrypt, email: ops@example.com}]
ingresses:
"""
FIRST_LINE = len((MINIMAL + HEAD).splitlines()) + 1


@pytest.mark.parametrize(
    ("ingress", "message"),
    [
        ("{name: x, class: alb, hosts: [{service: apy}]}", 'there is no service "apy"'),
        ("{name: x, class: alb, hosts: [{service: api, port: 81}]}", 'the service "api" has no port 81'),
        ("{name: x, class: alb, hosts: [{paths: {/: api, api: api}}]}", 'the path "api" must begin with /'),
        ("{name: x, class: alb, hosts: []}", "an ingress needs a host"),
        ("{name: x, class: alb, hosts: [{host: a_b.example.com, service: api}]}", "is not a host name"),
        ("{name: x, class: nginx, hosts: [{service: api}]}", "needs the names of its hosts"),
        ("{name: x, class: alb, rateLimit: {requestsPerSecond: 9}, hosts: [{service: api}]}", "alb has no rateLimit"),
        ("{name: x, class: nginx, waf: 'arn:aws:wafv2:x:1:y', hosts: [{service: api}]}", "nginx has no waf"),
        ("{name: x, class: alb, tls: {issuer: letsencrypt}, hosts: [{service: api}]}", "certificate from ACM"),
        (
            "{name: x, class: nginx, tls: {certificate: main}, hosts: [{service: api}]}",
            "cannot use a certificate of ACM",
        ),
        ("{name: x, class: alb, tls: {}, hosts: [{service: api}]}", "tls needs exactly one of"),
        ("{name: x, class: alb, tls: {certificate: mian}, hosts: [{service: api}]}", 'no certificate "mian"'),
        (
            "{name: x, class: alb, tls: {certificate: main}, hosts: [{host: b.example.com, service: api}]}",
            'the certificate "main" is not for b.example.com',
        ),
        (
            "{name: x, class: nginx, tls: {issuer: letsencrypt}, hosts: [{host: '*.example.com', service: api}]}",
            "proves names by HTTP",
        ),
    ],
)
def test_a_mistake_is_told_on_its_line(ingress: str, message: str) -> None:
    found = places(f"{MINIMAL}{HEAD}  - {ingress}\n")
    assert [line for line, _, text in found if message in text] == [FIRST_LINE], found


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("idleTimeoutSeconds: 30", "idleTimeoutSeconds differs from that of the ingress"),
        ("sourceRanges: [10.0.0.0/8]", "sourceRanges would also hold for the ingress"),
    ],
)
def test_a_shared_load_balancer_is_not_told_two_things(second: str, message: str) -> None:
    text = f"""{MINIMAL}{HEAD}  - {{name: a, class: alb, hosts: [{{service: api}}], idleTimeoutSeconds: 60}}
  - {{name: b, class: alb, hosts: [{{service: api}}], {second}}}
"""
    assert [line for line, _, found in places(text) if message in found] == [FIRST_LINE + 1]
    assert problems(text.replace("name: b,", "name: b, group: own,")) == []


def test_nginx_takes_a_host_from_one_ingress() -> None:
    line = "  - {{name: {}, class: nginx, hosts: [{{host: api.example.com, service: api}}]}}\n"
    text = MINIMAL + HEAD + line.format("a") + line.format("b")
    assert [line for line, _, found in places(text) if "NGINX takes one only" in found] == [FIRST_LINE + 1]


def test_an_ingress_reaches_only_services_of_its_namespace() -> None:
    text = MINIMAL.replace("[{name: harbor}]", "[{name: harbor}, {name: other}]").replace(
        "port: 8080", "port: 8080\n    namespace: other"
    )
    found = problems(text + "ingresses: [{name: x, class: alb, namespace: harbor, hosts: [{service: api}]}]\n")
    assert [problem.message for problem in found] == ['the service "api" is in namespace other, the ingress in harbor']


@pytest.mark.parametrize("email", ["nobody", "a b@example.com"])
def test_an_issuer_needs_an_address(email: str) -> None:
    assert problems(f"{MINIMAL}certificateIssuers: [{{name: x, email: {email}}}]\n")
