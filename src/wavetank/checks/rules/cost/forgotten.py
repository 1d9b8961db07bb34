"""What bills on paper leave out; shared by rules about promised costs."""

from __future__ import annotations

from decimal import Decimal

from wavetank.cost import Bill

#: meters that nobody thinks of
FORGOTTEN_METERS = ("natGatewayHour", "natGatewayGB", "publicIPv4Hour")


def forgotten_usd(bill: Bill) -> Decimal:
    """What NAT gateways and public IPv4 addresses are expected to cost a month."""
    amounts = (line.amount for line in bill.lines if line.reading.meter in FORGOTTEN_METERS)
    return sum((amount.expected for amount in amounts if amount is not None), Decimal(0))
