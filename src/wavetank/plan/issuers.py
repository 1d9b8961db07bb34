"""ClusterIssuers of cert-manager: who signs certificates, and how names are proven."""

from __future__ import annotations

from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import CertificateIssuer
from wavetank.plan.reasons import Default
from wavetank.spec.ingress import CertificateIssuer as WrittenIssuer
from wavetank.spec.platform import PlatformFile

_DOCS = "cert-manager.io/docs/configuration/acme"

#: directories of Let's Encrypt (letsencrypt.org/docs/acme-protocol-updates, /docs/staging-environment)
DIRECTORIES = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

TRUSTED = Default("certificateIssuers.server", "certificates of staging are trusted by nobody", _DOCS)
BY_HTTP = Default("certificateIssuers.solver", "it needs no permissions in AWS", f"{_DOCS}/http01")
BY_NGINX = Default("certificateIssuers.class", "an ALB takes its certificates from ACM and needs none of cert-manager")


def certificate_issuer(stated: WrittenIssuer, written: PlatformFile, ledger: Ledger) -> CertificateIssuer:
    """A ClusterIssuer for Let's Encrypt."""
    path = f"certificateIssuers[{stated.name}]"
    ledger.stated(path, stated)
    server: str = ledger.chosen(f"{path}.spec.acme.server", stated.server, "production", TRUSTED, f"{path}.server")
    solver: Literal["http01", "dns01"] = ledger.chosen(f"{path}.solver", stated.solver, "http01", BY_HTTP)
    acme: Obj = {
        "server": DIRECTORIES[server],
        "email": ledger.stated(f"{path}.spec.acme.email", stated.email, f"{path}.email"),
        "privateKeySecretRef": {"name": f"{stated.name}-account"},
        "solvers": [_dns(written, path, ledger) if solver == "dns01" else _http(stated, path, ledger)],
    }
    return CertificateIssuer(stated.name, solver, {"acme": acme})


def _http(stated: WrittenIssuer, path: str, ledger: Ledger) -> Obj:
    """By ``class``, not ``ingressClassName``: only the former is cleared when cert-manager edits an ingress in place, and

    a challenge with both is refused (cert-manager pkg/controller/acmeorders/util.go).
    """
    name = ledger.chosen(f"{path}.spec.acme.solvers", stated.class_, "nginx", BY_NGINX, f"{path}.class")
    return {"http01": {"ingress": {"class": name}}}


def _dns(written: PlatformFile, path: str, ledger: Ledger) -> Obj:
    """Route 53 with the role of cert-manager's own service account; it finds the zone by its name."""
    origins = (f"{path}.solver", "region")
    return ledger.derived(
        f"{path}.spec.acme.solvers",
        {"dns01": {"route53": {"region": written.region}}},
        origins,
        "Route 53 holds the zone",
    )
