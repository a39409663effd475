from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadline.engines.duckdb import connect
from leadline.errors import UsageError
from leadline.ingest.style import zone_sql

ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Ho_Chi_Minh",
    "Asia/Kolkata",
    "Europe/Istanbul",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Tehran",
    "UTC",
]


@pytest.mark.parametrize("zone", ZONES)
def test_local_time_to_utc_is_pythons(zone):
    with connect() as con:
        sql = f"select {zone_sql('t', zone)} from (select ?::timestamp as t)"

        @settings(max_examples=150, derandomize=True)
        @given(st.datetimes(dt.datetime(2008, 1, 1), dt.datetime(2033, 12, 31)))
        @example(dt.datetime(2026, 3, 29, 2, 30))
        @example(dt.datetime(2026, 3, 29, 1, 59, 59))
        @example(dt.datetime(2026, 3, 29, 3))
        @example(dt.datetime(2026, 10, 25, 2, 30))
        @example(dt.datetime(2026, 10, 25, 3))
        @example(dt.datetime(2026, 11, 1, 1, 30))
        @example(dt.datetime(2011, 12, 30, 12))
        def holds(moment):
            expected = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
            assert con.execute(sql, [moment]).fetchone() == (expected,)

        holds()


@pytest.mark.parametrize("year", [1975, 1999, 2007, 2034, 2060])
def test_years_beyond_the_table_are_right_too(year):
    moment = dt.datetime(year, 7, 1, 12)
    with connect() as con:
        found = con.execute(
            f"select {zone_sql('t', 'Europe/Berlin')} from (select ?::timestamp t)", [moment]
        ).fetchone()
    assert found == (moment.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(dt.UTC).replace(tzinfo=None),)


def test_null_stays_null():
    with connect() as con:
        assert con.execute(f"select {zone_sql('t', 'Europe/Berlin')} from (select null::timestamp t)").fetchone() == (
            None,
        )


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd", "x' or 1=1"])
def test_unknown_zone(zone):
    with pytest.raises(UsageError):
        zone_sql("t", zone)
