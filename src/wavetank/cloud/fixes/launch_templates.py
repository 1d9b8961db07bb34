"""EC2 launch templates: tags of the template itself are not part of the data that instances are launched with, and may change.

moto copies the ``launch-template`` tag specification into the template's data, so that every plan sees a new version; and it
goes on answering with the tags that a template was created with.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Context, Patch


def _init(original: Any, context: Context) -> Any:
    def __init__(self: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:  # noqa: N807 - stands in for the constructor
        kept = [spec for spec in data.get("TagSpecifications", []) if spec.get("ResourceType") != "launch-template"]
        data = {key: value for key, value in data.items() if key != "TagSpecifications"}
        original(self, template, number, data | ({"TagSpecifications": kept} if kept else {}), description)

    return __init__


def _describe_launch_templates(original: Any, context: Context) -> Any:
    def describe_launch_templates(self: Any, *words: Any, **named: Any) -> Any:
        templates = original(self, *words, **named)
        for template in templates:
            template.tags = template.get_tags()
        return templates

    return describe_launch_templates


PATCHES = (
    Patch(
        "moto.ec2.models.launch_templates:LaunchTemplateVersion",
        "__init__",
        "template tags would come back as launch data and be a difference in every plan",
        _init,
    ),
    Patch(
        "moto.ec2.models.launch_templates:LaunchTemplateBackend",
        "describe_launch_templates",
        "changed tags would never be seen, and be a difference in every plan",
        _describe_launch_templates,
    ),
)
