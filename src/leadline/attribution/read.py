"""Paths out of the warehouse: the touches before each conversion, and the journeys that ended without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.attribution.path import LEAD, OPPORTUNITY, Paths
from leadline.errors import UsageError
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.attribution.path import Ints
    from leadline.engines.duckdb import Connection

NAMELESS = "(none)"


class Reading(Struct, frozen=True, eq=False):
    """Paths, and the journeys left out because they are still open: touched within the lookback before the last touch
    known, so that their conversion may yet come.
    """

    paths: Paths
    still_open: int


def read_paths(
    con: Connection,
    *,
    conversion: str,
    touch: str,
    lookback: float | None = 30,
    dimension: str = "channel",
    failed: bool = True,
) -> Reading:
    """The paths of two relations as `leadline.attribution.statement` reads them.

    A conversion's path are the touches of its entity within the lookback before it, both ends included. With `failed`,
    the touches of an entity after its last conversion (all of them where there is none) are one journey that ended
    without, once nothing happened for the length of the lookback. A row delivered twice counts once, by its id.
    """
    import numpy as np

    if lookback is not None and not lookback > 0:
        raise UsageError("bad-lookback", f"A lookback of {lookback:g} days sees nothing.", fix="give more than 0")
    seconds = None if lookback is None else round(lookback * 86_400)
    con.execute(f"CREATE OR REPLACE TEMP TABLE _touch AS SELECT DISTINCT ON (id) entity, \"at\" AS moment, id, "
                f"coalesce({quote(dimension)}, '{NAMELESS}') AS name FROM {touch} AS given")  # fmt: skip
    con.execute(f"CREATE OR REPLACE TEMP TABLE _conversion AS SELECT DISTINCT ON (id) entity, \"at\" AS moment, "
                f"CAST(value AS DOUBLE) AS value, id, lead_at, opportunity_at FROM {conversion} AS given")  # fmt: skip
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _name AS SELECT name, row_number() OVER (ORDER BY name) - 1 AS code "
        "FROM (SELECT DISTINCT name FROM _touch)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _path AS SELECT id, entity, moment, value, lead_at, opportunity_at, "
        "row_number() OVER (ORDER BY moment, id) - 1 AS path FROM _conversion"
    )
    names = tuple(row[0] for row in con.execute("SELECT name FROM _name ORDER BY code").fetchall())
    within = "" if seconds is None else f"AND t.moment >= p.moment - INTERVAL {seconds} SECOND"
    won = con.execute(
        "SELECT p.path, n.code, epoch_us(p.moment) - epoch_us(t.moment) AS age, "
        "coalesce(t.moment <= p.lead_at, false) AS lead, "
        "coalesce(t.moment <= p.opportunity_at, false) AS opportunity "
        "FROM _path AS p JOIN _touch AS t ON t.entity = p.entity JOIN _name AS n ON n.name = t.name "
        f"WHERE t.moment <= p.moment {within} ORDER BY p.path, t.moment, t.id"
    ).fetchnumpy()
    values = con.execute("SELECT value FROM _path ORDER BY path").fetchnumpy()["value"]
    count = len(values)
    path, codes = won["path"].astype(np.int64), won["code"].astype(np.int64)
    ages = won["age"].astype(np.int64)
    marks = _mark(path, won["lead"], LEAD) | _mark(path, won["opportunity"], OPPORTUNITY)
    lengths = np.bincount(path, minlength=count)
    still_open = 0
    if failed:
        lost, still_open = _failed(con, seconds)
        lost_path, lost_codes = lost["path"].astype(np.int64), lost["code"].astype(np.int64)
        lengths = np.concatenate((lengths, np.bincount(lost_path)))
        codes = np.concatenate((codes, lost_codes))
        ages = np.concatenate((ages, np.zeros(len(lost_codes), dtype=np.int64)))
        marks = np.concatenate((marks, np.zeros(len(lost_codes), dtype=np.int64)))
    for table in ("_touch", "_conversion", "_name", "_path"):
        con.execute(f"DROP TABLE {table}")
    failures = len(lengths) - count
    return Reading(
        Paths(
            names,
            codes,
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            np.concatenate((np.ones(count), np.zeros(failures))),
            np.concatenate((np.ma.filled(values, 0.0).astype(np.float64), np.zeros(failures))),
            np.concatenate((np.zeros(count), np.ones(failures))),
            ages,
            marks,
        ),
        still_open,
    )


def _failed(con: Connection, seconds: int | None) -> tuple[dict[str, Ints], int]:
    """Touches of the journeys that ended without a conversion, and how many are still open."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _rest AS "
        "SELECT t.entity, t.moment, t.id, t.name, max(t.moment) OVER (PARTITION BY t.entity) AS ended FROM _touch AS t "
        "LEFT JOIN (SELECT entity, max(moment) AS converted FROM _conversion GROUP BY entity) AS c USING (entity) "
        "WHERE t.entity IS NOT NULL AND (converted IS NULL OR t.moment > converted)"
    )
    closed = "true" if seconds is None else f"ended < (SELECT max(moment) FROM _touch) - INTERVAL {seconds} SECOND"
    row = con.execute(f"SELECT count(DISTINCT entity) FROM _rest WHERE NOT ({closed})").fetchone()
    rows = con.execute(
        "SELECT dense_rank() OVER (ORDER BY entity) - 1 AS path, code FROM _rest JOIN _name USING (name) "
        f"WHERE {closed} ORDER BY path, moment, id"
    ).fetchnumpy()
    con.execute("DROP TABLE _rest")
    return rows, int(row[0]) if row else 0


def _mark(path: Ints, before: Ints, bit: int) -> Ints:
    """The bit on the last touch of each path that is before the stage."""
    import numpy as np

    marks = np.zeros(len(path), dtype=np.int64)
    places = np.flatnonzero(before)
    if len(places):
        last = np.append(path[places[1:]] != path[places[:-1]], True)
        marks[places[last]] = bit
    return marks
