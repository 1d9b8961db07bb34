"""backend.tf: the bucket of Terraform's state; nothing where state lies beside the files."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Item, attributes, block
from wavetank.render.terraform.parts import explained, optional
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    """The S3 backend. Its values are literals: Terraform reads them before it knows any variable."""
    backend = plan.state_backend
    if backend is None:
        return ()
    path = "stateBackend"
    body: tuple[Item, ...] = (
        Attribute("bucket", Traced(backend.bucket, f"{path}.bucket")),
        Attribute("key", explained(plan, backend.key, f"{path}.key")),
        Attribute("region", Traced(backend.region, f"{path}.region")),
        *attributes(encrypt=True),
        *((Attribute("use_lockfile", explained(plan, True, f"{path}.lockFile")),) if backend.lock_file else ()),
        *optional("dynamodb_table", backend.lock_table, f"{path}.lockTable"),
        *optional("kms_key_id", backend.kms_key, f"{path}.kmsKey"),
    )
    return (block("terraform", (), (block("backend", ("s3",), body, path),), path),)
