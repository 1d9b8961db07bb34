"""Lambda: settings of functions that moto drops, and an image configuration that nobody gave.

moto stands for the service's description only: nothing here runs a function.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Context, Patch

_FUNCTION = "moto.awslambda.models:LambdaFunction"
_KEPT = ("DeadLetterConfig", "LoggingConfig", "FileSystemConfigs")
#: changed by UpdateFunctionConfiguration and passed over by moto
_PASSED_OVER = {"TracingConfig": "tracing_config", "KMSKeyArn": "kms_key_arn"}


def _init(original: Any, context: Context) -> Any:
    def __init__(self: Any, account_id: str, spec: dict[str, Any], *words: Any, **named: Any) -> None:  # noqa: N807 - stands in for the constructor
        original(self, account_id, spec, *words, **named)
        self.wavetank_kept = {key: spec[key] for key in _KEPT if key in spec}

    return __init__


def _update_configuration(original: Any, context: Context) -> Any:
    def update_configuration(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
        self.wavetank_kept |= {key: updates[key] for key in _KEPT if key in updates}
        for key, attribute in _PASSED_OVER.items():
            if key in updates:
                setattr(self, attribute, updates[key])
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        original(self, updates)
        shown: dict[str, Any] = self.get_configuration()
        return shown

    return update_configuration


def _get_configuration(original: Any, context: Context) -> Any:
    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = original(self, on_create)
        image = shown.get("ImageConfigResponse", {}).get("ImageConfig", {})
        if not any(image.values()):
            shown.pop("ImageConfigResponse", None)
        plain = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        shown["LoggingConfig"] = plain | self.wavetank_kept.get("LoggingConfig", {})
        if self.wavetank_kept.get("DeadLetterConfig", {}).get("TargetArn"):
            shown["DeadLetterConfig"] = self.wavetank_kept["DeadLetterConfig"]
        if self.wavetank_kept.get("FileSystemConfigs"):
            shown["FileSystemConfigs"] = self.wavetank_kept["FileSystemConfigs"]
        return shown

    return get_configuration


PATCHES = (
    Patch(_FUNCTION, "__init__", "it drops where failed events and logs go", _init),
    Patch(_FUNCTION, "update_configuration", "it passes over half of the settings", _update_configuration),
    Patch(_FUNCTION, "get_configuration", "it cannot show what it dropped", _get_configuration),
)
