"""62-certificate-issuers.yaml: ClusterIssuers of cert-manager, before the ingresses that name them."""

from __future__ import annotations

from wavetank.plan.model import CertificateIssuer, Plan
from wavetank.render.kubernetes.parts import manifest, metadata
from wavetank.render.trace import Traced, tree


def objects(plan: Plan) -> tuple[Traced, ...]:
    """In the plan's order."""
    return tuple(_issuer(plan, issuer) for issuer in plan.certificate_issuers)


def _issuer(plan: Plan, issuer: CertificateIssuer) -> Traced:
    path = f"certificateIssuers[{issuer.name}]"
    framed = metadata(plan, path, issuer.name)
    return manifest("cert-manager.io/v1", "ClusterIssuer", framed, path, spec=tree(issuer.spec, f"{path}.spec"))
