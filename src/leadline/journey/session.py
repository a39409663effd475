"""Visits made of single page views by the rule of a tool: engaged, bounced, pages, time on page, who is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.charts.label import escape
from leadline.charts.value import format_value

if TYPE_CHECKING:
    from leadline.timeline.sessions import SessionRow

UNATTRIBUTED = "Unattributed"


class Visits(Struct, frozen=True):
    """The visits of one row (`group`), or all of them.

    Rates are shares of the sessions, `pages` views a session, `time_on_page` seconds over the views whose end is known.
    `new` people came for the first time ever, `returning` ones had been there before; who did both within the period
    is both, so that the two may exceed the people.
    """

    group: str | None
    sessions: int
    people: int
    new: int
    returning: int
    engaged: float | None
    bounced: float | None
    pages: float | None
    time_on_page: float | None


class SessionsAnswer(Struct, frozen=True):
    """Rows, most sessions first, and all visits; with where the numbers come from."""

    preset: str
    by: str
    rows: tuple[Visits, ...]
    all: Visits
    provenance: dict[str, Any]

    def to_dicts(self) -> list[dict[str, Any]]:
        """A mapping a row, or one for all visits where they were not broken down."""
        return list(self._dicts())

    def _dicts(self) -> Iterator[dict[str, Any]]:
        for row in self.rows or (self.all,):
            yield {**({self.by: row.group} if self.by else {}), **_figures(row)}

    def to_pandas(self) -> Any:
        """The rows of `to_dicts` as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.to_dicts())

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{head}</th>' for head in (self.by or "visits", *HEADS))
        lines = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f'<td style="text-align:right">{escape(text)}</td>' for text in texts)
            + "</tr>"
            for name, texts in lines_of(self)
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


HEADS = ("sessions", "people", "new", "returning", "engaged", "bounced", "pages", "time on page (s)")


def lines_of(answer: SessionsAnswer) -> list[tuple[str, Sequence[str]]]:
    """The name and the figures of each row as people read them, the one for all last."""
    rows = [(row.group or UNATTRIBUTED, _texts(row)) for row in answer.rows]
    return [*rows, ("All", _texts(answer.all))]


def _texts(row: Visits) -> tuple[str, ...]:
    return (
        *(format_value(count) for count in (row.sessions, row.people, row.new, row.returning)),
        *(format_value(share, "percent", digits=1) for share in (row.engaged, row.bounced)),
        format_value(row.pages, digits=2),
        format_value(row.time_on_page, digits=0),
    )


def _figures(row: Visits) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Visits.__struct_fields__ if name != "group"}


def visits_of(row: SessionRow) -> Visits:
    """What a timeline counted, as figures."""
    return Visits(
        row.group,
        row.sessions,
        row.people,
        row.new,
        row.returning_people,
        row.engaged / row.sessions if row.sessions else None,
        row.bounce_rate,
        row.pages_per_session,
        row.time_on_page,
    )
