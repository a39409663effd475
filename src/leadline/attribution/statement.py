"""Models by rule as one SQL statement, for engines where touches and conversions are too many to fetch.

The statement reads two relations, `conversion` with columns `entity, at, value, id` (and `lead_at, opportunity_at` for
the models that need them) and `touch` with `entity, at, id` and the dimensions asked for. Ids are unique and not null,
times are timestamps in UTC. It answers a row a conversion and credited touch:

    conversion_id, touch_id, the dimensions, credit, credited_value

with credits that add up to 1 for each conversion; a conversion without a touch within the lookback has one row whose
touch and dimensions are null. It is plain SQL that DuckDB, PostgreSQL, ClickHouse and Spark read; the two things they
say differently, an interval and a distance in time, come from a `Clock`. Touches of one moment are in the order of
their ids (PostgreSQL: let ids collate as "C"). The models are those of `leadline.attribution.rule`, and tests hold the
two equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.attribution.rule import DIRECT, MARKED, RULES, SHAPES, Settings, Shape
from leadline.errors import UsageError, unknown
from leadline.sql.name import literal, quote


class Clock(Struct, frozen=True):
    """How an engine says time: `before` an instant by seconds, and the `seconds` between two instants."""

    before: str
    seconds: str


DUCKDB = Clock("{at} - INTERVAL {seconds} SECOND", "(epoch_us({end}) - epoch_us({start})) / 1e6")
POSTGRES = Clock("{at} - INTERVAL '{seconds} SECOND'", "EXTRACT(EPOCH FROM {end} - {start})")
CLICKHOUSE = Clock(
    "{at} - INTERVAL {seconds} SECOND",
    "(toUnixTimestamp64Micro(toDateTime64({end}, 6)) - toUnixTimestamp64Micro(toDateTime64({start}, 6))) / 1e6",
)
SPARK = Clock("{at} - INTERVAL {seconds} SECOND", "(unix_micros({end}) - unix_micros({start})) / 1e6")


def credit_statement(
    model: str,
    *,
    lookback: float | None = 30,
    dimensions: Sequence[str] = ("channel",),
    channel: str = "channel",
    settings: Settings | None = None,
    conversion: str = "conversion",
    touch: str = "touch",
    clock: Clock = DUCKDB,
) -> str:
    """The statement for a rule model.

    `lookback` is in days, both ends included, and None for all the past; `channel` is the dimension that tells direct
    touches apart. Raises `UsageError` for an unknown model, a lookback or half-life that is not above zero, and for
    `last_non_direct` without the channel among the dimensions.
    """
    if model not in RULES:
        raise unknown("attribution rule", model, RULES)
    settings = settings or Settings()
    if lookback is not None and not lookback > 0:
        raise UsageError("bad-lookback", f"A lookback of {lookback:g} days sees nothing.", fix="give more than 0")
    if not settings.half_life > 0:
        raise UsageError(
            "bad-half-life", f"A half-life of {settings.half_life:g} days is none.", fix="give more than 0"
        )
    names = [quote(name) for name in dimensions]
    if model == "last_non_direct" and channel not in dimensions:
        names.append(quote(channel))
    picked = "".join(f", t.{name}" for name in names)
    marked = ", c.lead_at, c.opportunity_at" if model in MARKED else ""
    within = ""
    if lookback is not None:
        within = f"\n    AND t.at >= {clock.before.format(at='c.at', seconds=round(lookback * 86_400))}"
    age = clock.seconds.format(start="t.at", end="c.at")
    aged = f",\n    {age} AS age" if model == "time_decay" else ""
    steps = [
        "journey AS (\n"
        "  -- the touches before each conversion, in order\n"
        f"  SELECT c.id AS conversion_id, c.value AS conversion_value, t.id AS touch_id, t.at AS touched_at"
        f"{picked}{marked},\n"
        "    row_number() OVER (PARTITION BY c.id ORDER BY t.at, t.id) AS place,\n"
        f"    count(*) OVER (PARTITION BY c.id) AS places{aged}\n"
        f"  FROM {conversion} AS c\n"
        f"  INNER JOIN {touch} AS t ON t.entity = c.entity\n"
        f"  WHERE t.at <= c.at{within}\n"
        ")"
    ]
    weighed, weight = _weighed(model, settings, quote(channel))
    steps += weighed
    last = "journey" if not weighed else weighed[-1].split(" ", 1)[0]
    chosen = "".join(f", {quote(name)}" for name in dimensions)
    steps.append(
        "weighed AS (\n"
        f"  SELECT conversion_id, conversion_value, touch_id{chosen},\n"
        f"    {weight} AS weight\n"
        f"  FROM {last}\n"
        ")"
    )
    steps.append(
        "shared AS (\n"
        "  -- weights become parts of one\n"
        f"  SELECT conversion_id, conversion_value, touch_id{chosen},\n"
        "    weight / sum(weight) OVER (PARTITION BY conversion_id) AS credit\n"
        "  FROM weighed\n"
        ")"
    )
    nothing = "".join(", NULL" for _ in dimensions)
    return (
        "WITH " + ",\n".join(steps) + "\n"
        f"SELECT conversion_id, touch_id{chosen}, credit, conversion_value * credit AS credited_value\n"
        "FROM shared\nWHERE credit > 0\n"
        "UNION ALL\n"
        "-- conversions that no touch came before stay unattributed\n"
        f"SELECT c.id, NULL{nothing}, 1e0, c.value * 1e0\n"
        f"FROM {conversion} AS c\n"
        "WHERE c.id NOT IN (SELECT conversion_id FROM journey)"
    )


def _weighed(model: str, settings: Settings, channel: str) -> tuple[list[str], str]:
    """Steps after the journey, and the weight of a touch in the last of them."""
    match model:
        case "first":
            return [], "CASE WHEN place = 1 THEN 1e0 ELSE 0e0 END"
        case "last":
            return [], "CASE WHEN place = places THEN 1e0 ELSE 0e0 END"
        case "linear":
            return [], "1e0"
        case "time_decay":
            half_life = settings.half_life * 86_400
            step = (
                "aged AS (\n"
                "  -- ages from the youngest touch: the proportions stay, and old journeys do not vanish\n"
                "  SELECT *, age - min(age) OVER (PARTITION BY conversion_id) AS since\n"
                "  FROM journey\n"
                ")"
            )
            return [step], f"power(2e0, -since / {half_life!r}e0)"
        case "last_non_direct":
            direct = ", ".join(map(literal, settings.direct or (DIRECT,)))
            step = (
                "told AS (\n"
                "  -- the last touch that was not direct, if there is one\n"
                f"  SELECT *, max(CASE WHEN {channel} NOT IN ({direct}) OR {channel} IS NULL THEN place END)\n"
                "    OVER (PARTITION BY conversion_id) AS last_told\n"
                "  FROM journey\n"
                ")"
            )
            return [step], "CASE WHEN place = coalesce(last_told, places) THEN 1e0 ELSE 0e0 END"
        case _:
            return _shaped(SHAPES[model])


def _shaped(shape: Shape) -> tuple[list[str], str]:
    roles = [("place = 1", shape.first), ("place = places", shape.last)]
    steps = []
    source = "journey"
    if shape.lead or shape.opportunity:
        steps.append(
            "staged AS (\n"
            "  -- the touch that made the lead, and the one that opened the opportunity\n"
            "  SELECT *,\n"
            "    max(CASE WHEN touched_at <= lead_at THEN place END) OVER (PARTITION BY conversion_id) AS lead_place,\n"
            "    max(CASE WHEN touched_at <= opportunity_at THEN place END)\n"
            "      OVER (PARTITION BY conversion_id) AS opportunity_place\n"
            "  FROM journey\n"
            ")"
        )
        source = "staged"
        roles += [("place = lead_place", shape.lead), ("place = opportunity_place", shape.opportunity)]
    parts = [f"CASE WHEN {when} THEN {part!r}e0 ELSE 0e0 END" for when, part in roles if part]
    steps.append(
        "held AS (\n"
        "  -- what a touch earns by the roles it holds\n"
        f"  SELECT *, {' + '.join(parts)} AS role\n"
        f"  FROM {source}\n"
        ")"
    )
    steps.append(
        "counted AS (\n"
        "  SELECT *, sum(CASE WHEN role > 0 THEN 0 ELSE 1 END) OVER (PARTITION BY conversion_id) AS others\n"
        "  FROM held\n"
        ")"
    )
    return steps, f"CASE WHEN role > 0 THEN role ELSE {shape.rest!r}e0 / others END"
