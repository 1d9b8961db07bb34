"""Who may talk to whom, in the shapes of Kubernetes' network policies, with words for the usual peers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from wavetank.kube.types import Obj
from wavetank.spec.shapes import LabelSelector
from wavetank.spec.words import WHOLE_NUMBER, WORD, Cidr, Many, PortOrName, Positive, Written, one_or_more


class IpBlock(Written):
    """A range of addresses."""

    cidr: Cidr
    """The range."""
    except_: Annotated[Many[Cidr] | None, Field(alias="except")] = None
    """Ranges inside it that do not count."""


class PolicyPort(Written):
    """A port that a rule allows. Short form: `5000` or `53/UDP`."""

    short_forms = (WHOLE_NUMBER, WORD)

    port: PortOrName | None = None
    """Number or name; all ports when absent."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP when absent."""
    end_port: Positive | None = None
    """Last port of a range."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"port": value}
        if isinstance(value, str):
            port, slash, protocol = value.partition("/")
            number = int(port) if port.isdigit() else port
            return {"port": number, "protocol": protocol} if slash else {"port": number}
        return value


#: peers that a rule can name in a word; the plan writes them out
NamedPeer = Literal["publicSubnets", "privateSubnets", "vpc", "sameNamespace", "clusterDns", "anywhere"]
NAMED_PEERS = get_args(NamedPeer)


def _peer(value: Any) -> Any:
    if isinstance(value, str) and value not in NAMED_PEERS:
        return {"ipBlock": {"cidr": value}} if "/" in value else {"namespaceSelector": _namespace_labels(value)}
    return value


def _namespace_labels(name: str) -> Obj:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


class Peer(Written):
    """One entry of `from` or `to`. Short forms: a named peer, a CIDR, or the name of a namespace."""

    short_forms = (WORD,)

    named: NamedPeer | None = None
    """publicSubnets, privateSubnets, vpc: their ranges; sameNamespace; clusterDns: CoreDNS; anywhere: every address."""
    pod_selector: LabelSelector | None = None
    """Pods by label, in the policy's namespace or in those of namespaceSelector."""
    namespace_selector: LabelSelector | None = None
    """Namespaces by label; with podSelector both must hold."""
    ip_block: IpBlock | None = None
    """Addresses; excludes the other two."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"named": value} if isinstance(value, str) and value in NAMED_PEERS else _peer(value)


class IngressRule(Written):
    """Traffic to the pods that is allowed."""

    from_: Annotated[Many[Peer] | None, one_or_more(Peer), Field(alias="from")] = None
    """Who may send; everyone when absent."""
    ports: Annotated[Many[PolicyPort] | None, one_or_more(PolicyPort)] = None
    """To which ports; all when absent."""


class EgressRule(Written):
    """Traffic from the pods that is allowed."""

    to: Annotated[Many[Peer] | None, one_or_more(Peer)] = None
    """Who may be reached; everyone when absent."""
    ports: Annotated[Many[PolicyPort] | None, one_or_more(PolicyPort)] = None
    """On which ports; all when absent."""
