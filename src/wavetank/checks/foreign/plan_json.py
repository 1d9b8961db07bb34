"""``terraform show -json`` of a plan or a state → AWS facts, as far as Terraform knows the values."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import Aws, Resource
from wavetank.checks.manifests import items, mapping
from wavetank.kube.types import Obj

from .documents import Document
from .terraform.facts import aws_of_resources


def is_plan_json(document: Document) -> bool:
    value = mapping(document.value)
    return "terraform_version" in value and ("planned_values" in value or "values" in value)


def aws_of_plan_json(document: Document) -> Aws:
    """The facts of one plan. Values that are known after apply are missing there, and so unknown."""
    value = mapping(document.value)
    root = mapping(mapping(value.get("planned_values") or value.get("values")).get("root_module"))
    found = [_resource(resource, document) for resource in _resources(root) if resource.get("mode") != "data"]
    return aws_of_resources(found, (), None, document.source.name)


def _resources(module: Obj) -> Iterator[Obj]:
    yield from items(module.get("resources"))
    for child in items(module.get("child_modules")):
        yield from _resources(child)


def _resource(resource: Obj, document: Document) -> Resource:
    address = str(resource.get("address") or "")
    where = document.where(lambda: address)
    return Resource(address, where, str(resource.get("type") or ""), mapping(resource.get("values")))
