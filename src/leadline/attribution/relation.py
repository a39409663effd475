"""Conversions and touches of a workspace as the relations that attribution reads, by person or by account.

Persons are those of `identity.member` and accounts those of `identity.employer` (`leadline.journey.registry`) where
they have been made, else the ids of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from leadline.errors import RefusedError, unknown
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

Level = Literal["person", "account"]


class Conversion(Struct, frozen=True):
    """What counts as a conversion: rows of a fact that meet `where`, at the time in `at`; rows with one `id` are one.

    `value` is the SQL of what a row is worth (1 where conversions are only counted), `money` whether that has a
    currency.
    """

    fact: str
    at: str
    where: str = "true"
    id: str = "_source || ':' || _key"
    value: str = "1"
    person: str = "person_id"
    account: str = "account_id"
    money: bool = False


CONVERSIONS: Mapping[str, Conversion] = {
    **{
        stage: Conversion("stage_entry", "entered_at", f"stage = {literal(stage)} AND is_first")
        for stage in ("lead", "mql", "sal", "sql", "opportunity", "customer")
    },
    "deal_created": Conversion("deal", "created_at", value="amount", money=True),
    "deal": Conversion("deal", "won_at", "status = 'won'", value="amount", money=True),
    "order": Conversion(
        "order", "ordered_at", "is_sale", "_source || ':' || coalesce(order_id, _key)", "amount", "customer_id", "",
        money=True,
    ),
    "first_order": Conversion(
        "order", "ordered_at", "is_sale AND is_first", "_source || ':' || coalesce(order_id, _key)", "amount",
        "customer_id", "", money=True,
    ),
}  # fmt: skip


def conversion_relation(con: Connection, name: str, level: Level = "person") -> str:
    """SQL with `entity, at, value, id, lead_at, opportunity_at`; rows of one order are one conversion.

    Raises `UsageError` for an unknown conversion, and `RefusedError` when values are in more than one currency.
    """
    chosen = CONVERSIONS.get(name)
    if chosen is None:
        raise unknown("conversion", name, CONVERSIONS)
    source = f"fact.{quote(chosen.fact)}"
    if chosen.money:
        found = con.execute(f"SELECT DISTINCT currency FROM {source} WHERE {chosen.where} ORDER BY 1").fetchall()
        if len(found) > 1:
            raise RefusedError(
                "mixed-currencies",
                f"Conversions of {name} are worth amounts in {', '.join(str(row[0]) for row in found)}.",
                why="amounts of different currencies cannot be added",
                fix="convert them to one currency before they are credited",
            )
    has_account = bool(chosen.account) if level == "account" else False
    entity = _entity(con, level, chosen.person, chosen.account if has_account else "", chosen.at)
    stages = _entity(con, level, "person_id", "account_id", "entered_at")
    return (
        f"(WITH converted AS (\n"
        f"  SELECT {entity} AS entity, min({chosen.at}) AS moment, sum({chosen.value}) AS value, {chosen.id} AS id\n"
        f"  FROM {source} AS row_ WHERE {chosen.where} AND {chosen.at} IS NOT NULL GROUP BY ALL\n"
        f"), staged AS (\n"
        f"  SELECT {stages} AS entity, stage, entered_at FROM fact.stage_entry AS row_\n"
        f"  WHERE stage IN ('lead', 'opportunity')\n"
        f")\n"
        f'SELECT converted.entity, any_value(moment) AS "at", any_value(value) AS value, id,\n'
        f"  min(entered_at) FILTER (WHERE stage = 'lead' AND entered_at <= moment) AS lead_at,\n"
        f"  min(entered_at) FILTER (WHERE stage = 'opportunity' AND entered_at <= moment) AS opportunity_at\n"
        f"FROM converted LEFT JOIN staged ON staged.entity = converted.entity\n"
        f"GROUP BY converted.entity, id)"
    )


def touch_relation(con: Connection, level: Level = "person", dimension: str = "channel") -> str:
    """SQL with `entity, at, id` and the dimension, from the fact `touch`; touches of nobody known are left out."""
    entity = _entity(con, level, "person_id", "account_id", "touched_at")
    return (
        f"(SELECT * FROM (SELECT {entity} AS entity, touched_at AS \"at\", _source || ':' || _key AS id, "
        f"{quote(dimension)} FROM fact.touch AS row_) WHERE entity IS NOT NULL)"
    )


def _entity(con: Connection, level: Level, person: str, account: str, at: str) -> str:
    """The person of a row, or its account: the one it names, else the one its person was with then."""
    made = {
        row[0]
        for row in con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'identity'"
        ).fetchall()
    }
    who = f"row_.{quote(person)}"
    if "member" in made:
        known = f"SELECT any_value(person) FROM identity.member WHERE kind <> 'anonymous' AND id = {who}"
        who = f"coalesce(({known}), {who})"
    if level == "person":
        return who
    given = [f"row_.{quote(account)}"] if account else []
    if "employer" in made:
        # The account of the moment; before the first one is known, the first.
        given.append(
            f"(SELECT coalesce(max_by(account, since) FILTER (WHERE since <= row_.{quote(at)}), "
            f"min_by(account, since)) FROM identity.employer AS employer WHERE employer.person = {who})"
        )
    return f"coalesce({', '.join(given)})" if given else "CAST(NULL AS VARCHAR)"
