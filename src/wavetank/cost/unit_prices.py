"""What a unit of a meter costs: the author's own price if he gave one, else the catalogue's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wavetank.catalog import (
    Price,
    TieredPrice,
    commitment_saving,
    ec2_price_usd_hour,
    internet_out_price,
    price,
    spot_saving,
    valkey_saving,
)

#: The one meter whose price falls with the month's volume.
INTERNET_OUT = "dataTransferOut"


@dataclass(frozen=True)
class UnitPrice:
    """What a unit costs. ``confirmed`` is False when no source was found for this region."""

    usd: Decimal
    source: str
    date: date | None
    confirmed: bool
    #: (up to this many units, USD per unit) in order, None = all above; empty when the price is flat
    tiers: tuple[tuple[Decimal | None, Decimal], ...] = ()
    free_units: Decimal = Decimal(0)

    def cost(self, units: Decimal) -> Decimal:
        """USD for so many units, exact."""
        if not self.tiers:
            return units * self.usd
        rest, below, total = max(Decimal(0), units - self.free_units), Decimal(0), Decimal(0)
        for limit, usd in self.tiers:
            share = rest if limit is None else min(rest, limit - below)
            total, rest = total + share * usd, rest - share
            below = below if limit is None else limit
        return total

    def less(self, fraction: Decimal, why: str) -> UnitPrice:
        """The same with a part of it taken off, for a reason that no document confirms."""
        percent = f"{(fraction * 100).normalize():f}"
        return UnitPrice(self.usd * (1 - fraction), f"{self.source}; less {percent} %: {why}", self.date, False)


def own_prices(given: Mapping[str, Decimal], source: str) -> dict[str, UnitPrice]:
    """Prices that somebody states, by the catalogue's key or by instance type; what is stated needs no confirmation."""
    return {key: UnitPrice(usd, source, None, confirmed=True) for key, usd in given.items()}


def unit_price_of(meter: str, region: str, own: Mapping[str, UnitPrice]) -> UnitPrice | None:
    """The price of a reading's meter in a region; None when neither the author nor the catalogue knows one."""
    match meter.split(":"):
        case ["ec2", machine]:
            return own.get(machine) or _known(ec2_price_usd_hour(region, machine))
        case ["spot", machine, percent]:
            return own.get(f"spot:{machine}") or _spot(unit_price_of(f"ec2:{machine}", region, own), Decimal(percent))
        case ["commitment", kind, term, machine]:
            on_demand, saving = unit_price_of(f"ec2:{machine}", region, own), commitment_saving(kind, term)
            stated = own.get(f"{kind}:{term}:{machine}")
            return stated or (on_demand and on_demand.less(saving.fraction, f"{kind} {term}, {saving.source}"))
        case ["valkey", node]:
            redis, saving = unit_price_of(node, region, own), valkey_saving()
            return own.get(meter) or (redis and redis.less(saving.fraction, saving.source))
        case _:
            return own.get(meter) or _listed(meter, region)


def _spot(on_demand: UnitPrice | None, percent: Decimal) -> UnitPrice | None:
    if on_demand is None:
        return None
    assumed = percent == spot_saving().fraction * 100
    return on_demand.less(percent / 100, spot_saving().source if assumed else "Spot, as stated")


def _listed(key: str, region: str) -> UnitPrice | None:
    if key == INTERNET_OUT:
        graded = internet_out_price(region)
        return None if graded is None else _graded(graded)
    return _known(price(region, key))


def _known(known: Price | None) -> UnitPrice | None:
    return None if known is None else UnitPrice(known.usd, known.source, known.date, known.confirmed)


def _graded(known: TieredPrice) -> UnitPrice:
    tiers = tuple((None if tier.up_to_gb is None else Decimal(tier.up_to_gb), tier.usd) for tier in known.tiers)
    free = Decimal(known.free_gb_month)
    return UnitPrice(tiers[0][1], known.source, known.date, known.confirmed, tiers=tiers, free_units=free)
