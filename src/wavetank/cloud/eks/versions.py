"""Kubernetes versions of EKS: DescribeClusterVersions, and what CreateCluster accepts.

Support is judged by the day of the catalog's data (``AS_OF``), not by today, so that a clone of this repository behaves
the same in a year.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache

from wavetank.catalog.versions import EksVersion, eks_version, eks_versions, supported_eks_versions
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.data import addon_versions
from wavetank.cloud.eks.errors import InvalidParameterException
from wavetank.cloud.eks.state import Wire

#: AWS counts it up per minor; nothing depends on it here.
PLATFORM_VERSION = "eks.1"


@lru_cache(maxsize=1)
def as_of() -> date:
    return date.fromisoformat(addon_versions()["about"]["asOf"])


def minor_of(version: str) -> int:
    return int(version.split(".")[1])


def supported() -> tuple[str, ...]:
    """The supported minors, newest first."""
    return tuple(version.minor for version in supported_eks_versions(as_of()))


def default() -> str:
    """What a cluster gets that asks for no version: EKS moves its default one behind the newest."""
    return supported()[1]


def checked(version: str | None) -> str:
    """The version to create. Raises InvalidParameterException for those that EKS does not offer."""
    if version is None:
        return default()
    if version not in supported():
        raise InvalidParameterException(
            f"unsupported Kubernetes version {version}; supported: {', '.join(supported())}"
        )
    return version


def ami_release(version: str) -> str:
    """The release of the node image: ``1.33.0-20250528``. Patch and day are stand-ins for those that AWS would pick."""
    facts = eks_version(version)
    assert facts is not None, f"{version} was accepted, so the catalog knows it"
    return f"{version}.0-{facts.released:%Y%m%d}"


def _described(version: EksVersion) -> Wire:
    status = {"standard": "STANDARD_SUPPORT", "extended": "EXTENDED_SUPPORT"}.get(
        version.support(as_of()), "UNSUPPORTED"
    )
    return {
        "clusterVersion": version.minor,
        "clusterType": "eks",
        "defaultPlatformVersion": PLATFORM_VERSION,
        "defaultVersion": version.minor == default(),
        "status": status.lower().replace("_", "-"),
        "versionStatus": status,
        "kubernetesPatchVersion": f"{version.minor}.0",
        "releaseDate": _midnight(version.released),
        "endOfStandardSupportDate": _midnight(version.standard_support_ends),
        "endOfExtendedSupportDate": _midnight(version.extended_support_ends),
    }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def describe_cluster_versions(call: Call) -> Wire:
    wanted = set(call.get("clusterVersions", ())) or {v.minor for v in eks_versions() if call.get("includeAll")}
    found = [_described(version) for version in eks_versions() if version.minor in (wanted or supported())]
    if status := call.get("versionStatus") or call.get("status"):
        found = [one for one in found if status.upper().replace("-", "_") == one["versionStatus"]]
    if call.get("defaultOnly"):
        found = [one for one in found if one["defaultVersion"]]
    return call.page("clusterVersions", found)


OPERATIONS: dict[str, Handler] = {"DescribeClusterVersions": describe_cluster_versions}
