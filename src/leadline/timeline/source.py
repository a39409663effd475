"""Which rows of the warehouse are events of the timeline, and keeping it in step with the loads.

An event is named after its fact, with the detail after a slash where the fact has one: `page_view`, `order`,
`product_event/signup`, `stage_entry/mql`, `deal/won`. Its person is the person the row names, else its visitor or
customer id. Its id is the row's own place in the warehouse, so that a row delivered twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.sql.name import literal, quote
from leadline.timeline.encode import Added

if TYPE_CHECKING:
    from leadline.model.fact import Fact
    from leadline.timeline.timeline import Timeline
    from leadline.warehouse import Warehouse

PROPERTIES = (
    "channel", "campaign", "traffic_source", "medium", "landing_page", "page", "content_type", "product", "country",
    "region", "device", "segment", "currency",
)  # fmt: skip


class EventRule(Struct, frozen=True):
    """Rows of a fact that are events: when (`moment`), which, whose.

    `detail` is the column after the slash, `label` a fixed word there; `person` columns are tried in turn; `where`
    picks rows; `value` is the column of what it is worth.
    """

    fact: str
    moment: str
    person: tuple[str, ...] = ("person_id",)
    detail: str = ""
    label: str = ""
    where: str = ""
    value: str = ""


RULES = (
    EventRule("session", "started_at", ("person_id", "visitor_id")),
    EventRule("page_view", "viewed_at", ("person_id", "visitor_id")),
    EventRule("product_event", "happened_at", detail="event"),
    EventRule("touch", "touched_at", detail="kind"),
    EventRule("sales_touch", "touched_at", detail="kind"),
    EventRule("stage_entry", "entered_at", detail="stage"),
    EventRule("event_member", "registered_at", label="registered"),
    EventRule("event_member", "event_at", label="attended", where="attended"),
    EventRule("survey", "answered_at", detail="kind"),
    EventRule("deal", "created_at", label="created", value="amount"),
    EventRule("deal", "won_at", label="won", value="amount"),
    EventRule("deal", "lost_at", label="lost", value="amount"),
    EventRule("order", "ordered_at", ("customer_id",), where="is_sale", value="amount"),
    EventRule("subscription", "trial_started_at", ("customer_id",), label="trial"),
    EventRule("subscription", "started_at", ("customer_id",), label="started"),
    EventRule("subscription", "ended_at", ("customer_id",), label="ended"),
)


def events_sql(facts: Mapping[str, Fact], after: int = 0) -> str:
    """SQL of all events of these facts, in the form `Timeline.build` takes; only rows of loads after `after`."""
    return "\nUNION ALL BY NAME\n".join(
        _rule_sql(facts[rule.fact], rule, after) for rule in RULES if rule.fact in facts
    )


def _rule_sql(fact: Fact, rule: EventRule, after: int) -> str:
    name = literal(rule.fact)
    if rule.detail:
        name = f"concat_ws('/', {name}, {quote(rule.detail)})"
    elif rule.label:
        name = literal(f"{rule.fact}/{rule.label}")
    # A row may be several events, so its id says which.
    place = f"{literal(f'{rule.fact}/{rule.label}')}, _source, coalesce(_key, CAST(_line AS VARCHAR))"
    columns = [
        f"coalesce({', '.join(map(quote, rule.person))}) AS person",
        f"{quote(rule.moment)} AS moment",
        f"{name} AS event",
        f"concat_ws(chr(31), {place}) AS id",
        f"CAST({quote(rule.value) if rule.value else 'NULL'} AS DECIMAL(18, 6)) AS value",
        *(f"CAST({quote(column)} AS VARCHAR) AS {quote(column)}" for column in PROPERTIES if fact.has(column)),
    ]
    conditions = [f"{quote(rule.moment)} IS NOT NULL"]
    conditions += [f"coalesce({rule.where}, false)"] if rule.where else []
    conditions += [f"_load > {after}"] if after else []
    return f"SELECT {', '.join(columns)} FROM fact.{quote(rule.fact)} WHERE {' AND '.join(conditions)}"


def build_from_warehouse(folder: Path, warehouse: Warehouse, *, threads: int = 0) -> tuple[Timeline, Added]:
    """Build the timeline of a warehouse anew."""
    from leadline.timeline.timeline import Timeline

    last = last_load(warehouse)
    select = events_sql(warehouse.facts)
    return Timeline.build(folder, warehouse.con, select, properties=PROPERTIES, synced=last, threads=threads)


def refresh(timeline: Timeline, warehouse: Warehouse) -> tuple[Timeline, Added | None]:
    """Take over the loads since the last time.

    When these only brought new rows they are added; when rows were changed, removed or taken back, or the timeline was
    built otherwise, it is built anew. Returns None for what was added when there is nothing new.
    """
    last = last_load(warehouse)
    before = timeline.manifest.synced
    if last == before:
        return timeline, None
    changed = warehouse.con.execute(
        "SELECT count(*) FROM ledger.merge WHERE load > ? AND (updated > 0 OR removed > 0)", [before]
    ).fetchone()
    if last < before or (changed and changed[0]) or timeline.manifest.properties != PROPERTIES:
        return build_from_warehouse(timeline.folder, warehouse, threads=timeline.threads)
    return timeline, timeline.append(warehouse.con, events_sql(warehouse.facts, before), synced=last)


def last_load(warehouse: Warehouse) -> int:
    """Id of the newest load, 0 when there is none."""
    row = warehouse.con.execute("SELECT coalesce(max(id), 0) FROM ledger.load").fetchone()
    return int(row[0]) if row else 0
