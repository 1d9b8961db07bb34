"""What an author writes about Argo CD: where the rendered files lie in Git, and how eagerly the cluster follows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wavetank.spec.words import Count, Name, Written

RepositoryUrl = Annotated[str, Field(pattern=r"^(https://|ssh://|git@)\S+$")]
FolderInRepository = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")]


class GitOps(Written):
    """Argo CD keeps the cluster as Git says: an app of apps per environment, one application per chart."""

    repository: RepositoryUrl
    """Git URL of the repository that holds the rendered folders gitops/ and helm/."""
    path: FolderInRepository | None = None
    """Folder in it where these two lie. Default: its root."""
    revision: str | None = None
    """Branch, tag or commit that an environment follows. Default main."""
    project: Name | None = None
    """Argo CD's project. Default: the platform's name."""
    namespace: Name | None = None
    """Where Argo CD runs. Default argocd."""
    prune: bool | None = None
    """Delete what is no longer in Git. Default true."""
    self_heal: bool | None = None
    """Undo what somebody changes in the cluster by hand. Default true."""
    retries: Count | None = None
    """How often a failed sync is tried again, each time after a longer wait. Default 5."""
    waves: dict[Name, int] | None = None
    """Sync wave by helm release, or by the platform's name. Default: charts that bring kinds 0, others 1, the platform 2."""
