"""The GitOps side: what Argo CD follows, in which order it installs."""

from __future__ import annotations

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.aws import HelmRelease
from wavetank.plan.model.gitops import GitOps
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile

_DOCS = "argo-cd.readthedocs.io/en/stable"

NONE = Default("gitops", "the platform is applied by hand or by a pipeline of its own")
ROOT = Default("gitops.path", "the repository is there for this platform")
MAIN = Default("gitops.revision", "the branch that most repositories follow")
PROJECT = Default(
    "gitops.project", "what an application may do is limited per platform", f"{_DOCS}/user-guide/projects/"
)
NAMESPACE = Default("gitops.namespace", "where its chart and its manual put it", f"{_DOCS}/getting_started/")
PRUNE = Default("gitops.prune", "what is gone from Git is to go from the cluster", f"{_DOCS}/user-guide/auto_sync/")
HEAL = Default("gitops.selfHeal", "Git is the truth, not a change by hand", f"{_DOCS}/user-guide/auto_sync/")
RETRIES = Default(
    "gitops.retries", "a webhook or a custom resource may not be there yet", f"{_DOCS}/user-guide/auto_sync/"
)
BRINGS_KINDS = Default(
    "gitops.waves", "a chart that brings kinds comes before objects of these kinds", f"{_DOCS}/user-guide/sync-waves/"
)
COMPONENT = Default("gitops.waves", "components come before what uses them", f"{_DOCS}/user-guide/sync-waves/")
PLATFORM = Default("gitops.waves", "the platform uses all components", f"{_DOCS}/user-guide/sync-waves/")

FIRST_WAVE, SECOND_WAVE, LAST_WAVE = 0, 1, 2
#: Argo CD waits for an application of an earlier wave only when it can tell its health, which it has to be taught
_HEALTH_OF_APPLICATIONS = """\
hs = {}
hs.status = "Progressing"
hs.message = ""
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  if obj.status.health.message ~= nil then
    hs.message = obj.status.health.message
  end
end
return hs
"""


def gitops(written: PlatformFile, releases: tuple[HelmRelease, ...], ledger: Ledger) -> GitOps | None:
    """The plan of the section; None without it."""
    stated = written.gitops
    if stated is None:
        return ledger.because("gitops", None, NONE)
    ledger.stated("gitops", stated)
    return GitOps(
        repository=ledger.stated("gitops.repository", stated.repository),
        path=ledger.chosen("gitops.path", stated.path, "", ROOT),
        revision=ledger.chosen("gitops.revision", stated.revision, "main", MAIN),
        project=ledger.chosen("gitops.project", stated.project, written.name, PROJECT),
        namespace=ledger.chosen("gitops.namespace", stated.namespace, "argocd", NAMESPACE),
        prune=ledger.chosen("gitops.prune", stated.prune, True, PRUNE),
        self_heal=ledger.chosen("gitops.selfHeal", stated.self_heal, True, HEAL),
        retries=ledger.chosen("gitops.retries", stated.retries, 5, RETRIES),
        waves=_waves(stated.waves or {}, written.name, releases, ledger),
    )


def _waves(stated: dict[str, int], platform: str, releases: tuple[HelmRelease, ...], ledger: Ledger) -> dict[str, int]:
    found = {release.name: _wave(release) for release in releases}
    waves = {name: (wave, COMPONENT if wave else BRINGS_KINDS) for name, wave in found.items()}
    waves[platform] = (LAST_WAVE, PLATFORM)
    return {
        name: ledger.chosen(f"gitops.waves[{name}]", stated.get(name), wave, reason)
        for name, (wave, reason) in waves.items()
    }


def _wave(release: HelmRelease) -> int:
    facts = catalog.chart(release.chart)
    return FIRST_WAVE if facts is not None and facts.crd_groups else SECOND_WAVE


def values_file(environment: str) -> str:
    """The file that says which images an environment runs: what a pipeline changes after a build."""
    return f"gitops/{environment}/values.yaml"


def argo_cd_values(written: PlatformFile, _cluster_name: str) -> Obj:
    """What Argo CD's chart must be told so that waves of applications wait for each other."""
    if written.gitops is None:
        return {}
    health = {"resource.customizations.health.argoproj.io_Application": _HEALTH_OF_APPLICATIONS}
    return {"configs": {"cm": health}}
