"""Invariants: what no row of a fact may break, whichever source it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from leadline.ingest.source import Severity
from leadline.model.fact import Fact
from leadline.sql.name import quote

EARLIEST = dt.date(1990, 1, 1)
"""No marketing record is older; a date before it was read wrongly."""

PLANNED = {
    "deal": ("expected_close_at",),
    "subscription": ("ended_at", "canceled_at", "trial_ended_at"),
    "goal": ("date", "ends"),
    "cost": ("date",),
    "event_member": ("event_at",),
}
"""Times that may lie in the future."""

FREE_SIGN = {"order": ("quantity",), "goal": ("target",), "survey": ("score",)}
"""Measures that may be negative though they are no money: returned units, targets of change, scores from -100."""


class Invariant(Struct, frozen=True):
    """A rule over fact columns: `broken` is SQL that is true for a bad row (null counts as good).

    With `whole`, `broken` is an aggregate over the delivery. A source's own check of the same `rule` takes its place.
    """

    rule: str
    needs: tuple[str, ...]
    broken: str
    what: str
    fix: str
    severity: Severity = "error"
    whole: bool = False


_AGAIN = "export again; the columns may have been edited, shifted or mapped to the wrong ones"
_CLICKS = (
    Invariant(
        "clicks-exceed-impressions",
        ("clicks", "impressions"),
        "clicks > impressions",
        "has more clicks than impressions",
        "a click just after midnight can do this; otherwise export again",
        "warning",
    ),
    Invariant(
        "clicks-exceed-impressions",
        ("clicks", "impressions"),
        "sum(clicks) > sum(impressions) AND count(impressions) = count(clicks)",
        "has more clicks than impressions over all rows",
        _AGAIN,
        whole=True,
    ),
)


def _order(rule: str, late: str, early: str) -> Invariant:
    """`late` must not come before `early`; a day of grace, for one of them may be a date without a time."""
    return Invariant(
        rule,
        (late, early),
        f"{quote(late)} < {quote(early)} - INTERVAL 1 DAY",
        f"has {late} before {early}",
        "correct the dates in the source, or the order of day and month with `dates:`",
    )


def _at_most(part: str, whole: str, severity: Severity = "error") -> Invariant:
    return Invariant(
        f"{part}-exceed-{whole}",
        (part, whole),
        f"{quote(part)} > {quote(whole)}",
        f"has more {part} than {whole}",
        _AGAIN,
        severity,
    )


def _not_negative(column: str, severity: Severity = "error") -> Invariant:
    rule = "negative-amount"
    return Invariant(rule, (column,), f"{quote(column)} < 0", f"has a negative {column}", _AGAIN, severity)


SPECIFIC: Mapping[str, tuple[Invariant, ...]] = {
    "ad": (
        *_CLICKS,
        _not_negative("spend", "warning"),
        _at_most("video_completes", "video_views", "warning"),
        _at_most("viewable_impressions", "measurable_impressions"),
    ),
    "search": (*_CLICKS, _not_negative("spend", "warning")),
    "session": (_at_most("engaged_sessions", "sessions"),),
    "email": (
        _at_most("delivered", "sent"),
        _at_most("opens", "delivered"),
        _at_most("bounces", "sent"),
        _at_most("hard_bounces", "sent"),
        _at_most("unsubscribes", "sent"),
        _at_most("opens", "total_opens"),
        _at_most("clicks", "total_clicks"),
    ),
    "deal": (
        _order("negative-lag", "won_at", "created_at"),
        _order("negative-lag", "lost_at", "created_at"),
        _order("negative-lag", "closed_at", "created_at"),
        _not_negative("amount", "warning"),
        Invariant(
            "share-out-of-range",
            ("probability",),
            "probability NOT BETWEEN 0 AND 1",
            "has a probability outside 0 to 1",
            "map percentages divided by 100, or give the column type percent",
        ),
    ),
    "subscription": (
        _order("negative-lag", "ended_at", "started_at"),
        _order("negative-lag", "trial_ended_at", "trial_started_at"),
        _not_negative("mrr"),
    ),
    "referral": (
        _order("negative-lag", "accepted_at", "invited_at"),
        _order("negative-lag", "converted_at", "invited_at"),
    ),
    "order": (_not_negative("fee", "warning"), _not_negative("refunded", "warning")),
    "survey": (
        Invariant(
            "share-out-of-range",
            ("score", "scale_max"),
            "score > scale_max",
            "has a score above the scale",
            "correct the score or `scale_max`",
        ),
    ),
    "collab": (_not_negative("fee"),),
    "fx_rate": (
        Invariant("rate-not-positive", ("rate",), "rate <= 0", "has a rate of zero or less", "correct the rate"),
    ),
}


def invariants(fact: Fact, columns: tuple[str, ...], replaced: frozenset[str], today: dt.date) -> list[Invariant]:
    """The rules that apply to a fact's `columns`, without those a source's own checks replace.

    `today` bounds times from above, with a day of grace for time zones.
    """
    rules = list(SPECIFIC.get(fact.name, ()))
    free = FREE_SIGN.get(fact.name, ())
    counts = [
        column.name
        for column in fact.columns
        if column.name in columns and column.role == "measure" and column.unit != "money" and column.name not in free
    ]
    if counts:
        least = f"least({', '.join(quote(name) for name in counts)}) < 0"
        rules.append(Invariant("negative-count", tuple(counts[:1]), least, "has a negative count", _AGAIN))
    late = (today + dt.timedelta(days=2)).isoformat()
    planned = PLANNED.get(fact.name, ())
    for column in fact.columns:
        if column.name not in columns or column.type not in ("date", "timestamp"):
            continue
        name = quote(column.name)
        fix = "correct the date, or the order of day, month and year with `dates:` in the mapping"
        rules.append(
            Invariant(
                "date-out-of-range",
                (column.name,),
                f"{name} < DATE '{EARLIEST}'",
                f"has a {column.name} before {EARLIEST.year}",
                fix,
            )
        )
        if column.name not in planned:
            rules.append(
                Invariant(
                    "date-out-of-range",
                    (column.name,),
                    f"{name} >= DATE '{late}'",
                    f"has a {column.name} in the future",
                    fix,
                )
            )
    return [rule for rule in rules if set(rule.needs) <= set(columns) and rule.rule not in replaced]


def formula_cells(fact: Fact, columns: tuple[str, ...]) -> str:
    """SQL that is true when a text cell of the row would run as a formula in a spreadsheet; empty without text."""
    texts = [column.name for column in fact.columns if column.name in columns and column.type == "text"]
    # A comparison with the first letter leaves few cells to the regular expression; AND alone would not spare it any.
    parts = [
        f"CASE WHEN {cell} < '0' AND {cell} >= '+' OR {cell} >= '=' AND {cell} < 'A' "
        f"THEN regexp_matches({cell}, '^(=|[-+@][^(|!]*[(|!])') ELSE false END"
        for name in texts
        if name not in ("platform", "level", "currency")
        for cell in (quote(name),)
    ]
    return " OR ".join(parts)
