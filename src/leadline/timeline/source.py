"""Which rows of the warehouse are events of the timeline, and keeping it in step with the loads.

An event is named after its fact, with the detail after a slash where the fact has one: `page_view`, `order`,
`product_event/signup`, `stage_entry/mql`, `deal/won`. Its id is the row's own place in the warehouse, so that a row
delivered twice counts once.

Its person is the one that the identity registry knows by the row's ids (`leadline.journey.registry`): by the user, else
the address, else the device, which several users may have shared over time. Ids that stand for nobody name no person.
Where no registry has been made from the same loads, it is the person the row names, else its visitor or customer id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
"""What events can be broken down by."""

ACCOUNT = "account_id"
"""The property with the account that a row names itself."""

KEPT = (*PROPERTIES, ACCOUNT)
"""The columns that events have in the timeline of a warehouse."""

SHARE = 4
"""Up to one person in so many is moved singly; when more changed, building anew is quicker."""


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


ADDRESS = "email"
"""The column with an address, which tells the person where no user does."""

DEVICE = "visitor_id"
"""The column with a device, which tells it where nothing else does."""


def events_sql(
    facts: Mapping[str, Fact],
    after: int = 0,
    relation: Callable[[str], str] | None = None,
    *,
    identified: bool = False,
    moved: int | None = None,
    recalled: bool = False,
) -> str:
    """SQL of all events of these facts, in the form `Timeline.build` takes; only rows of loads after `after`.

    `relation` gives the SQL of a fact's rows; else they are those of the warehouse as they are now. `identified`:
    persons are those of the registry. `moved`: besides, all events of persons whose ids changed since that version.
    `recalled`: the rows may be of earlier, with ids that no row bears any more; they name their own persons.
    """
    rows = relation or (lambda fact: f"fact.{quote(fact)}")
    selects = []
    for rule in RULES:
        if rule.fact in facts:
            fact = facts[rule.fact]
            person, joins = _identified(fact, rule, recalled) if identified else (_named(rule), "")
            selects.append(_rule_sql(fact, rule, person, f"{rows(rule.fact)} AS happened{joins}", after, moved))
    return "\nUNION ALL BY NAME\n".join(selects)


def _rule_sql(fact: Fact, rule: EventRule, person: str, rows: str, after: int, moved: int | None) -> str:
    name = literal(rule.fact)
    if rule.detail:
        name = f"concat_ws('/', {name}, {quote(rule.detail)})"
    elif rule.label:
        name = literal(f"{rule.fact}/{rule.label}")
    # A row may be several events, so its id says which.
    place = f"{literal(f'{rule.fact}/{rule.label}')}, _source, coalesce(_key, CAST(_line AS VARCHAR))"
    columns = [
        f"{person} AS person",
        f"{quote(rule.moment)} AS moment",
        f"{name} AS event",
        f"concat_ws(chr(31), {place}) AS id",
        f"CAST({quote(rule.value) if rule.value else 'NULL'} AS DECIMAL(18, 6)) AS value",
        *(f"CAST({quote(column)} AS VARCHAR) AS {quote(column)}" for column in KEPT if fact.has(column)),
    ]
    conditions = [f"{quote(rule.moment)} IS NOT NULL"]
    conditions += [f"coalesce({rule.where}, false)"] if rule.where else []
    newer = f"_load > {after}"
    if moved is not None:
        newer = f"({newer} OR {person} IN (SELECT person FROM identity.moved WHERE version > {moved}))"
    conditions += [newer] if after or moved is not None else []
    return f"SELECT {', '.join(columns)} FROM {rows} WHERE {' AND '.join(conditions)}"


def _named(rule: EventRule) -> str:
    """The person as the row itself names it."""
    return f"coalesce({', '.join(map(quote, rule.person))})"


def _identified(fact: Fact, rule: EventRule, recalled: bool) -> tuple[str, str]:
    """The person of a row by the registry, and the joins that tell it."""
    found, joins = [], []
    for name in (*(name for name in rule.person if name != DEVICE), ADDRESS, DEVICE):
        if not fact.has(name):
            continue
        given = _given(name)
        if name == DEVICE:
            moment = f"happened.{quote(rule.moment)}"
            joins.append(
                "LEFT JOIN (SELECT given AS shared, since AS shared_since, until AS shared_until, person AS sharer "
                f"FROM identity.owner) AS of_shared ON shared = {given} "
                f"AND {moment} >= shared_since AND {moment} < shared_until"
            )
            found.append("sharer")
        kind = {ADDRESS: "email", DEVICE: "anonymous"}.get(name, "user")
        joins.append(
            f"LEFT JOIN (SELECT given AS its_{name}, person AS by_{name} FROM identity.known "
            f"WHERE kind = {literal(kind)}) AS of_{name} ON its_{name} = {given}"
        )
        found.append(f"by_{name}")
    for name in rule.person if recalled else ():
        # The registry knows every id that is there now, but for those that stand for nobody.
        now = f"SELECT {quote(name)} FROM fact.{quote(fact.name)} WHERE {quote(name)} IS NOT NULL"
        found.append(f"CASE WHEN happened.{quote(name)} NOT IN ({now}) THEN {_given(name)} END")
    return f"coalesce({', '.join(found)})", "".join(f" {join}" for join in joins)


def _given(name: str) -> str:
    """An id as the registry has it: an address is hashed."""
    given = f"happened.{quote(name)}"
    return f"CASE WHEN position('@' IN {given}) > 0 THEN sha256({given}) ELSE {given} END"


def build_from_warehouse(
    folder: Path, warehouse: Warehouse, *, relation: Callable[[str], str] | None = None, threads: int = 0
) -> tuple[Timeline, Added]:
    """Build the timeline of a warehouse anew; `relation` as in `events_sql`."""
    from leadline.timeline.timeline import Timeline

    last, identity = last_load(warehouse), identity_version(warehouse)
    select = events_sql(warehouse.facts, relation=relation, identified=identity > 0)
    return Timeline.build(
        folder, warehouse.con, select, properties=KEPT, synced=last, identity=identity, threads=threads
    )


def refresh(
    timeline: Timeline, warehouse: Warehouse, *, relation: Callable[[str], str] | None = None
) -> tuple[Timeline, Added | None]:
    """Take over the loads since the last time, and who is who. `relation` must be what the timeline was built with.

    When these only brought new rows they are added, and persons whose ids changed are taken out and put in again. When
    rows were changed, removed or taken back, or the timeline was built otherwise, or more than one person in `SHARE`
    changed, it is built anew. Returns None for what was added when there is nothing new.
    """
    last, identity = last_load(warehouse), identity_version(warehouse)
    before, known = timeline.manifest.synced, timeline.manifest.identity
    if (last, identity) == (before, known):
        return timeline, None
    changed = warehouse.con.execute(
        "SELECT count(*) FROM ledger.merge WHERE load > ? AND (updated > 0 OR removed > 0)", [before]
    ).fetchone()
    anew = last < before or (changed and changed[0]) or timeline.manifest.properties != KEPT
    if anew or (identity > 0) != (known > 0) or identity < known:
        return build_from_warehouse(timeline.folder, warehouse, relation=relation, threads=timeline.threads)
    moved: list[str] = []
    if identity > known:
        rows = warehouse.con.execute("SELECT DISTINCT person FROM identity.moved WHERE version > ?", [known]).fetchall()
        moved = [person for (person,) in rows]
    if len(moved) * SHARE > timeline.counts()["persons"]:
        return build_from_warehouse(timeline.folder, warehouse, relation=relation, threads=timeline.threads)
    # A crash between these leaves them out until the next refresh, which does the same again.
    timeline.erase(moved)
    select = events_sql(warehouse.facts, before, relation, identified=identity > 0, moved=known if moved else None)
    return timeline, timeline.append(warehouse.con, select, synced=last, identity=identity)


def identity_version(warehouse: Warehouse) -> int:
    """How often ids have changed persons in the registry of these loads; 0 when it was made from others, or never."""
    made = warehouse.con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = 'state'"
    ).fetchone()
    if not made or not made[0]:
        return 0
    row = warehouse.con.execute("SELECT version, synced FROM identity.state").fetchone()
    return int(row[0]) if row and row[1] == last_load(warehouse) else 0


def persons_of(warehouse: Warehouse, ids: Sequence[str]) -> list[str]:
    """The names that persons known by these ids of users and addresses have in a timeline, and the ids themselves."""
    if not identity_version(warehouse):
        return list(ids)
    rows = warehouse.con.execute(
        "SELECT DISTINCT person FROM identity.known WHERE kind <> 'anonymous' AND given IN "
        "(SELECT CASE WHEN position('@' IN id) > 0 THEN sha256(id) ELSE id END FROM (SELECT unnest(?) AS id))",
        [list(ids)],
    ).fetchall()
    return sorted({*ids, *(person for (person,) in rows)})


def last_load(warehouse: Warehouse) -> int:
    """Id of the newest load, 0 when there is none."""
    row = warehouse.con.execute("SELECT coalesce(max(id), 0) FROM ledger.load").fetchone()
    return int(row[0]) if row else 0
