"""The cluster of ``wavetank twin``: from options to a running one, and to its end."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import click

from wavetank.app.bare import BareTwin, KubeconfigFile, acting_components, commands_of, supported_version
from wavetank.app.bare_nodes import read_nodes
from wavetank.app.collector import spare_survivors
from wavetank.app.programs import INHERITED
from wavetank.cli.signals import finish_undisturbed, terminated_as_interrupted
from wavetank.cli.verbs.twin import TwinWords
from wavetank.twin.bare import BareOptions, usual_nodes
from wavetank.twin.components.registry import component_named

POLL_SECONDS = 0.2


def run(words: TwinWords) -> None:
    """Until Ctrl-C or SIGTERM, which is how it ends well. A bug of ours ends it, too, with the journal saved."""
    options = bare_options(words)
    run_twin(lambda: BareTwin(options), KubeconfigFile(words.kubeconfig), words.output_format)


def run_twin(make: Callable[[], BareTwin], kubeconfig: KubeconfigFile, output_format: str) -> None:
    """Run whatever cluster ``make`` gives, until Ctrl-C or SIGTERM; making it can be interrupted, too."""
    with terminated_as_interrupted():
        try:
            _run(make(), kubeconfig, output_format)
        except KeyboardInterrupt:
            return


def _run(twin: BareTwin, kubeconfig: KubeconfigFile, output_format: str) -> None:
    try:
        spare_survivors()
        twin.start()
        kubeconfig.write(twin)
        click.echo(_as_json(twin, kubeconfig) if output_format == "json" else _as_text(twin, kubeconfig))
        while not twin.failed.wait(POLL_SECONDS):
            pass
        raise _our_bug(twin, kubeconfig.path)
    finally:
        finish_undisturbed()
        kubeconfig.remove()
        twin.stop()


def bare_options(words: TwinWords) -> BareOptions:
    """What the words ask for; InputError or UsageError for what cannot be."""
    components = (*words.components, *(acting_components() if words.all_components else ()))
    for name in components:
        component_named(name)
    if words.images and (words.speed != 1 or words.kubelet != "modelled"):
        raise click.UsageError(
            "--run needs --speed 1 and --kubelet modelled: processes of this computer live in real time"
        )
    return BareOptions(
        nodes=read_nodes(words.nodes) if words.nodes is not None else usual_nodes(),
        version=supported_version(words.version),
        port=words.port,
        speed=words.speed,
        seed=words.seed,
        kubelet=words.kubelet,
        tie_break=words.tie_break,
        components=tuple(dict.fromkeys(components)),
        local_commands=commands_of(words.images),
        environment={name: os.environ[name] for name in INHERITED if name in os.environ},
    )


def _as_json(twin: BareTwin, kubeconfig: KubeconfigFile) -> str:
    options = twin.options
    return json.dumps(
        {
            "ready": True,
            "kubeconfig": str(kubeconfig.path.resolve()),
            "url": twin.url,
            "version": options.version,
            "nodes": [node.name for node in options.nodes],
            "kubelet": options.kubelet,
            "speed": "max" if math.isinf(options.speed) else options.speed,
            "process": os.getpid(),
        }
    )


def _as_text(twin: BareTwin, kubeconfig: KubeconfigFile) -> str:
    options = twin.options
    count = len(options.nodes)
    pace = "as fast as it can" if math.isinf(options.speed) else f"speed {options.speed:g}"
    return (
        f"Kubernetes {options.version} with {count} node{'s' if count != 1 else ''} answers at {twin.url} ({pace}):  "
        f"export KUBECONFIG={kubeconfig.path.resolve()}  (Ctrl-C ends it)"
    )


def _our_bug(twin: BareTwin, kubeconfig: Path) -> AssertionError:
    journal = kubeconfig.with_name(f"{kubeconfig.name}.journal")
    journal.write_text("\n".join(twin.journal()) + "\n")
    bug = AssertionError(f"the cluster stopped because of a bug of ours; its journal is in {journal}")
    bug.__cause__ = twin.failure
    return bug
