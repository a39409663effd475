"""A question in words becomes a query: names, dates, currency and moment of knowledge are resolved first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from leadline.errors import DefinitionError, UsageError, unknown
from leadline.model.tree import CREDIT_MODELS, CreditModel
from leadline.plan.query import Comparison, Query
from leadline.project import is_currency
from leadline.time.period import check_grain, parse_period
from leadline.workspace.ground import Ground

ORIGINAL = "original"
"""The word for amounts in the currencies they are in."""
NEWEST = "newest"
"""The word for the definitions that are in effect now, in every period."""


class Asking(Ground):
    """Makes queries."""

    def ask(
        self,
        metrics: Sequence[str],
        *,
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        attribution: str | None = None,
        lookback: float | None = None,
        definition: str | None = None,
    ) -> Query:
        """The query of these words, with its dates resolved."""
        condition = None
        if where:
            from leadline.model.parse import parse_condition

            try:
                condition = parse_condition(where)
            except DefinitionError as error:
                raise UsageError(
                    "bad-filter", error.what.replace("formula", "filter"), why=error.why, fix=error.fix
                ) from None
        compared: list[Comparison] = []
        for word in compare:
            if word == "previous":
                compared.append("previous")
            elif word == "year":
                compared.append("year")
            else:
                raise unknown("comparison", word, ("previous", "year"))
        calendar = self.settings.calendar
        return Query(
            metrics=tuple(dict.fromkeys(metrics)),
            by=tuple(by),
            grain=check_grain(grain),
            period=parse_period(period, self.today, calendar) if period else None,
            where=condition,
            compare=tuple(dict.fromkeys(compared)),
            calendar=calendar,
            timezone=self.settings.timezone,
            today=self.known_day(as_known_at),
            as_of_load=self.load_at(as_known_at) if as_known_at is not None else None,
            currency=self._reporting(currency),
            attribution=self._model(attribution),
            lookback_days=self.settings.lookback_days if lookback is None else lookback,
            definition=_definition_day(definition),
        )

    def _model(self, name: str | None) -> CreditModel:
        """The attribution model asked for, else the workspace's."""
        for model in CREDIT_MODELS:
            if model == (name or self.settings.attribution):
                return model
        raise unknown("attribution model", str(name), CREDIT_MODELS)

    def _reporting(self, currency: str | None) -> str:
        """The currency to convert amounts into: as asked, else the workspace's; empty for none."""
        if currency is None:
            return self.settings.reporting_currency
        if currency.lower() == ORIGINAL:
            return ""
        code = currency.upper()
        if not is_currency(code):
            raise UsageError(
                "unknown-currency",
                f"{currency!r} is not a currency.",
                why="a currency is a code of three letters",
                fix=f"write for example EUR, or `{ORIGINAL}` to leave amounts as they are",
            )
        return code

    def known_day(self, moment: str | dt.datetime | None) -> dt.date:
        """The last local day of which anything can be known: today, or the day of an earlier moment of knowledge."""
        if moment is None:
            return self.today
        if isinstance(moment, str):
            try:
                moment = dt.datetime.fromisoformat(moment)
            except ValueError:
                # Said with its cure where the load of that moment is looked up.
                return self.today
        if moment.tzinfo is not None:
            from leadline.time.zone import zone

            moment = moment.astimezone(zone(self.settings.timezone))
        return min(moment.date(), self.today)

    def load_at(self, moment: str | dt.datetime) -> int:
        """The last load known at a moment: an ISO date (its end) or time in the workspace's zone."""
        from leadline.time.zone import day_start, zone

        if isinstance(moment, str):
            try:
                if len(moment) == 10:
                    instant = day_start(dt.date.fromisoformat(moment) + dt.timedelta(days=1), self.settings.timezone)
                    return self.warehouse().load_at(instant)
                moment = dt.datetime.fromisoformat(moment)
            except ValueError as error:
                raise UsageError(
                    "bad-moment", f"{moment!r} is not a date or time.", fix="write 2026-03-31 or 2026-03-31T18:00"
                ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(self.settings.timezone))
        return self.warehouse().load_at(moment.astimezone(dt.UTC).replace(tzinfo=None))


def _definition_day(word: str | None) -> dt.date | None:
    """The day whose definitions are to hold in every period; None: each period's own."""
    if word is None:
        return None
    if word.lower() == NEWEST:
        return dt.date.max
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        raise UsageError(
            "bad-definition-day",
            f"{word!r} names no definition.",
            why="definitions are told apart by the days they hold on",
            fix=f"write `{NEWEST}`, or a day such as 2026-05-31",
        ) from None
