from __future__ import annotations

import datetime as dt

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.ingest.style import Span, parse_range, preamble_range


def span(first: str, last: str) -> Span:
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


JANUARY = span("2026-01-01", "2026-01-31")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("July 8, 2025 - July 31, 2025", None, span("2025-07-08", "2025-07-31")),
        ('"July 8, 2025 - July 31, 2025"', None, span("2025-07-08", "2025-07-31")),
        ("27 January 2026 - 23 February 2026", None, span("2026-01-27", "2026-02-23")),
        ("Jul 8 – Aug 3, 2025", None, span("2025-07-08", "2025-08-03")),
        ("8 - 31 July 2025", None, span("2025-07-08", "2025-07-31")),
        ("July 8 - 31, 2025", None, span("2025-07-08", "2025-07-31")),
        ("Dec 8 – Jan 3, 2026", None, span("2025-12-08", "2026-01-03")),
        ("1. Januar 2026 – 31. Januar 2026", None, JANUARY),
        ("1 janvier 2026 - 31 janvier 2026", None, JANUARY),
        ("1 de enero de 2026 - 31 de enero de 2026", None, JANUARY),
        ("1 januari 2026 t/m 31 januari 2026", None, JANUARY),
        ("1 Ocak 2026 - 31 Ocak 2026", None, JANUARY),
        ("1 thg 1, 2026 - 31 thg 1, 2026", None, JANUARY),
        ("ngày 1 tháng 1 năm 2026 - ngày 31 tháng 1 năm 2026", None, JANUARY),
        ("2026年1月1日 - 2026年1月31日", None, JANUARY),
        ("2026年1月1日至1月31日", None, JANUARY),
        ("2026-01-01 to 2026-01-31", None, JANUARY),
        ("20260101-20260131", None, JANUARY),
        ("1.1.2026-31.1.2026", None, JANUARY),
        ("1/1/2026 - 1/31/2026", None, JANUARY),
        ("01/01/2026 - 31/01/2026", None, JANUARY),
        ("01/02/2026 - 05/02/2026", "fr", span("2026-02-01", "2026-02-05")),
        ("01/02/2026 - 05/02/2026", None, None),
        ("# Start date: 20260226", None, span("2026-02-26", "2026-02-26")),
        ("Report Start: September 1, 2024, 12:00 AM", None, span("2024-09-01", "2024-09-01")),
        ("Campaign report", None, None),
        ("All time", None, None),
        ("Property: blog-94120", None, None),
        ("Account 123-456-7890", None, None),
        ("January 31, 2026 - January 1, 2026", None, None),
        ("2026-02-30 - 2026-03-01", None, None),
    ],
)
def test_range(text, language, expected):
    assert parse_range(text, language) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Campaign report", "July 8, 2025 - July 31, 2025"], span("2025-07-08", "2025-07-31")),
        (["Campaign report", "July 8, 2025 - July 8, 2025"], span("2025-07-08", "2025-07-08")),
        (["Campaign report", "July 8, 2025"], span("2025-07-08", "2025-07-08")),
        (["# ---", "# Start date: 20260226", "# End date: 20260325"], span("2026-02-26", "2026-03-25")),
        (
            [
                "Campaign Performance Report (in UTC)",
                "Report Start: September 1, 2024, 12:00 AM",
                "Report End: September 30, 2024, 11:59 PM",
                "Date Generated: October 1, 2024, 9:00 AM",
            ],
            span("2024-09-01", "2024-09-30"),
        ),
        (["Attendee Report,,,", 'Report Generated:,"Oct 6, 2026 8:00 PM",,'], None),
        ([], None),
    ],
)
def test_preamble(lines, expected):
    assert preamble_range(lines) == expected


@pytest.mark.parametrize("language", ["en", "de", "fr", "nl", "es", "it", "pt", "tr", "vi", "zh", "ms", "pl"])
def test_what_babel_writes_reads_back(language):
    @settings(max_examples=80, derandomize=True)
    @given(st.dates(dt.date(2000, 1, 1), dt.date(2050, 1, 1)), st.integers(0, 400))
    def holds(first, days):
        last = first + dt.timedelta(days)
        ends = [format_date(day, "long", locale=language) for day in (first, last)]
        assert parse_range(" - ".join(ends), language) == Span(first, last)

    holds()
