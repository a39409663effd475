"""Style: how a file writes numbers, dates and times, found from its values, and SQL that reads them."""

from __future__ import annotations

from leadline.ingest.style.ambiguous import Ambiguous
from leadline.ingest.style.date import date_samples, date_sql, detect_dates, has_time, is_absolute, timestamp_sql
from leadline.ingest.style.number import detect_decimal, number_sql, unreadable_number_sql
from leadline.ingest.style.span import Span, parse_range, preamble_range
from leadline.ingest.style.zone import zone_sql

__all__ = [
    "Ambiguous",
    "Span",
    "date_samples",
    "date_sql",
    "detect_dates",
    "detect_decimal",
    "has_time",
    "is_absolute",
    "number_sql",
    "parse_range",
    "preamble_range",
    "timestamp_sql",
    "unreadable_number_sql",
    "zone_sql",
]
