"""Terraform configurations → AWS facts: ``parser`` reads HCL, ``evaluate`` computes, ``module`` unrolls, ``facts`` understands.

Every folder with ``*.tf`` that no other module uses is a root. Nothing is downloaded: what modules of a registry make is known
for the two that nearly everyone uses (terraform-aws-modules vpc and eks), by their arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from wavetank.checks.aws import Aws, Backend
from wavetank.checks.model import Place, Step, Where
from wavetank.checks.sources import SourceFile

from .evaluate import value_of
from .facts import Registry, aws_of_resources
from .module import Call, Module, ModuleFiles, Written, locate, module_files

__all__ = ["aws_of_terraform"]


def aws_of_terraform(files: Sequence[SourceFile], environment: str | None) -> tuple[list[Aws], list[str]]:
    """The facts of each root module among the files, and what could not be read, in sentences."""
    folders = sorted({file.folder for file in files if file.base.endswith(".tf")})
    unread: list[str] = []
    modules: dict[str, ModuleFiles] = {}
    for folder in folders:
        modules[folder], problems = module_files(folder, [f for f in files if f.folder == folder], environment)
        unread += problems
    used = {child.files.folder for each in modules.values() for child in _children(Module(each, modules))}
    return [_root(Module(modules[folder], modules)) for folder in folders if folder not in used], unread


def _children(module: Module) -> Iterator[Module]:
    return (call.module for call in module.calls if call.module is not None)


def _root(module: Module) -> Aws:
    every = list(_with_children(module))
    resources = [resource for each in every for resource in each.resources]
    registry = [_registry(call) for each in every for call in each.calls if call.module is None and call.exists]
    return aws_of_resources(resources, registry, _region(module), module.files.main_file, _backend(module))


def _with_children(module: Module) -> Iterator[Module]:
    yield module
    for call in module.calls:
        if call.module is not None and call.exists:
            yield from _with_children(call.module)


def _registry(call: Call) -> Registry:
    return Registry(call.name, call.address, call.source, call.body, call.where, call.certain)


def _region(module: Module) -> str | None:
    """Of the AWS provider without an alias."""
    for written in module.files.of_type("provider"):
        argument = written.block.body.arguments.get("region")
        if written.block.labels == ("aws",) and "alias" not in written.block.body.arguments and argument:
            value = value_of(argument.value, module.scope)
            return value if isinstance(value, str) else None
    return None


def _backend(module: Module) -> Backend | None:
    for written in module.files.of_type("terraform"):
        for block in written.block.body.of_type("backend", "cloud"):
            kind = block.labels[0] if block.labels else "cloud"
            names = block.body.arguments
            locked = kind != "local" and (kind != "s3" or "dynamodb_table" in names or "use_lockfile" in names)
            return Backend(
                kind, Where(partial(_in_backend, written)), locked, "encrypt" in names if kind == "s3" else None
            )
    return None


def _in_backend(written: Written, steps: tuple[Step, ...]) -> Place:
    return locate(written, "terraform", ("backend", *steps))
