"""Web analytics and search console exports."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from leadline.demo.clock import month_starts
from leadline.demo.export.text import File, Row, percent, table, utf8
from leadline.demo.world import SearchDay, VisitDay, World

# Label, share of all clicks, share of all impressions, position.
QUERIES = (
    ("fathomere", 0.10, 0.021, 1.2),
    ("fathomere pricing", 0.03, 0.006, 1.4),
    ("marketing report template", 0.06, 0.09, 8.1),
    ("what is an mql", 0.05, 0.08, 6.7),
    ("lead to customer rate", 0.03, 0.06, 9.4),
    ("pipeline review agenda", 0.02, 0.03, 7.9),
)
PAGES = (
    ("https://fathomere.example/", 0.28, 0.15, 4.2),
    ("https://fathomere.example/blog/what-is-an-mql", 0.17, 0.24, 7.4),
    ("https://fathomere.example/templates/marketing-report", 0.16, 0.22, 8.6),
    ("https://fathomere.example/pricing", 0.09, 0.03, 2.9),
)


def ga4(world: World) -> Iterator[File]:
    """Traffic acquisition by day, a file for half a year: `#` lines above the header, days as 20260501, full rates."""
    company = world.company
    firsts = [first for first in month_starts(company.starts, company.ends) if first.month in (1, 7)][:4]
    lasts = [first - timedelta(days=1) for first in firsts[1:]] + [company.ends]
    for first, last in zip(firsts, lasts, strict=True):
        visits = [visit for visit in world.visits if first <= visit.day <= last]
        rows: list[Row] = [
            ("Date", "Session primary channel group (Default Channel Group)", "Session campaign", "Sessions",
             "New users", "Engaged sessions", "Engagement rate", "Average engagement time per session",
             "Events per session", "Event count", "Views", "Key events", "Session key event rate", "Total revenue"),
        ]  # fmt: skip
        rows.extend(_ga4_row(visit) for visit in visits)
        preamble = (
            "# ----------------------------------------\n"
            "# Traffic acquisition: Session primary channel group (Default Channel Group)\n"
            f"# Account: {company.name}\n"
            f"# Property: {company.name}\n"
            "# ----------------------------------------\n"
            "# \n"
            "# All Users\n"
            f"# Start date: {first:%Y%m%d}\n"
            f"# End date: {last:%Y%m%d}\n"
        )
        name = f"Traffic_acquisition_{first:%Y%m%d}-{last:%Y%m%d}.csv"
        yield name, utf8(table(rows, preamble=preamble))


def _ga4_row(visit: VisitDay) -> tuple[str, ...]:
    return (
        f"{visit.day:%Y%m%d}", visit.channel, visit.campaign, str(visit.sessions), str(visit.new_users),
        str(visit.engaged), _rate(visit.engaged, visit.sessions), _rate(visit.seconds, visit.sessions),
        _rate(visit.events, visit.sessions), str(visit.events), str(visit.views), str(visit.key_events),
        _rate(min(visit.key_events, visit.sessions), visit.sessions), "0",
    )  # fmt: skip


def _rate(part: int, whole: int) -> str:
    """A quotient as this tool prints it: all its digits, whole numbers without a point."""
    return f"{part // whole}" if part % whole == 0 else repr(part / whole)


def search_console(world: World) -> Iterator[File]:
    """Performance on search results, a ZIP a year: days in one member, queries and pages of the whole range in others.

    Rare queries are withheld, so that the queries never add up to the days.
    """
    company = world.company
    for first, last in company.years:
        days = [day for day in world.search if first <= day.day <= last]
        clicks, impressions = sum(day.clicks for day in days), sum(day.impressions for day in days)
        columns = ("Clicks", "Impressions", "CTR", "Position")
        members: dict[str, list[Row]] = {
            "Dates.csv": [("Date", *columns), *map(_search_row, days)],
            "Queries.csv": [("Top queries", *columns), *_part(QUERIES, clicks, impressions)],
            "Pages.csv": [("Top pages", *columns), *_part(PAGES, clicks, impressions)],
            "Filters.csv": [("Filter", "Value"), ("Search type", "Web"), ("Date", f"{first} - {last}")],
        }
        yield f"fathomere.example-Performance-on-Search-{last}.zip", _zip(members, last)


def _search_row(day: SearchDay) -> tuple[str, ...]:
    return (f"{day.day}", str(day.clicks), str(day.impressions), percent(day.clicks, day.impressions),
            f"{day.position / 10:.1f}")  # fmt: skip


def _part(shares: Sequence[tuple[str, float, float, float]], clicks: int, impressions: int) -> Iterator[Row]:
    for label, of_clicks, of_impressions, position in shares:
        seen = round(impressions * of_impressions)
        clicked = min(round(clicks * of_clicks), seen)
        yield label, str(clicked), str(seen), percent(clicked, seen), f"{position}"


def _zip(members: dict[str, list[Row]], day: date) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, rows in members.items():
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 9, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, utf8(table(rows)))
    return out.getvalue()
