"""Which exchange rates an answer needs and has: found before it is computed, so that no amount goes missing unseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadline.errors import RefusedError
from leadline.model.fact import Fact
from leadline.plan.leg import Leg
from leadline.plan.query import FactState
from leadline.sql.name import literal
from leadline.sql.relation import MAX_AGE, RATES, Exchange, money_columns, reads_money, words_of

if TYPE_CHECKING:
    from leadline.sql.render import Renderer
    from leadline.warehouse import Warehouse

COARSE = 0.001
"""A smaller published number has fewer than four significant digits left of the six decimals that facts keep."""
CURE = f"load the rate into fact {RATES} (docs/money.md), or leave the currency out and add --by currency"


def exchange_for(
    warehouse: Warehouse,
    target: str,
    timezone: str,
    tables: Mapping[str, Fact],
    states: Mapping[str, FactState],
    as_of_load: int | None,
) -> Exchange | None:
    """What must be converted into `target`, and through which bases it can be; None when nothing has to be."""
    foreign = {}
    for name, state in states.items():
        if name not in tables or not money_columns(tables[name]):
            continue
        currencies: Sequence[str] = state.currencies
        if as_of_load is not None:
            rows = warehouse.rows(f"SELECT DISTINCT currency FROM {warehouse.relation(name, as_of_load)} AS known")[1]
            currencies = [row[0] for row in rows if row[0] is not None]
        others = tuple(sorted(set(currencies) - {target}))
        if others:
            foreign[name] = others
    if not foreign:
        return None
    rates = warehouse.relation(RATES, as_of_load)
    pairs = {tuple(row) for row in warehouse.rows(f"SELECT DISTINCT currency, to_currency FROM {rates} AS known")[1]}
    known = pairs | {(other, one) for one, other in pairs}
    sought = {currency for currencies in foreign.values() for currency in currencies}
    bases = {to for one, to in known if one in sought and to not in {one, target} and (to, target) in known}
    return Exchange(target, timezone, foreign, tuple(sorted(bases)))


def used_rates(
    warehouse: Warehouse, renderer: Renderer, legs: Sequence[Leg], as_of_load: int | None
) -> list[dict[str, Any]]:
    """The rates that the rows of some legs use: pair, base, source, days and rows.

    Raises `RefusedError` naming the first day and pair for which no rate is in force.
    """
    widening = renderer.widening
    if widening is None or widening.exchange is None:
        return []
    target = widening.exchange.target
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    days: dict[tuple[str, str, str], set[dt.date]] = {}
    for leg in legs:
        if not reads_money(leg) or not widening.converts(leg.fact, frozenset(words_of(leg))):
            continue
        rows = warehouse.rows(renderer.used_rates(leg, target))[1]
        _refuse_missing(rows, leg.fact, target, lambda pair, day: _last_before(warehouse, pair, day, as_of_load))
        for currency, day, source, through, _, published, _, count in rows:
            if source is None:
                continue
            if published < COARSE:
                raise _too_coarse(currency, target, published, through)
            key = (currency, source, through)
            days.setdefault(key, set()).add(_day(day))
            entry = found.setdefault(
                key, {"from": currency, "to": target, "through": through or None, "source": source, "rows": 0}
            )
            entry["rows"] += count
    for key, entry in found.items():
        entry |= {"days": len(days[key]), "first": min(days[key]).isoformat(), "last": max(days[key]).isoformat()}
    return [found[key] for key in sorted(found)]


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _refuse_missing(
    rows: list[tuple[Any, ...]], fact: str, target: str, last_before: Callable[[tuple[str, str], dt.date], str]
) -> None:
    missing = [(row[0], row[1], row[6]) for row in rows if row[6]]
    if not missing:
        return
    unnamed = sum(count for currency, _, count in missing if currency is None)
    if unnamed:
        raise RefusedError(
            "no-currency",
            f"{unnamed} {'row' if unnamed == 1 else 'rows'} of {fact} cannot be converted to {target}.",
            why="they have an amount and no currency",
            fix="name the `currency` of their source in sources/ and load it again, or filter them out",
        )
    currency, day = missing[0][0], missing[0][1]
    if day is None:
        raise RefusedError(
            "no-rate",
            f"There is no day to find a rate from {currency} to {target} for.",
            why=f"{missing[0][2]} rows of {fact} have an amount and no time",
            fix="give those rows their time, or ask for a --period",
        )
    count = sum(count for _, _, count in missing)
    more = len({day for _, day, _ in missing}) - 1
    also = f", and {more} other {'day lacks' if more == 1 else 'days lack'} one too" if more else ""
    needed = f"{count} {'row' if count == 1 else 'rows'} of {fact} need it"
    raise RefusedError(
        "no-rate",
        f"There is no exchange rate from {currency} to {target} for {_day(day).isoformat()}.",
        why=f"{needed.replace('need', 'needs') if count == 1 else needed}; "
        f"{last_before((currency, target), _day(day))}{also}",
        fix=CURE,
    )


def _last_before(warehouse: Warehouse, pair: tuple[str, str], day: dt.date, as_of_load: int | None) -> str:
    """What is known of a pair before a day, in words."""
    listed = ", ".join(map(literal, pair))
    rows = warehouse.rows(
        f"SELECT max(known.date) AS newest FROM {warehouse.relation(RATES, as_of_load)} AS known "
        f"WHERE currency IN ({listed}) AND to_currency IN ({listed}) AND known.date <= {literal(day.isoformat())}"
    )[1]
    newest = rows[0][0] if rows else None
    if newest is None:
        return "no rate of the pair is known up to then"
    return f"the last one before is of {_day(newest).isoformat()}, and a rate holds for {MAX_AGE} days"


def _too_coarse(currency: str, target: str, published: float, through: str) -> RefusedError:
    pair = f"{currency} and {through or target}"
    return RefusedError(
        "rate-too-coarse",
        f"The exchange rate between {pair} is too coarse to convert with.",
        why=f"it is kept as {published:f}, with fewer than four digits that count",
        fix=f"load the pair the other way round into fact {RATES}: units of the weaker for one of the stronger",
    )
