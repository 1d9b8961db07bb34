"""The real ``terraform``, driven: found on PATH, given a provider mirror where the machine has one, its progress passed on.

Used by the verbs that create and destroy. It never reads the configuration it runs: what is in the folder is rendered elsewhere.
Output is Terraform's own machine-readable stream (``-json``), of which the messages go to the caller line by line.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavetank.app.lifeline import started
from wavetank.base.errors import OperationFailed, ToolMissing

PROVIDER = "registry.terraform.io/hashicorp/aws"
#: said to every run: no telemetry, no hints for interactive use, no search for credentials on a metadata service
QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "AWS_EC2_METADATA_DISABLED": "true"}
#: the embedded AWS answers at once, so what takes time is the provider's waiting: let the waits overlap
PARALLELISM = 30
_MIRROR_ROOTS = ("/opt", "/usr/share", "/usr/local/share")
_CONFIG_FILE = "terraform-cli.tfrc"
_CHANGES_PENDING = 2

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Summary:
    """How a run ended, as Terraform counts: ``text`` is its own summary line."""

    text: str
    added: int
    changed: int
    destroyed: int
    seconds: float

    @property
    def changes_nothing(self) -> bool:
        return self.added == self.changed == self.destroyed == 0


# --- finding things ---------------------------------------------------------------------------------------------------


def program(environment: Mapping[str, str]) -> str:
    """The path of ``terraform``. Raises ToolMissing."""
    found = shutil.which("terraform", path=environment.get("PATH"))
    if found is None:
        raise ToolMissing(
            "terraform is not on PATH: install version 1.5 or newer from https://developer.hashicorp.com/terraform"
        )
    return found


def mirrors(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Folders of this machine that hold the AWS provider the way a filesystem mirror does, in order of preference."""
    roots = [
        *map(Path, _MIRROR_ROOTS),
        *([Path(environment["HOME"]) / ".terraform.d"] if "HOME" in environment else []),
    ]
    return tuple(folder for root in roots for folder in _below(root) if (folder / PROVIDER).is_dir())


def _below(root: Path) -> list[Path]:
    """The folder itself and those directly in it; none where it cannot be read."""
    try:
        return [root, *sorted(item for item in root.iterdir() if item.is_dir())]
    except OSError:
        return []


def cli_config(mirror: Path) -> str:
    """Terraform's own configuration: the AWS provider from the mirror, anything else from where it always comes."""
    provider, path = json.dumps(PROVIDER), json.dumps(str(mirror))
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {path}\n    include = [{provider}]\n  }}\n"
        f"  direct {{\n    exclude = [{provider}]\n  }}\n"
        "}\n"
    )


LOCAL_STATE_FILE = "wavetank_override.tf"
_LOCAL_STATE = """\
# On this machine the state lies beside the files, whatever bucket the configuration names.
terraform {
  backend "local" {}
}
"""


def keep_state_in(folder: Path) -> None:
    """Make the configuration in this working copy keep its state beside itself: an override file replaces the backend."""
    (folder / LOCAL_STATE_FILE).write_text(_LOCAL_STATE)


# --- running ----------------------------------------------------------------------------------------------------------


def _no_listener(_: str) -> None: ...


@dataclass
class _Heard:
    """What a run said: messages for people, the last summary, and the errors."""

    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


class Terraform:
    """One folder of configuration with its state. Terraform locks it: one command at a time.

    ``environment`` is everything the program sees (the caller's own and where AWS is); ``work`` is a folder for Terraform's
    configuration file; ``variables`` are ``-var`` and ``-var-file`` options of plan, apply and destroy. Every command raises
    OperationFailed with Terraform's errors when it fails.
    """

    def __init__(
        self,
        folder: Path,
        work: Path,
        environment: Mapping[str, str],
        listener: Listener = _no_listener,
        variables: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self._variables = tuple(variables)
        self._listener = listener
        self._program = program(environment)
        self._environment = {**environment, **QUIET, **_provider_source(work, environment)}

    def init(self) -> None:
        """Install the provider and prepare the folder; may be repeated."""
        self._run(["init", "-input=false"])

    def validate(self) -> None:
        """Check the configuration without asking AWS."""
        self._run(["validate"], "-no-color")

    def plan(self) -> Summary:
        """What an apply would do; nothing is kept. ``changes_nothing`` when state and AWS already agree."""
        return self._summary(["plan", "-input=false", "-lock=false", "-detailed-exitcode", *self._options()])

    def apply(self) -> Summary:
        """Create and change without asking."""
        return self._summary(["apply", "-input=false", "-auto-approve", *self._options()])

    def destroy(self) -> Summary:
        """Destroy everything of the state without asking."""
        return self._summary(["destroy", "-input=false", "-auto-approve", *self._options()])

    def _options(self) -> tuple[str, ...]:
        return (f"-parallelism={PARALLELISM}", *self._variables)

    def _summary(self, words: Sequence[str]) -> Summary:
        start = time.monotonic()
        heard = self._run(words)
        changes = heard.summary.get("changes", {})
        added, changed, destroyed = (int(changes.get(name, 0)) for name in ("add", "change", "remove"))
        text = str(heard.summary.get("@message", "")) or (heard.messages[-1] if heard.messages else "")
        return Summary(text, added, changed, destroyed, time.monotonic() - start)

    def _run(self, words: Sequence[str], *form: str) -> _Heard:
        heard = _Heard()
        with started([self._program, *words, *(form or ("-json",))], self._environment, self.folder) as running:
            for message in _messages(running, heard):
                heard.messages.append(message)
                self._listener(message)
            code = running.wait()
        self._judge(words, code, heard)
        return heard

    def _judge(self, words: Sequence[str], code: int, heard: _Heard) -> None:
        if code == 0 or (code == _CHANGES_PENDING and "-detailed-exitcode" in words):
            return
        said = "\n".join(heard.errors or heard.messages[-5:])
        raise OperationFailed(f"`terraform {words[0]}` failed in {self.folder} (exit {code}):\n{said}")


def _provider_source(work: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Where providers come from: a mirror of this machine, else whatever the user has configured."""
    found = mirrors(environment)
    if not found:
        return {}
    work.mkdir(parents=True, exist_ok=True)
    config = work.resolve() / _CONFIG_FILE
    config.write_text(cli_config(found[0]))
    return {"TF_CLI_CONFIG_FILE": str(config)}


def _messages(running: subprocess.Popen[str], heard: _Heard) -> Iterator[str]:
    """The messages for people, one by one; summaries and errors are put into ``heard``."""
    assert running.stdout is not None, "standard output is a pipe"
    for line in running.stdout:
        event = _event(line)
        if event.get("type") == "change_summary":
            heard.summary = event
        if event.get("@level") == "error":
            heard.errors.append(_error_text(event))
        if event.get("@message"):
            yield str(event["@message"])


def _event(line: str) -> dict[str, Any]:
    """A line of the stream; what is no JSON object (a crash, a command without `-json`) is a message as it stands."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) else {"@message": line.rstrip("\n")}


def _error_text(event: Mapping[str, Any]) -> str:
    diagnostic = event.get("diagnostic") or {}
    place = diagnostic.get("range") or {}
    where = f"{place['filename']}:{place['start']['line']}: " if place else ""
    address = f" ({diagnostic['address']})" if diagnostic.get("address") else ""
    return f"{where}{diagnostic.get('summary') or event.get('@message', '')}{address}\n{diagnostic.get('detail', '')}".rstrip()
