"""repositories.tf: ECR repositories of the platform's own images."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan, Repository
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, resource
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    """Repository and lifecycle policy of each."""
    names = identifiers(repository.name for repository in plan.repositories)
    return tuple(item for repository in plan.repositories for item in _repository(repository, names[repository.name]))


def _repository(repository: Repository, name: str) -> Iterator[Block]:
    path = f"repositories[{repository.name}]"
    scan = attributes(scan_on_push=Traced(repository.scan_on_push, f"{path}.scanOnPush"))
    mutability = "IMMUTABLE" if repository.immutable_tags else "MUTABLE"
    body: tuple[Item, ...] = (
        Attribute("name", Traced(repository.name, f"{path}.name")),
        Attribute("image_tag_mutability", Traced(mutability, f"{path}.immutableTags")),
        block("image_scanning_configuration", (), scan, f"{path}.scanOnPush"),
        block("encryption_configuration", (), attributes(encryption_type="AES256"), path),
    )
    yield resource("aws_ecr_repository", name, body, path)
    yield _lifecycle_policy(repository, name, path)


def _lifecycle_policy(repository: Repository, name: str, path: str) -> Block:
    untagged = {
        "rulePriority": 1,
        "description": "Images without a tag expire",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": Traced(repository.expire_untagged_days, f"{path}.expireUntaggedDays"),
        },
        "action": {"type": "expire"},
    }
    newest = {
        "rulePriority": 2,
        "description": "Of the others the newest are kept",
        "selection": {
            "tagStatus": "any",
            "countType": "imageCountMoreThan",
            "countNumber": Traced(repository.keep_images, f"{path}.keepImages"),
        },
        "action": {"type": "expire"},
    }
    policy = Call("jsonencode", {"rules": [untagged, newest]})
    body = attributes(repository=expression(f"aws_ecr_repository.{name}.name"), policy=policy)
    return resource("aws_ecr_lifecycle_policy", name, body, path)
