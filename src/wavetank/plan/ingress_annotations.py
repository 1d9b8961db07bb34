"""How the two ingress controllers are told: annotations of the AWS Load Balancer Controller and of F5's NGINX.

Names as in kubernetes-sigs/aws-load-balancer-controller docs/guide/ingress/annotations.md and in nginx/kubernetes-ingress
internal/configs/annotations.go. There is no annotation with the ARN of a certificate: without it the controller looks up ACM by
the hosts of the rules, and what only Terraform knows needs not go through a manifest. external-dns reads the hosts, too.
"""

from __future__ import annotations

from wavetank.kube import quantity
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Ingress
from wavetank.plan.reasons import Default
from wavetank.spec.ingress import Ingress as WrittenIngress
from wavetank.spec.platform import PlatformFile

ALB = "alb.ingress.kubernetes.io"
NGINX = "nginx.org"
HEALTH_CHECK = f"{ALB}/healthcheck-path"

_CONTROLLER = "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress"
_NGINX_DOCS = "docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources"

TO_PODS = Default(
    "ingresses.targetType", "straight to the pods, without a hop over another node", f"{_CONTROLLER}/annotations"
)
AWS_IDLE = Default("ingresses.idleTimeoutSeconds", "AWS's own value, written out", f"{_CONTROLLER}/annotations")
DELETABLE = Default("ingresses.deletionProtection", "a deleted ingress should not leave a bill behind")
DRAINED = Default("ingresses.deregistration", "requests end in seconds; AWS's 300 would only slow down rollouts")
MODERN_TLS = Default(
    "ingresses.tls.policy",
    "TLS 1.3 and 1.2",
    "docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
)
NGINX_TIMEOUT = Default(
    "ingresses.timeoutSeconds",
    "NGINX's own value, written out",
    f"{_NGINX_DOCS}/advanced-configuration-with-annotations",
)
IN_PLACE = Default(
    "ingresses.tls.issuer",
    "NGINX takes a host from one ingress only, so cert-manager answers the challenge in this one",
    "github.com/nginx/kubernetes-ingress/issues/985",
)
TEMPORARY = Default(
    "ingresses.tls.issuer",
    "without any certificate NGINX refuses the redirected challenge, and the real one never comes",
    "cert-manager.io/docs/troubleshooting/acme",
)

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class _Annotations:
    """Collects annotations of one ingress and notes why each is there."""

    def __init__(self, ingress: Ingress, ledger: Ledger) -> None:
        self.path = f"ingresses[{ingress.name}]"
        self.found: dict[str, str] = {}
        self._ledger = ledger

    def follow(self, key: str, value: str, *fields: str, how: str = "how the controller is told") -> None:
        """An annotation that follows from fields of the ingress."""
        origins = tuple(f"{self.path}.{field}" for field in fields)
        self.found[key] = self._ledger.derived(f"{self.path}.annotations[{key}]", value, origins, how)

    def stated(self, key: str, value: str, at: str) -> None:
        """An annotation that says what the author wrote at a spec path."""
        self.found[key] = self._ledger.stated(f"{self.path}.annotations[{key}]", value, at)

    def because(self, key: str, value: str, reason: Default) -> None:
        self.found[key] = self._ledger.because(f"{self.path}.annotations[{key}]", value, reason)


def alb_annotations(
    ingress: Ingress, members: tuple[WrittenIngress, ...], written: PlatformFile, ledger: Ledger
) -> dict[str, str]:
    """Annotations of an ingress of class alb; ``members`` share its load balancer, and what one says holds for all."""
    notes = _Annotations(ingress, ledger)
    notes.follow(f"{ALB}/scheme", ingress.scheme, "scheme")
    notes.because(f"{ALB}/target-type", "ip", TO_PODS)
    notes.follow(f"{ALB}/group.name", ingress.group or "", "group")
    _listeners(notes, ingress, members)
    notes.follow(HEALTH_CHECK, ingress.hosts[0].paths[0].health_check_path or "/", "hosts[0].paths[0].healthCheckPath")
    notes.because(f"{ALB}/target-group-attributes", "deregistration_delay.timeout_seconds=30", DRAINED)
    _attributes(notes, members)
    if ingress.source_ranges:
        notes.follow(f"{ALB}/inbound-cidrs", ",".join(ingress.source_ranges), "sourceRanges")
    for member in members:
        if member.waf is not None and f"{ALB}/wafv2-acl-arn" not in notes.found:
            notes.stated(f"{ALB}/wafv2-acl-arn", member.waf, f"ingresses[{member.name}].waf")
    return notes.found


def _listeners(notes: _Annotations, ingress: Ingress, members: tuple[WrittenIngress, ...]) -> None:
    if ingress.tls is None:
        notes.follow(f"{ALB}/listen-ports", '[{"HTTP": 80}]', "tls")
        return
    notes.follow(f"{ALB}/listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]', "tls")
    if ingress.tls.redirect:
        notes.follow(f"{ALB}/ssl-redirect", "443", "tls.redirect")
    policy = next((each for each in members if each.tls is not None and each.tls.policy is not None), None)
    if policy is not None and policy.tls is not None and policy.tls.policy is not None:
        notes.stated(f"{ALB}/ssl-policy", policy.tls.policy, f"ingresses[{policy.name}].tls.policy")
    else:
        notes.because(f"{ALB}/ssl-policy", TLS_POLICY, MODERN_TLS)


def _attributes(notes: _Annotations, members: tuple[WrittenIngress, ...]) -> None:
    """Attributes of the load balancer: every member writes the same, or the controller refuses the whole group."""
    idle = next((each for each in members if each.idle_timeout_seconds is not None), None)
    protected = next((each for each in members if each.deletion_protection is not None), None)
    attributes = {
        "idle_timeout.timeout_seconds": str(idle.idle_timeout_seconds) if idle else "60",
        "deletion_protection.enabled": "true" if protected and protected.deletion_protection else "false",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    text = ",".join(f"{key}={value}" for key, value in attributes.items())
    key = f"{ALB}/load-balancer-attributes"
    if idle is not None:
        notes.stated(key, text, f"ingresses[{idle.name}].idleTimeoutSeconds")
    elif protected is not None:
        notes.stated(key, text, f"ingresses[{protected.name}].deletionProtection")
    else:
        notes.because(key, text, AWS_IDLE)


def nginx_annotations(
    stated: WrittenIngress, ingress: Ingress, written: PlatformFile, ledger: Ledger
) -> dict[str, str]:
    """Annotations of an ingress of class nginx."""
    notes = _Annotations(ingress, ledger)
    _timeouts(notes, stated)
    _rate_limit(notes, stated)
    if stated.max_body_size is not None:
        size = f"{-(-quantity.value(stated.max_body_size) // (1 << 20))}m"
        notes.stated(f"{NGINX}/client-max-body-size", size, f"{notes.path}.maxBodySize")
    if ingress.tls is not None:
        redirect = "true" if ingress.tls.redirect else "false"
        notes.follow("ingress.kubernetes.io/ssl-redirect", redirect, "tls.redirect")
        _issuer(notes, ingress.tls.issuer, written)
    return notes.found


def _timeouts(notes: _Annotations, stated: WrittenIngress) -> None:
    for what in ("connect", "read", "send"):
        key = f"{NGINX}/proxy-{what}-timeout"
        if stated.timeout_seconds is not None:
            notes.stated(key, f"{stated.timeout_seconds}s", f"{notes.path}.timeoutSeconds")
        else:
            notes.because(key, "60s", NGINX_TIMEOUT)


def _rate_limit(notes: _Annotations, stated: WrittenIngress) -> None:
    """Per client address; the controller divides the rate among its pods (limit-req-scale)."""
    limit, path = stated.rate_limit, f"{notes.path}.rateLimit"
    if limit is None:
        return
    burst = limit.requests_per_second if limit.burst is None else limit.burst
    for key, value in {
        "rate": f"{limit.requests_per_second}r/s",
        "key": "${binary_remote_addr}",
        "zone-size": "10m",
        "burst": str(burst),
        "no-delay": "true",
        "reject-code": str(limit.reject_code or 429),
        "scale": "true",
    }.items():
        notes.stated(f"{NGINX}/limit-req-{key}", value, path)


def _issuer(notes: _Annotations, issuer: str | None, written: PlatformFile) -> None:
    if issuer is None:
        return
    notes.follow("cert-manager.io/cluster-issuer", issuer, "tls.issuer", how="cert-manager makes the certificate")
    found = next((each for each in written.certificate_issuers or () if each.name == issuer), None)
    if found is not None and (found.solver or "http01") == "http01":
        notes.because("acme.cert-manager.io/http01-edit-in-place", "true", IN_PLACE)
        notes.because("cert-manager.io/issue-temporary-certificate", "true", TEMPORARY)
