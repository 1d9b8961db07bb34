"""AWS facts of several files in one: Terraform roots beside eksctl files, for instance."""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.checks.aws import Aws


def merged(parts: Sequence[Aws]) -> Aws:
    """All facts together; a region that the parts do not agree on is not known."""
    regions = {part.region for part in parts if part.region}
    return Aws(
        region=regions.pop() if len(regions) == 1 else None,
        networks=tuple(network for part in parts for network in part.networks),
        clusters=tuple(cluster for part in parts for cluster in part.clusters),
        node_groups=tuple(group for part in parts for group in part.node_groups),
        add_ons=tuple(add_on for part in parts for add_on in part.add_ons),
        helm_releases=tuple(release for part in parts for release in part.helm_releases),
        roles=tuple(role for part in parts for role in part.roles),
        repositories=tuple(repository for part in parts for repository in part.repositories),
        read_resources=lambda: tuple(resource for part in parts for resource in part.resources),
        backend=next((part.backend for part in parts if part.backend), None),
        terraform_file=next((part.terraform_file for part in parts if part.terraform_file), None),
    )
