"""Which touches earned a conversion, under every model at once, with cost beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadline.errors import RefusedError, UsageError, unknown
from leadline.model import tree
from leadline.model.infer import TOUCHES, check_condition
from leadline.model.note import Note
from leadline.model.text import condition_text
from leadline.plan.leg import Named, Scan
from leadline.plan.query import FactState, Query
from leadline.plan.span import time_column
from leadline.workspace.beside import answered_near
from leadline.workspace.identity import Identifying
from leadline.workspace.measure import Measuring

if TYPE_CHECKING:
    from leadline.attribution.answer import Attribution, PlatformClaim
    from leadline.attribution.compare import Claims
    from leadline.attribution.conversion import Conversion
    from leadline.attribution.credit import Credit
    from leadline.attribution.economics import Money
    from leadline.attribution.read import Reading
    from leadline.model.fact import Fact
    from leadline.model.level import Level

MEDIA = "media"
_LEADS, _ORDERS = ("lead", "leads"), ("order", "orders", "revenue")
CLAIMED = {"ecommerce": _ORDERS, "": (*_LEADS, *_ORDERS)}
"""Conversions that ad platforms count themselves, by the model of the business (others: leads), so that their claims
can be held against them."""


class Attributing(Measuring, Identifying):
    """Credits conversions to touches."""

    @answered_near
    def attribute(
        self,
        conversion: str = "deal",
        *,
        by: str = "channel",
        period: str | None = None,
        models: str | Sequence[str] = "all",
        lookback: float | None = None,
        level: Level = "person",
        where: str | None = None,
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        count: bool = False,
        shift: str | tuple[str, str, float] | None = None,
        claims: bool | None = None,
    ) -> Attribution:
        """Credit of a conversion by every model, with ranges, cost, what platforms claim, and a budget shift judged.

        `conversion` is deal, deal_created, order, a stage (lead, mql, …) or a metric that is a sum or a count; `by` a
        dimension of touches; `models` all, or names; `lookback` in days, else the workspace's. `count` ranks by
        conversions even where they have a value. `shift` is "1000 from Paid Social to Email", or (from, to, amount).
        `claims` holds the platforms' conversions against these even if they are of a kind that platforms do not count.
        Conditions in `where` are on the conversions. Raises `UsageError` or `RefusedError`, never a wrong number.
        """
        from leadline.attribution.answer import Attribution, controlled
        from leadline.attribution.choice import choose_credits
        from leadline.attribution.compare import parse_shift, survives
        from leadline.attribution.conversion import find_conversion

        asked = self.ask((), period=period, where=where, as_known_at=as_known_at, currency=currency, lookback=lookback)
        found = find_conversion(conversion, self.metrics, self.facts, self._stages(asked))
        self._check_asked(found, by, asked)
        moved = parse_shift(shift)
        reading, statements = self._reading(found, by, asked, level)
        credits, left_out = choose_credits(models, reading, found.label)
        by_value = found.valued and not count
        code = reading.currencies[0] if reading.currencies else asked.currency or self._only_currency(found)
        happened, value = self._happened(found, asked)
        money, notes = self._money(by, asked, code if found.money else "")
        customers, why = self._customers(by, asked, level, [credit.model for credit in credits])
        if why:
            notes.append(why)
        about = found.name in CLAIMED.get(self.settings.model, _LEADS) if claims is None else claims
        held, platforms, note = self._claims(by, asked, reading, credits, held=about, name=found.label)
        notes += [note] if note else []
        control = controlled(credits, happened, value)
        if not control.holds:
            raise RefusedError(
                "credit-does-not-add-up",
                f"Credits of {found.label} do not add up to what was counted ({control.off:g} conversions, "
                f"{control.off_value:g} of value apart).",
                why="conversions of one order lie at several moments, or a definition counts other rows",
                fix="look at them with `leadline explain`, and report it with their rows",
            )
        verdict = None
        if moved is not None:
            verdict = survives(
                credits, money.by_label if money else {}, source=moved[0], target=moved[1], amount=moved[2],
                by_value=by_value,
            )  # fmt: skip
        return Attribution(
            conversion=found.name,
            label=found.label,
            by=by,
            level=level,
            lookback=asked.lookback_days,
            default=asked.attribution,
            by_value=by_value,
            valued=found.valued,
            currency=code if found.money else money.currency if money else "",
            credits=tuple(credits),
            customers=tuple(customers),
            money=money,
            claims=held,
            platforms=tuple(platforms),
            shift=verdict,
            control=control,
            left_out=left_out,
            notes=tuple(notes),
            provenance=self._provenance(found, asked, reading, statements),
        )

    # The question

    def _stages(self, asked: Query) -> list[str]:
        """Stages that anyone has entered, now or as the question wants them known."""
        found: set[str] = set()
        for load in {None, asked.as_of_load}:
            entry = self.warehouse().relation("stage_entry", load)
            rows = self.warehouse().rows(f"SELECT DISTINCT stage FROM {entry} AS entry WHERE stage IS NOT NULL")[1]
            found |= {str(row[0]) for row in rows}
        return sorted(found)

    def _check_asked(self, found: Conversion, by: str, asked: Query) -> None:
        touch, fact = self.facts[TOUCHES], self.facts[found.measure.fact]
        if not touch.has(by) or by not in touch.dimensions:
            lend = f"an own one is declared in leadline.yaml (`facts: {{touch: {{{by}: {{doc: …}}}}}}`) and mapped"
            raise unknown("dimension of touches", by, touch.dimensions, fix=lend)
        for name, what in ((TOUCHES, "touches of known people"), (fact.name, f"rows of {fact.name}")):
            if not self._has_rows(name, asked):
                raise RefusedError(
                    "no-source",
                    f"Nothing can be credited yet: there are no {what}.",
                    why=f"no source feeds the fact {name}",
                    fix=f"load {self.facts[name].fed_by}",
                )
        if asked.where is None:
            return
        for name in tree.columns_of(asked.where):
            if not fact.has(name):
                raise unknown("column of these conversions", name, fact.column_names)
            if touch.has(name):
                raise RefusedError(
                    "filter-of-touches",
                    f"A filter by {name} could mean the conversions or their touches.",
                    why=f"both {fact.name} and {TOUCHES} have it; credit of touches by {name} is a row of the answer",
                    fix=f"ask --by {name}, or filter by {_own_columns(fact, touch)}",
                )
        check_condition(asked.where, fact, f"where {condition_text(asked.where)}")

    def _reading(self, found: Conversion, by: str, asked: Query, level: Level) -> tuple[Reading, list[str]]:
        """The paths of a question and the statements they were read by."""
        from leadline.attribution.read import read_paths
        from leadline.attribution.relation import Asked, Relations
        from leadline.model.level import check_level
        from leadline.time.zone import day_start

        if check_level(level) == "account":
            # Who is with whom must not hang on whether anybody asked for a journey since the last load.
            self.refresh_identity()
        if not asked.lookback_days > 0:
            raise UsageError(
                "bad-lookback", f"A lookback of {asked.lookback_days:g} days sees nothing.", fix="give more than 0"
            )
        span = (asked.period.start, asked.period.end) if asked.period else None
        state = self.states().get(found.measure.fact, FactState())
        question = Asked(
            conversion=found,
            by=by,
            lookback=asked.lookback_days,
            level=level,
            span=span,
            timezone=asked.timezone,
            calendar=asked.calendar,
            where=(asked.where,) if asked.where is not None else (),
            split=found.money and len(state.currencies) > 1 and not asked.currency,
        )
        leg = question.leg()
        renderer = self._ready(asked, [leg]).for_leg(leg)
        relations = Relations(question, renderer, frozenset(self.states()), self._has_registry())
        warehouse = self.warehouse()
        statements = [relations.paths()]
        won = warehouse.rows(statements[0])[1]
        known = self._touches_until(asked)
        lost: Sequence[tuple[Any, ...]] = ()
        if known is not None:
            begins = day_start(span[0], asked.timezone) if span else None
            over = day_start(span[1], asked.timezone) if span else None
            statements.append(relations.failures(begins, min(over, known) if over else known, over))
            lost = warehouse.rows(statements[1])[1]
        return read_paths(won, lost, nameless=f"(no {by})"), statements

    def _touches_until(self, asked: Query) -> dt.datetime | None:
        """Just after the last touch known."""
        from leadline.time.zone import day_start

        if asked.as_of_load is None:
            bounds = self.states()[TOUCHES].bounds("touched_at")
            latest = bounds[1] if bounds else None
        else:
            # The ledger tells of the rows there are now: those known then may have been taken back since.
            latest = self._rows_of(TOUCHES, asked, "max(touched_at)")
        if latest is None:
            return None
        last = latest + dt.timedelta(microseconds=1)
        if asked.as_of_load is not None and asked.today is not None:
            last = min(last, day_start(asked.today + dt.timedelta(days=1), asked.timezone))
        return last

    def _has_rows(self, fact: str, asked: Query) -> bool:
        """Whether there are rows of a fact, now or as the question wants them known."""
        if self.states().get(fact, FactState()).rows:
            return True
        return asked.as_of_load is not None and bool(self._rows_of(fact, asked, "count(*)"))

    def _rows_of(self, fact: str, asked: Query, figure: str) -> Any:
        """A figure of all rows of a fact as the question wants them known."""
        relation = self.warehouse().relation(fact, asked.as_of_load)
        return self.warehouse().rows(f"SELECT {figure} FROM {relation} AS known")[1][0][0]

    def _has_registry(self) -> bool:
        """Whether who is who and with whom has been made (`leadline.journey.registry`)."""
        from leadline.engines.address import is_address

        if is_address(self.settings.warehouse):
            return False
        rows = self.warehouse().rows(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = 'employer'"
        )[1]
        return bool(rows[0][0])

    # What it is held against

    def _scan(self, asked: Query, measures: Mapping[str, tree.Sum | tree.Count], by: tuple[str, ...] = ()) -> Scan:
        """A plain scan of one fact over the period, apart from any credit."""
        first = next(iter(measures.values()))
        return Scan(
            fact=first.fact,
            by=by,
            where=(asked.where,) if asked.where is not None else (),
            spans=((asked.period.start, asked.period.end),) if asked.period else (),
            grain=None,
            window=0,
            calendar=asked.calendar,
            timezone=asked.timezone,
            time=time_column(first, self.facts),
            measures=tuple(Named(name, measure) for name, measure in measures.items()),
        )

    def _scanned(self, asked: Query, leg: Scan) -> list[tuple[Any, ...]]:
        return self.warehouse().rows(self._ready(asked, [leg]).render(leg))[1]

    def _happened(self, found: Conversion, asked: Query) -> tuple[float, float]:
        """Conversions and their value, counted by the definitions of the metrics and without any touch."""
        from leadline.attribution.answer import plain

        measure = found.measure
        counted: Any = tree.Count(measure.fact, measure.where, measure.at)
        if found.key:
            counted = tree.Distinct(measure.fact, tree.Column(found.key), measure.where, measure.at)
        rows = self._scanned(asked, self._scan(asked, {"m0": counted, "m1": measure}))
        if not rows:
            return 0.0, 0.0
        return plain(rows[0][0]), plain(rows[0][1])

    def _only_currency(self, found: Conversion) -> str:
        known = self.states().get(found.measure.fact, FactState()).currencies
        return known[0] if found.money and len(known) == 1 else ""

    def _money(self, by: str, asked: Query, currency: str) -> tuple[Money | None, list[str]]:
        """Cost of the period by label, in the currency of the conversions' value."""
        from leadline.attribution.answer import plain
        from leadline.attribution.economics import joined_cost

        notes: list[str] = []
        media: dict[str | None, float] = {}
        booked: dict[str | None, float] = {}
        spent: dict[str | None, float] = {}
        codes: set[str] = set()
        for fact, metric, extra in (("ad", "ad_spend", ()), ("cost", "program_spend", ("category",))):
            if not self.states().get(fact, FactState()).rows or metric not in self.metrics:
                notes.append(Note("No cost from {fact}: load {files}.", fact=fact, files=self.facts[fact].fed_by))
                continue
            if not self.facts[fact].has(by):
                notes.append(
                    Note("Cost of the fact {fact} has no {by}, so it is not in this answer.", fact=fact, by=by)
                )
                continue
            result = self._costs(metric, (by, *extra), asked)
            codes |= {column.currency for column in result.columns if column.currency}
            for row in result.rows:
                label, amount = row[0] if row[0] is None else str(row[0]), plain(row[-1])
                target = media if fact == "ad" else booked if row[1] == MEDIA else spent
                target[label] = target.get(label, 0.0) + amount
        if not (media or booked or spent):
            return None, notes
        if len({*codes, *([currency] if currency else [])}) > 1:
            raise RefusedError(
                "mixed-currencies",
                f"Cost and value are in {', '.join(sorted({*codes, currency}))}.",
                why="a return needs both in one currency",
                fix="convert them with --currency CODE, or set reporting_currency in leadline.yaml",
            )
        from leadline.charts.value import format_value

        money = joined_cost(media, booked, spent, codes.pop() if codes else currency)
        if money.booked_twice:
            told = format_value(money.booked_twice, "money", currency=money.currency)
            notes.append(
                Note("Media of {amount} booked by finance is left out: the platforms report it as spend.", amount=told)
            )
        if money.without_label:
            told = format_value(money.without_label, "money", currency=money.currency)
            notes.append(
                Note(
                    "Marketing cost of {amount} has no {by}: it is in the total, and in no {by}'s figures.",
                    amount=told,
                    by=by,
                )
            )
        return money, notes

    def _costs(self, metric: str, by: tuple[str, ...], asked: Query) -> Any:
        query = Query(
            metrics=(metric,),
            by=by,
            period=asked.period,
            calendar=asked.calendar,
            timezone=asked.timezone,
            as_of_load=asked.as_of_load,
            today=asked.today,
            currency=asked.currency,
        )
        return self.run(self.compile(query))

    def _customers(self, by: str, asked: Query, level: Level, models: Sequence[str]) -> tuple[list[Credit], str]:
        """Credit for new customers under the same models, or why there is none."""
        from msgspec.structs import replace

        from leadline.attribution.choice import credits_of
        from leadline.attribution.conversion import CUSTOMERS, STAGES, find_conversion

        if CUSTOMERS not in self.metrics:
            return [], Note("No cost per customer: this workspace has no metric new_customers.")
        found = find_conversion(CUSTOMERS, self.metrics, self.facts, ())
        if found.measure.fact == STAGES and "customer" not in self._stages(asked):
            return [], Note("No cost per customer: nobody has entered the stage customer (load a CRM's stages).")
        reading, _ = self._reading(found, by, replace(asked, where=None), level)
        return credits_of(models, reading), ""

    def _claims(
        self, by: str, asked: Query, reading: Reading, credits: Sequence[Credit], *, held: bool, name: str
    ) -> tuple[Claims | None, list[PlatformClaim], str]:
        """What the ad platforms claim, against the conversions that happened."""
        from leadline.attribution.answer import PlatformClaim, plain
        from leadline.attribution.compare import conversions_with, over_claim

        if not self.states().get("ad", FactState()).rows or not self.facts["ad"].has(by) or asked.where is not None:
            return None, [], ""
        claimed = tree.Sum("ad", tree.Column("conversions"))
        leg = self._scan(asked, {"m0": claimed}, (by, "platform"))
        by_label: dict[str, float] = {}
        by_platform: dict[str, dict[str, float]] = {}
        for label, platform, amount in self._scanned(asked, leg):
            if amount is None:
                continue
            key = f"(no {by})" if label is None else str(label)
            by_label[key] = by_label.get(key, 0.0) + plain(amount)
            mine = by_platform.setdefault(str(platform or "unknown"), {})
            mine[key] = mine.get(key, 0.0) + plain(amount)
        if not by_label:
            return None, [], ""
        if not held:
            total, own = sum(by_label.values()), CLAIMED.get(self.settings.model, _LEADS)
            return None, [], (
                Note(
                    "Ad platforms claim {count} conversions; what they count is not {name}: `leadline attribute "
                    "{goal}` holds their claims against what happened.",
                    count=round(total), name=name.lower(), goal=own[0],
                )
            )  # fmt: skip
        found = []
        for platform, labels in sorted(by_platform.items()):
            touched = conversions_with(reading.paths, *labels)
            total = sum(labels.values())
            factor = total / touched if touched else None
            found.append(PlatformClaim(platform, tuple(sorted(labels)), total, touched, factor))
        return over_claim(reading.paths, credits, by_label), found, ""

    def _provenance(
        self, found: Conversion, asked: Query, reading: Reading, statements: Sequence[str]
    ) -> dict[str, Any]:
        known = self._touches_until(asked)
        load = asked.as_of_load
        if load is None:
            rows = self.warehouse().rows("SELECT max(_load) FROM " + self.warehouse().relation(TOUCHES) + " AS touch")
            load = rows[1][0][0]
        return {
            "question": {
                "metrics": list(found.metrics),
                "fact": found.measure.fact,
                "where": condition_text(asked.where) if asked.where is not None else None,
            },
            "period": {
                "from": asked.period.start.isoformat(),
                "until": asked.period.end.isoformat(),
                "label": asked.period.label,
            }
            if asked.period
            else None,
            "timezone": asked.timezone,
            "touches_until": known.isoformat() if known else None,
            "load": load,
            "conversions": reading.conversions,
            "without_touch": reading.untouched,
            "touches": reading.touches,
            "failed_journeys": reading.failed,
            "still_open": reading.still_open,
            "sql": list(statements),
            **self.rules_told([TOUCHES] if self.needs_rules(TOUCHES, asked.as_of_load) else []),
        }


def _own_columns(fact: Fact, touch: Fact) -> str:
    return ", ".join(name for name in fact.dimensions if not touch.has(name))
