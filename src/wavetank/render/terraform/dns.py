"""dns.tf: the public hosted zone, created or looked up, and certificates that its records prove."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Certificate, Dns, Plan
from wavetank.render.hcl import Attribute, Block, Comment, Expression, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, optional, resource
from wavetank.render.trace import Traced

_NEW = "Certificates wait until the parent of this zone delegates to its name servers (output dns_name_servers)."
_OLD = "The zone exists: it belongs to the domain, not to the platform."


def zone_id(dns: Dns) -> Expression:
    """The id of the hosted zone, wherever it comes from."""
    return expression("aws_route53_zone.main.zone_id" if dns.create_zone else "data.aws_route53_zone.main.zone_id")


def items(plan: Plan) -> tuple[Item, ...]:
    """The zone, then each certificate with its records and their validation."""
    dns = plan.dns
    if dns is None:
        return ()
    names = identifiers(each.name for each in dns.certificates)
    return (_zone(dns), *(item for each in dns.certificates for item in _certificate(dns, each, names[each.name])))


def _zone(dns: Dns) -> Block:
    kind = "resource" if dns.create_zone else "data"
    name = Attribute("name", Traced(dns.zone, "dns.zone"))
    body: tuple[Item, ...] = (Comment(_NEW if dns.create_zone else _OLD), name)
    return block(kind, ("aws_route53_zone", "main"), body, "dns.createZone")


def _certificate(dns: Dns, each: Certificate, name: str) -> Iterator[Block]:
    path = f"dns.certificates[{each.name}]"
    first, *others = each.domains
    body: tuple[Item, ...] = (
        Attribute("domain_name", Traced(first, f"{path}.domains")),
        *optional("subject_alternative_names", others, f"{path}.domains"),
        *attributes(validation_method="DNS", tags={"Name": Traced(each.name, f"{path}.name")}),
        block("lifecycle", (), _replaced_in_use(), path),
    )
    yield resource("aws_acm_certificate", name, body, path)
    yield _record(dns, name, path)
    validation = attributes(
        certificate_arn=expression(f"aws_acm_certificate.{name}.arn"),
        validation_record_fqdns=expression(f"[for record in aws_route53_record.{name}_validation : record.fqdn]"),
    )
    yield resource("aws_acm_certificate_validation", name, validation, path)


def _replaced_in_use() -> tuple[Item, ...]:
    return (
        Comment("A load balancer keeps the old certificate until the new one is there."),
        *attributes(create_before_destroy=True),
    )


def _record(dns: Dns, name: str, path: str) -> Block:
    options = f"aws_acm_certificate.{name}.domain_validation_options"
    body: tuple[Item, ...] = (
        Attribute("for_each", expression(f"{{ for option in {options} : option.domain_name => option }}")),
        *attributes(
            zone_id=zone_id(dns),
            name=expression("each.value.resource_record_name"),
            type=expression("each.value.resource_record_type"),
            records=[expression("each.value.resource_record_value")],
            ttl=300,
        ),
        Comment("A name and its wildcard are proved by one and the same record."),
        *attributes(allow_overwrite=True),
    )
    return resource("aws_route53_record", f"{name}_validation", body, path)
