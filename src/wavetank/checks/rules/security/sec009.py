"""SEC009: images whose name does not say which one it is."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container

MOVING = ("latest", "stable", "main", "master", "dev", "edge", "nightly")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in (*workload.init_containers, *workload.containers):
            tag = tag_of(container.image)
            if container.image and tag in (None, *MOVING):
                yield _mistake(container, tag)
    for repository in case.aws.repositories:
        if repository.immutable_tags is False:
            yield Mistake(
                at=repository.at("immutable_tags"),
                message=f"tags of repository {repository.name} can be moved: what was tested need not be what runs tomorrow",
                remedy="make the tags immutable",
                numbers={"repository": repository.name},
            )


def tag_of(image: str) -> str | None:
    """The tag; the digest where there is one; None for neither."""
    if "@" in image:
        return image.partition("@")[2]
    last = image.rpartition("/")[2]
    return last.partition(":")[2] or None


def _mistake(container: Container, tag: str | None) -> Mistake:
    said = f'the tag "{tag}"' if tag else "no tag, which means latest"
    return Mistake(
        at=container.at("image"),
        message=(
            f"{container.workload.title}: {container.image} has {said}: nodes may run different programs under "
            "one name, and going "
            "back finds nothing to go back to"
        ),
        remedy="name a version or, better, a digest",
        numbers={"image": container.image},
    )


RULE = Rule(
    id="SEC009",
    severity=Severity.WARN,
    title="The image is not pinned",
    source=(
        "kubernetes.io/docs/concepts/containers/images; "
        "docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"
    ),
    check=check,
)
