"""The shape of a course, as ``voyage`` follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wavetank.twin.nodes.runtime.local_command import LocalCommand


@dataclass(frozen=True)
class Written:
    """Where the working copies are: the folder that Terraform runs in, the manifests in their order of applying, and the
    list of charts (may be absent). ``notes`` are sentences about what was left out.
    """

    terraform: Path
    kubernetes: Path
    releases: Path
    count: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """``condition`` as ``kubectl wait --for`` takes it; ``then_kinds`` are definitions that come of it ("crd/NAME")."""

    title: str
    file: Path
    condition: str
    then_kinds: tuple[str, ...] = ()


class Course(Protocol):
    """``cluster`` is its name in AWS, "" for whichever one Terraform creates; ``terraform_words`` are options of plan, apply
    and destroy.
    """

    @property
    def name(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def source(self) -> str:
        """What a person wrote, in one word or path."""
        ...

    @property
    def region(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def terraform_words(self) -> Sequence[str]: ...
    @property
    def local_commands(self) -> Mapping[str, LocalCommand]: ...
    @property
    def components(self) -> Sequence[str]:
        """Charts that were asked for by name, beside those of the list."""
        ...

    def write(self, build: Path) -> Written:
        """Write working copies of all files."""
        ...

    def before_terraform(self, written: Written, environment: Mapping[str, str]) -> Iterable[str]:
        """Prepare the working copy and this machine's AWS; a sentence for each thing done."""
        ...

    def create_without_terraform(self, environment: Mapping[str, str], tell: Callable[[str], None]) -> int:
        """Make the AWS side where terraform is missing; the number of things made. ToolMissing when only terraform can."""
        ...

    def destroy_without_terraform(self, environment: Mapping[str, str]) -> None: ...

    def stages(self, written: Written) -> Sequence[Stage]:
        """What must be applied and have worked before kubectl knows the kinds of all manifests."""
        ...

    def before_manifests(self, written: Written, environment: Mapping[str, str]) -> Iterable[str]:
        """Put what AWS has chosen into the manifests; a sentence for each thing done."""
        ...
