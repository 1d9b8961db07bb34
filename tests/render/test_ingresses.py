"""Ingresses come out as their controllers understand them, and the load balancer behind several is told one thing."""

from __future__ import annotations

from typing import Any

from ways_in import BASE, only, planned, rendered

from strict import problems_of
from wavetank.plan.reasons import Stated

ALB = "alb.ingress.kubernetes.io"
ISSUER = "certificateIssuers: [{name: letsencrypt, email: ops@example.com}]\n"
PUBLIC = """\
ingresses:
  - name: public
    class: alb
    scheme: internet-facing
    hosts: [{host: chat.example.com, paths: {/: web, /api: api}}]
    tls: {certificate: main}
"""
FRONT = """\
ingresses:
  - name: front
    class: nginx
    scheme: internet-facing
    hosts: [{host: api.example.com, service: api, port: 8000}]
    tls: {issuer: letsencrypt}
    rateLimit: {requestsPerSecond: 100}
    timeoutSeconds: 75
"""


def notes_of(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = only(text, "Ingress", name)["metadata"]["annotations"]
    return found


def test_every_object_is_one_that_an_api_server_takes() -> None:
    objects = [*rendered(BASE + PUBLIC), *rendered(BASE + ISSUER + FRONT)]
    kinds = {item["kind"] for item in objects}
    assert {"Ingress", "ClusterIssuer"} <= kinds
    assert [problem for item in objects for problem in problems_of(item)] == []


def test_an_alb_is_asked_for_https_without_the_arn_of_a_certificate() -> None:
    notes = notes_of(BASE + PUBLIC, "public")
    assert notes[f"{ALB}/listen-ports"] == '[{"HTTP": 80}, {"HTTPS": 443}]'
    assert notes[f"{ALB}/ssl-redirect"] == "443"
    assert f"{ALB}/certificate-arn" not in notes
    assert "tls" not in only(BASE + PUBLIC, "Ingress", "public")["spec"]


def test_each_service_is_asked_at_its_own_readiness_path() -> None:
    assert notes_of(BASE + PUBLIC, "public")[f"{ALB}/healthcheck-path"] == "/healthz"
    service = only(BASE + PUBLIC, "Service", "api")
    assert service["metadata"]["annotations"] == {f"{ALB}/healthcheck-path": "/ready"}
    assert "annotations" not in only(BASE + PUBLIC, "Service", "web")["metadata"]


def test_a_plain_ingress_listens_on_http_only_and_stays_inside() -> None:
    text = BASE + "ingresses: [{name: inside, class: alb, hosts: [{service: web}]}]\n"
    notes = notes_of(text, "inside")
    assert (notes[f"{ALB}/listen-ports"], notes[f"{ALB}/scheme"]) == ('[{"HTTP": 80}]', "internal")
    assert notes[f"{ALB}/group.name"] == "harbor-internal"


def test_ingresses_of_one_scheme_share_a_load_balancer_and_say_the_same_about_it() -> None:
    second = (
        "  - {name: second, class: alb, scheme: internet-facing, hosts: [{service: api}], idleTimeoutSeconds: 300}\n"
    )
    both = [notes_of(BASE + PUBLIC + second, name) for name in ("public", "second")]
    for key in ("group.name", "load-balancer-attributes"):
        assert both[0][f"{ALB}/{key}"] == both[1][f"{ALB}/{key}"]
    assert "idle_timeout.timeout_seconds=300" in both[0][f"{ALB}/load-balancer-attributes"]


def test_what_another_ingress_says_about_the_load_balancer_is_the_reason_here() -> None:
    second = (
        "  - {name: second, class: alb, scheme: internet-facing, hosts: [{service: api}], idleTimeoutSeconds: 300}\n"
    )
    text = BASE + PUBLIC + second
    found = planned(text).place(f"ingresses[public].annotations[{ALB}/load-balancer-attributes]")
    assert isinstance(found, Stated)
    assert "idleTimeoutSeconds" in text.splitlines()[found.line - 1]


def test_nginx_limits_each_client_over_all_pods_of_the_controller() -> None:
    notes = notes_of(BASE + ISSUER + FRONT, "front")
    limits = {key.removeprefix("nginx.org/limit-req-"): value for key, value in notes.items() if "limit-req" in key}
    assert limits == {
        "rate": "100r/s",
        "key": "${binary_remote_addr}",
        "zone-size": "10m",
        "burst": "100",
        "no-delay": "true",
        "reject-code": "429",
        "scale": "true",
    }
    assert {notes[f"nginx.org/proxy-{what}-timeout"] for what in ("connect", "read", "send")} == {"75s"}


def test_cert_manager_answers_the_challenge_in_the_ingress_itself() -> None:
    text = BASE + ISSUER + FRONT
    notes = notes_of(text, "front")
    assert notes["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert notes["acme.cert-manager.io/http01-edit-in-place"] == "true"
    assert only(text, "Ingress", "front")["spec"]["tls"] == [{"hosts": ["api.example.com"], "secretName": "front-tls"}]
    solver = only(text, "ClusterIssuer", "letsencrypt")["spec"]["acme"]["solvers"][0]
    assert solver == {"http01": {"ingress": {"class": "nginx"}}}


def test_names_proven_by_dns_need_no_challenge_in_the_ingress() -> None:
    text = BASE + ISSUER.replace("}]", ", solver: dns01}]") + FRONT
    assert "acme.cert-manager.io/http01-edit-in-place" not in notes_of(text, "front")
    solvers: list[dict[str, Any]] = only(text, "ClusterIssuer", "letsencrypt")["spec"]["acme"]["solvers"]
    assert solvers == [{"dns01": {"route53": {"region": "ap-southeast-2"}}}]


def test_annotations_of_the_author_win() -> None:
    own = '    annotations: {"alb.ingress.kubernetes.io/target-type": instance}\n'
    assert notes_of(BASE + PUBLIC + own, "public")[f"{ALB}/target-type"] == "instance"
