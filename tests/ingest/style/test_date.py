from __future__ import annotations

import datetime as dt

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.engines.duckdb import connect
from leadline.ingest.style import Ambiguous, date_samples, date_sql, detect_dates, has_time, is_absolute, timestamp_sql

D = dt.datetime


@pytest.fixture(scope="module")
def con():
    with connect() as connection:
        yield connection


def read(con, text, formats, zone="UTC"):
    sql = f"select {date_sql('x', formats)}, {timestamp_sql('x', formats, zone)} from (select ? as x)"
    return con.execute(sql, [text]).fetchone()


# values of one column, language, the moment of each value on the source's clock
READ = [
    (["2026-08-26"], None, [D(2026, 8, 26)]),
    (["2026-8-6", "2026-08-26"], None, [D(2026, 8, 6), D(2026, 8, 26)]),
    (["2026/08/26", "2026.08.26"], None, [D(2026, 8, 26)] * 2),
    (["20260826"], None, [D(2026, 8, 26)]),
    (["2026082613", "2026082700"], None, [D(2026, 8, 26, 13), D(2026, 8, 27)]),
    (["23-9-2026", "1-9-2026"], None, [D(2026, 9, 23), D(2026, 9, 1)]),
    (["9/1/2026", "9/21/2026"], None, [D(2026, 9, 1), D(2026, 9, 21)]),
    (["09/01/2026", "21/01/2026"], None, [D(2026, 1, 9), D(2026, 1, 21)]),
    (["1/2/26", "21/2/26"], None, [D(2026, 2, 1), D(2026, 2, 21)]),
    (["9/3/2026"], "en-US", [D(2026, 9, 3)]),
    (["9/3/2026"], "en-GB", [D(2026, 3, 9)]),
    (["9/3/2026"], "fr", [D(2026, 3, 9)]),
    (["9-3-2026"], "nl", [D(2026, 3, 9)]),
    (["9/3/2026"], "vi", [D(2026, 3, 9)]),
    (["3.4.2026"], None, [D(2026, 4, 3)]),
    (["03.04.26 5:06"], None, [D(2026, 4, 3, 5, 6)]),
    (["Jul 8, 2025"], None, [D(2025, 7, 8)]),
    (["July 8, 2025"], None, [D(2025, 7, 8)]),
    (["8 July 2025"], None, [D(2025, 7, 8)]),
    (["Sept 8, 2025"], None, [D(2025, 9, 8)]),
    (["08-Jul-25"], None, [D(2025, 7, 8)]),
    (["Mon, Jul 6, 2026"], None, [D(2026, 7, 6)]),
    (["Jul 2025"], None, [D(2025, 7, 1)]),
    (["2025-07"], None, [D(2025, 7, 1)]),
    (["Jun 09, 2018 09:30 pm"], None, [D(2018, 6, 9, 21, 30)]),
    (["04/26/2026 10:45:17 AM"], None, [D(2026, 4, 26, 10, 45, 17)]),
    (["Oct 6, 2026 18:02:00", "Oct 6, 2026 6:00 PM"], None, [D(2026, 10, 6, 18, 2), D(2026, 10, 6, 18)]),
    (["2026-01-02 03:04", "2026-01-02 03:04:05"], None, [D(2026, 1, 2, 3, 4), D(2026, 1, 2, 3, 4, 5)]),
    (["2026-01-02T03:04:05.123456"], None, [D(2026, 1, 2, 3, 4, 5, 123456)]),
    (["2026-01-02 03:04:05.1234560"], None, [D(2026, 1, 2, 3, 4, 5, 123456)]),
    (["1/13/2026, 10:00"], None, [D(2026, 1, 13, 10)]),
    (["8 juil. 2025", "1 août 2025"], None, [D(2025, 7, 8), D(2025, 8, 1)]),
    (["1. Januar 2026", "2. März 2026"], None, [D(2026, 1, 1), D(2026, 3, 2)]),
    (["8 mei 2025"], "nl", [D(2025, 5, 8)]),
    (["8 de julio de 2025"], None, [D(2025, 7, 8)]),
    (["8 thg 7, 2025", "18 thg 12, 2025"], None, [D(2025, 7, 8), D(2025, 12, 18)]),
    (["8 tháng 7, 2025"], None, [D(2025, 7, 8)]),
    (["8 Tem 2025", "9 Ağu 2025 10:11"], None, [D(2025, 7, 8), D(2025, 8, 9, 10, 11)]),
    (["2025年7月8日", "2025年12月18日 10:00"], None, [D(2025, 7, 8), D(2025, 12, 18, 10)]),
    ([" 2026-08-26 "], None, [D(2026, 8, 26)]),
]


@pytest.mark.parametrize(("texts", "language", "moments"), READ, ids=[case[0][0] for case in READ])
def test_dates_are_found_and_read(con, texts, language, moments):
    formats = detect_dates(texts, language)
    assert [read(con, text, formats) for text in texts] == [(moment.date(), moment) for moment in moments]
    assert not any(is_absolute(form) for form in formats)
    assert any(map(has_time, formats)) == any(":" in text or (len(text) == 10 and text.isdigit()) for text in texts)


# values that name a moment of their own: the source's zone must not move them
ABSOLUTE = [
    ("2026-01-02T03:04:05Z", D(2026, 1, 2, 3, 4, 5)),
    ("2026-01-02T03:04:05.120Z", D(2026, 1, 2, 3, 4, 5, 120000)),
    ("2026-01-02 03:04:05 UTC", D(2026, 1, 2, 3, 4, 5)),
    ("2026-01-02T03:04:05+02:00", D(2026, 1, 2, 1, 4, 5)),
    ("2026-01-02 03:04:05 -0530", D(2026, 1, 2, 8, 34, 5)),
    ("1700000000", D(2023, 11, 14, 22, 13, 20)),
    ("1700000000.5", D(2023, 11, 14, 22, 13, 20, 500000)),
    ("1700000000123", D(2023, 11, 14, 22, 13, 20, 123000)),
    ("1700000000123456", D(2023, 11, 14, 22, 13, 20, 123456)),
]


@pytest.mark.parametrize(("text", "moment"), ABSOLUTE)
def test_absolute_times_ignore_the_zone(con, text, moment):
    formats = detect_dates([text])
    assert all(is_absolute(form) for form in formats)
    assert read(con, text, formats, "America/New_York")[1] == moment


def test_local_and_absolute_times_mix(con):
    texts = ["2026-07-01 12:00", "2026-07-01T12:00:00Z"]
    formats = detect_dates(texts)
    assert [read(con, text, formats, "Europe/Berlin")[1] for text in texts] == [D(2026, 7, 1, 10), D(2026, 7, 1, 12)]


def test_the_clocks_own_date_is_kept(con):
    formats = detect_dates(["2026-07-01 00:30"])
    assert read(con, "2026-07-01 00:30", formats, "Europe/Berlin") == (dt.date(2026, 7, 1), D(2026, 6, 30, 22, 30))


@pytest.mark.parametrize(
    ("texts", "language", "conflict"),
    [
        (["9/3/2026"], None, False),
        (["9/3/2026"], "en", False),
        (["9-3-2026", "1-12-2026"], None, False),
        (["9/3/2026"], "zh", False),
        (["13/3/2026", "3/13/2026"], "fr", True),
    ],
)
def test_ambiguous_order(texts, language, conflict):
    found = detect_dates(texts, language)
    assert isinstance(found, Ambiguous)
    assert found.conflict == conflict
    assert found.samples[0] in texts


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["hello"],
        ["5", "17"],
        ["1.5"],
        ["45000"],
        ["99999999"],
        ["Mai"],
        ["13-13-2026"],
        ["Session 2024"],
        ["3 May"],
    ],
)
def test_no_dates(texts):
    assert detect_dates(texts) == ()


def test_excel_serials_only_when_asked(con):
    formats = detect_dates(["45000", "45001.5"], excel=True)
    assert read(con, "45001.5", formats)[1] == D(2023, 3, 16, 12)
    assert read(con, "45000", formats)[1] == D(2023, 3, 15)


def test_impossible_day_is_null(con):
    formats = detect_dates(["31/12/2025"])
    assert read(con, "31/02/2025", formats) == (None, None)


def test_may_leaves_open_how_other_months_are_written(con):
    formats = detect_dates(["May 8, 2025"])
    assert [read(con, text, formats)[0].month for text in ("Jun 1, 2025", "June 1, 2025")] == [6, 6]


def test_language_of_months_is_told_by_the_column(con):
    formats = detect_dates(["8 mai 2025", "8 août 2025"])
    assert read(con, "8 févr. 2025", formats)[0] == dt.date(2025, 2, 8)


def test_samples_include_the_value_that_tells(con):
    con.execute(
        "create or replace temp table t as select '1/2/2026' as d from range(20000) union all select '13/2/2026'"
    )
    con.execute("insert into t select '2/' || (1 + i % 12) || '/2026 10:00' from range(5000) r(i)")
    assert detect_dates(date_samples(con, "t", "d"))[0].startswith("%d/%m/%Y")


@pytest.mark.parametrize("language", ["en", "de", "fr", "nl", "es", "it", "pt", "tr", "vi", "zh", "ms", "pl"])
@pytest.mark.parametrize("width", ["medium", "long"])
def test_what_babel_writes_reads_back(con, language, width):
    @settings(max_examples=60, derandomize=True)
    @given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)), min_size=1, max_size=5))
    def holds(days):
        texts = [format_date(day, width, locale=language) for day in days]
        formats = detect_dates(texts, language)
        if isinstance(formats, Ambiguous):  # digits only, as Turkish or Dutch short dates
            assert width != "long"
            return
        # One statement for all of them: planning one costs more than reading a date.
        sql = f"select x, {date_sql('x', formats)} from (select unnest(?) as x)"
        found = dict(con.execute(sql, [texts]).fetchall())
        assert [found[text] for text in texts] == days

    holds()
