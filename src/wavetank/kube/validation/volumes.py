"""Rules of a pod's volumes (core ``ValidateVolumes``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import quantity
from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required
from .containers import field_reference, relative_path
from .names import dns_label

#: Source -> the fields that it must state, in the order in which upstream looks at the sources.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "emptyDir": (),
    "hostPath": ("path",),
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "secret": ("secretName",),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "glusterfs": ("endpoints", "path"),
    "flocker": (),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "downwardAPI": (),
    "fc": (),
    "azureFile": ("secretName", "shareName"),
    "configMap": ("name",),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "storageos": (),
    "projected": (),
    "scaleIO": ("gateway", "system", "volumeName"),
    "csi": ("driver",),
    "ephemeral": ("volumeClaimTemplate",),
    "image": (),
}
_HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_FILE_FIELDS = frozenset(
    ["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"]
)


def volumes(listed: list[Obj], path: str) -> tuple[frozenset[str], list[Cause]]:
    """The names that mounts may use, and what is wrong. A wrong volume's name is not one of them."""
    names: set[str] = set()
    found: list[Cause] = []
    for index, volume in enumerate(listed):
        below = f"{path}[{index}]"
        wrong = [*_source(volume, below), *_name(volume.get("name", ""), names, below)]
        if not wrong:
            names.add(volume["name"])
        found += wrong
    return frozenset(names), found


def _name(name: str, taken: set[str], path: str) -> Iterator[Cause]:
    if not name:
        yield required(f"{path}.name")
        return
    for problem in dns_label(name):
        yield invalid(f"{path}.name", name, problem)
    if name in taken:
        yield duplicate(f"{path}.name", name)


def _source(volume: Obj, path: str) -> Iterator[Cause]:
    stated = [source for source in SOURCES if volume.get(source) is not None]
    if not stated:
        yield required(path, "must specify a volume type")
        return
    for source in stated[1:]:
        yield forbidden(f"{path}.{source}", "may not specify more than 1 volume type")
    first, below = volume[stated[0]], f"{path}.{stated[0]}"
    for key in SOURCES[stated[0]]:
        if not first.get(key):
            yield required(f"{below}.{key}")
    yield from _details(stated[0], first, below)
    yield from _mode(first, "defaultMode", below)
    yield from _files(first, below)
    for index, projection in enumerate(first.get("sources") or ()) if stated[0] == "projected" else ():
        yield from _projection(projection, f"{below}.sources[{index}]")


def _details(kind: str, source: Obj, path: str) -> Iterator[Cause]:
    if kind == "emptyDir" and source.get("sizeLimit") is not None and quantity.parse(source["sizeLimit"]) < 0:
        yield forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")
    if kind == "hostPath":
        if ".." in source.get("path", "").split("/"):
            yield invalid(f"{path}.path", source["path"], "must not contain '..'")
        if source.get("type") not in (None, *_HOST_PATH_TYPES):
            yield not_supported(f"{path}.type", source["type"], sorted(_HOST_PATH_TYPES))
    if kind == "nfs" and source.get("path") and not source["path"].startswith("/"):
        yield invalid(f"{path}.path", source["path"], "must be an absolute path")


def _mode(source: Obj, key: str, path: str) -> Iterator[Cause]:
    mode = source.get(key)
    if isinstance(mode, int) and not 0 <= mode <= 0o777:
        yield invalid(f"{path}.{key}", mode, _MODE)


def _files(source: Obj, path: str) -> Iterator[Cause]:
    """The files that a ConfigMap, Secret or downward API source is spread into."""
    for index, item in enumerate(source.get("items") or ()):
        below = f"{path}.items[{index}]"
        if "fieldRef" in item:
            yield from field_reference(item["fieldRef"], f"{below}.fieldRef", _FILE_FIELDS)
        elif "resourceFieldRef" not in item and not item.get("key"):
            yield required(f"{below}.key")
        if not item.get("path"):
            yield required(f"{below}.path")
        yield from relative_path(item.get("path") or "", f"{below}.path")
        yield from _mode(item, "mode", below)


def _projection(projection: Obj, path: str) -> Iterator[Cause]:
    stated = [kind for kind in projection if projection[kind] is not None]
    for kind in stated[1:]:
        yield forbidden(f"{path}.{kind}", "may not specify more than 1 volume type")
    for kind in stated:
        source, below = projection[kind], f"{path}.{kind}"
        if kind in ("configMap", "secret") and not source.get("name"):
            yield required(f"{below}.name")
        if kind == "serviceAccountToken":
            if source.get("expirationSeconds", 3600) < 600:
                yield invalid(
                    f"{below}.expirationSeconds",
                    source["expirationSeconds"],
                    "may not specify a duration less than 10 minutes",
                )
            if not source.get("path"):
                yield required(f"{below}.path")
        yield from _files(source, below)
