"""What a pod's volumes hold: ConfigMaps, Secrets, projections and the downward API as files, folders for the rest.

Pure: objects come through a function. Something that is missing raises VolumeError with the words that a kubelet's
FailedMount event has.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.port import VolumeFiles

from .attachments import claim_of
from .environment import ConfigError, PodContext, field_value, resource_value

#: (namespace, service account, audience, lifetime in seconds, pod) -> token, or None where no token can be had
CreateToken = Callable[[str, str, str, int, Obj], str | None]

DEFAULT_TOKEN_SECONDS = 3600
#: Tokens are replaced when this part of their life is over.
TOKEN_LIFE_FRACTION = 0.8


class VolumeError(Exception):
    """A volume cannot be set up now."""

    def __init__(self, volume: str, why: str) -> None:
        super().__init__(f'MountVolume.SetUp failed for volume "{volume}" : {why}')


@dataclass(frozen=True)
class VolumeContext:
    """What volumes are made from."""

    pod_context: PodContext
    create_token: CreateToken


def pod_volumes(context: VolumeContext) -> dict[str, VolumeFiles]:
    """Every volume of a pod by name; raises VolumeError for the first that cannot be set up."""
    result: dict[str, VolumeFiles] = {}
    for volume in context.pod_context.pod["spec"].get("volumes") or ():
        try:
            result[volume["name"]] = _volume(context, volume)
        except (ConfigError, KeyError) as error:
            raise VolumeError(volume["name"], str(error.args[0])) from error
    return result


def referenced_objects(pod: Obj) -> set[tuple[str, str]]:
    """(resource key, name) of the ConfigMaps and Secrets that a pod's volumes are made from."""
    found: set[tuple[str, str]] = set()
    for volume in pod["spec"].get("volumes") or ():
        for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            if "configMap" in source:
                found.add(("configmaps", source["configMap"]["name"]))
            if "secret" in source:
                found.add(("secrets", source["secret"].get("secretName") or source["secret"].get("name", "")))
    return found


def token_refresh_seconds(pod: Obj) -> float | None:
    """After how long the pod's projected tokens are to be replaced; None when it has none."""
    lives = [
        int(source["serviceAccountToken"].get("expirationSeconds", DEFAULT_TOKEN_SECONDS))
        for volume in pod["spec"].get("volumes") or ()
        for source in (volume.get("projected") or {}).get("sources") or ()
        if "serviceAccountToken" in source
    ]
    return min(lives) * TOKEN_LIFE_FRACTION if lives else None


def _volume(context: VolumeContext, volume: Obj) -> VolumeFiles:
    match volume:
        case {"configMap": source}:
            return VolumeFiles(_config_map(context, source), mode=int(source.get("defaultMode", 0o644)))
        case {"secret": source}:
            named = {**source, "name": source["secretName"]}
            return VolumeFiles(_secret(context, named), mode=int(source.get("defaultMode", 0o644)))
        case {"downwardAPI": source}:
            return VolumeFiles(_downward(context, source.get("items") or ()))
        case {"projected": source}:
            return VolumeFiles(_projected(context, source.get("sources") or ()))
        case {"persistentVolumeClaim": source}:
            return _claim(context, source["claimName"], source.get("readOnly", False))
        case {"ephemeral": _}:
            return _claim(context, claim_of(context.pod_context.pod, volume), False)
        case _:
            return VolumeFiles(writable=True)


def _claim(context: VolumeContext, name: str, read_only: bool) -> VolumeFiles:
    namespace = context.pod_context.namespace
    claim = context.pod_context.find("persistentvolumeclaims", namespace, name)
    if claim is None:
        raise ConfigError(f'persistentvolumeclaim "{name}" not found')
    if not claim["spec"].get("volumeName"):
        raise ConfigError(f"error processing PVC {namespace}/{name}: PVC is not bound")
    return VolumeFiles(writable=not read_only, persistent=claim["spec"]["volumeName"])


def _config_map(context: VolumeContext, source: Obj) -> dict[str, bytes]:
    found = _found(context, "configmaps", "configmap", source)
    if found is None:
        return {}
    data = {key: value.encode() for key, value in (found.get("data") or {}).items()}
    data |= {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
    return _selected(data, source, "config")


def _secret(context: VolumeContext, source: Obj) -> dict[str, bytes]:
    found = _found(context, "secrets", "secret", source)
    if found is None:
        return {}
    data = {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    return _selected(data, source, "secret")


def _found(context: VolumeContext, key: str, word: str, source: Obj) -> Obj | None:
    found = context.pod_context.find(key, context.pod_context.namespace, source["name"])
    if found is None and not source.get("optional"):
        raise ConfigError(f'{word} "{source["name"]}" not found')
    return found


def _selected(data: dict[str, bytes], source: Obj, word: str) -> dict[str, bytes]:
    items = source.get("items")
    if not items:
        return data
    missing = [item["key"] for item in items if item["key"] not in data]
    if missing and not source.get("optional"):
        raise ConfigError(f"references non-existent {word} key: {missing[0]}")
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}


def _downward(context: VolumeContext, items: Iterable[Obj]) -> dict[str, bytes]:
    pod_context = context.pod_context
    files: dict[str, bytes] = {}
    for item in items:
        if "fieldRef" in item:
            text = field_value(pod_context, item["fieldRef"]["fieldPath"])
        else:
            text = resource_value(pod_context, {"name": ""}, item["resourceFieldRef"])
        files[item["path"]] = text.encode()
    return files


def _projected(context: VolumeContext, sources: Iterable[Obj]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for source in sources:
        match source:
            case {"configMap": part}:
                files |= _config_map(context, part)
            case {"secret": part}:
                files |= _secret(context, part)
            case {"downwardAPI": part}:
                files |= _downward(context, part.get("items") or ())
            case {"serviceAccountToken": part}:
                files |= _token(context, part)
            case _:
                continue
    return files


def _token(context: VolumeContext, source: Obj) -> dict[str, bytes]:
    pod = context.pod_context.pod
    account = pod["spec"].get("serviceAccountName", "default")
    lifetime = int(source.get("expirationSeconds", DEFAULT_TOKEN_SECONDS))
    token = context.create_token(context.pod_context.namespace, account, source.get("audience", ""), lifetime, pod)
    return {} if token is None else {source["path"]: token.encode()}
