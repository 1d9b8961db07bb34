"""Which images may run: the policy, whose signatures count, and what Gatekeeper and Ratify must be told."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.components import Component
from wavetank.plan.model.kubernetes import Workload
from wavetank.plan.model.security import ImagePolicy, RegistryScan, Signer
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.security import ImagePolicy as Written
from wavetank.spec.security import SignedBy

_GATEKEEPER = "open-policy-agent.github.io/gatekeeper/website/docs"

NO_POLICY = Default("imagePolicy", "nothing was asked for")
NOT_ASKED = Default("imagePolicy.rules", "only what was asked for is refused")
TAGS_WILL_DO = Default("imagePolicy.requireDigest", "the registry's tags do not change")
MEASURED = Default("imagePolicy.requireResources", "a container without requests is packed as if it were free")
REFUSED = Default(
    "imagePolicy.enforcement", "a rule that refuses nothing protects nothing", f"{_GATEKEEPER}/violations"
)
SAFE_SCAN = Default("imagePolicy.scan", "the repositories say themselves what is scanned")
#: injected into pods of the mesh before they are judged
PROXY_IMAGE = "docker.io/istio/proxyv2"
#: Ratify's documentation asks for these timeouts of Gatekeeper
_GATEKEEPER_FOR_RATIFY: Obj = {
    "enableExternalData": True,
    "validatingWebhookTimeoutSeconds": 5,
    "mutatingWebhookTimeoutSeconds": 2,
    "externaldataProviderResponseCacheTTL": "10s",
}
_READ_IMAGES: tuple[Obj, ...] = (
    {"Sid": "Login", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
    {
        "Sid": "ReadImages",
        "Effect": "Allow",
        "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Resource": ["*"],
    },
)


def image_policy(written: PlatformFile, workloads: tuple[Workload, ...], ledger: Ledger) -> ImagePolicy | None:
    """The policy as it will be enforced; None where none is written."""
    stated = written.image_policy
    if stated is None:
        return ledger.because("imagePolicy", None, NO_POLICY)
    path = "imagePolicy"
    ledger.stated(path, stated)
    return ImagePolicy(
        registries=_registries(stated, written, workloads, ledger),
        require_digest=ledger.chosen(f"{path}.requireDigest", stated.require_digest, False, TAGS_WILL_DO),
        required_labels=ledger.chosen(f"{path}.requiredLabels", stated.required_labels, (), NOT_ASKED),
        require_probes=ledger.chosen(f"{path}.requireProbes", stated.require_probes, False, NOT_ASKED),
        require_resources=ledger.chosen(f"{path}.requireResources", stated.require_resources, True, MEASURED),
        signer=signer(stated.signed_by, ledger),
        signed_prefix=ledger.derived(
            f"{path}.signedPrefix",
            own_registry(written),
            ("accountId", "region"),
            "others sign their images themselves",
        ),
        scan=_scan(stated, ledger),
        enforcement=ledger.chosen(f"{path}.enforcement", stated.enforcement, "deny", REFUSED),
        namespaces=_namespaces(stated, workloads, ledger),
    )


def signer(stated: SignedBy | None, ledger: Ledger) -> Signer | None:
    path = "imagePolicy.signer"
    if stated is None:
        return ledger.because(path, None, NOT_ASKED)
    ledger.stated(path, stated, "imagePolicy.signedBy")
    keyless = stated.keyless
    key = stated.key_ref or (f"awskms:///alias/{stated.key_alias}" if stated.key_alias else None)
    return Signer(
        key_alias=stated.key_alias,
        key=key,
        public_key=stated.public_key,
        issuer=keyless.issuer if keyless else None,
        identity=keyless.identity if keyless else None,
        identity_pattern=keyless.identity_pattern if keyless else None,
    )


def _scan(stated: Written, ledger: Ledger) -> RegistryScan | None:
    if stated.scan is None:
        return ledger.because("imagePolicy.scan", None, SAFE_SCAN)
    ledger.stated("imagePolicy.scan", stated.scan)
    return RegistryScan(stated.scan.type, stated.scan.frequency or "SCAN_ON_PUSH")


def _registries(
    stated: Written, written: PlatformFile, workloads: tuple[Workload, ...], ledger: Ledger
) -> tuple[str, ...]:
    path = "imagePolicy.registries"
    if stated.registries is not None:
        return ledger.stated(path, stated.registries)
    own = own_registry(written)
    used = [repository_prefix(image) for workload in workloads for image in _images(workload)]
    found = tuple(dict.fromkeys((own, *used, *((PROXY_IMAGE,) if written.mesh is not None else ()))))
    return ledger.derived(
        path, found, ("accountId", "region", "workloads"), "the account's registry and what workloads use"
    )


def own_registry(written: PlatformFile) -> str:
    """What the name of every image of the account begins with."""
    return f"{written.account_id}.dkr.ecr.{written.region}.amazonaws.com/"


def _images(workload: Workload) -> list[str]:
    return [container.image for container in (*workload.init_containers, *workload.containers)]


def repository_prefix(image: str) -> str:
    """The registry where it is an account's own (ECR), else the repository: a public registry holds anybody's images."""
    registry, slash, _ = image.partition("/")
    return f"{registry}/" if slash and ".dkr.ecr." in registry else _repository(image)


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name


def _namespaces(stated: Written, workloads: tuple[Workload, ...], ledger: Ledger) -> tuple[str, ...]:
    path = "imagePolicy.namespaces"
    if stated.namespaces is not None:
        return ledger.stated(path, stated.namespaces)
    found = tuple(dict.fromkeys(workload.namespace for workload in workloads))
    return ledger.derived(path, found, ("workloads",), "where the platform's workloads run")


def policy_components(written: PlatformFile) -> tuple[Component, ...]:
    """Gatekeeper, and Ratify where signatures can be verified."""
    stated = written.image_policy
    if stated is None:
        return ()
    how = "the image policy is enforced at admission"
    by = stated.signed_by
    if by is None or (by.public_key is None and by.keyless is None):
        return (Component("gatekeeper", ("imagePolicy",), how),)
    verifier = Component("ratify", ("imagePolicy",), "signatures are verified at admission", _ratify(by), _READ_IMAGES)
    return (Component("gatekeeper", ("imagePolicy",), how, _GATEKEEPER_FOR_RATIFY), verifier)


def _ratify(by: SignedBy) -> Obj:
    values: Obj = {
        "featureFlags": {"RATIFY_CERT_ROTATION": True},
        "notation": {"enabled": False},
        "oras": {"authProviders": {"awsEcrBasicEnabled": True}},
    }
    if by.keyless is None:
        # A key of KMS signs without leaving a trace in the public log, so there is none to look for.
        return values | {"cosignKeys": [by.public_key], "cosign": {"enabled": True, "tLogVerify": False}}
    exact = {"certificateIdentity": by.keyless.identity, "certificateIdentityRegExp": by.keyless.identity_pattern}
    identity = {key: value for key, value in exact.items() if value}
    return values | {"cosign": {"enabled": True, "keyless": {"certificateOIDCIssuer": by.keyless.issuer, **identity}}}
