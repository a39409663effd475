"""Coverage: which questions of the plan today's sources answer, and which source would unlock most of the rest.

A question is answered when each of its metrics, broken down as asked, can be computed and has a value in the recent
period, and the source furthest behind speaks for four fifths of its days. Where they cannot, other evidence that the
question names may answer it, read by the code that shows it elsewhere, so that no two pages contradict each other. What
is missing is named as fact, column or member, with what brings it. The ranking is greedy: first the one source after
which most questions are answered in full, then the next one given those before; among equals the one that the
unanswered questions wait for most.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from leadline.charts.label import clean, escape
from leadline.charts.scale import Number
from leadline.errors import UsageError
from leadline.governance.goal import goals_of
from leadline.governance.mailed import Told, reminder_mails
from leadline.governance.measurable import Gap, Inventory, goal_span, values_of
from leadline.governance.question import model_of, questions_of
from leadline.model.infer import meaning_of
from leadline.model.question import MODELS, Evidence, JourneyStage, Question
from leadline.time.period import Period, parse_period
from leadline.workspace import Workspace

RECENT = "last-90-days"
ENOUGH = 0.8
"""The share of the period's days that must be spoken for."""
MOST_UNLOCKS = 7
State = Literal["yes", "partly", "no"]
Key = tuple[str, str, str, str]
_EVIDENCE: Mapping[Evidence, Callable[[Workspace, Inventory], Told | None]] = {"reminder_mails": reminder_mails}


class Measured(Struct, frozen=True):
    """A metric of a question: its value over the period and, where something stands in the way, what.

    Without `metric` it is what other evidence tells. `gaps` are what the metric itself lacks, `cut` what its breakdown
    does; `problem` why there is no value though nothing is missing. `over` are the first and the last day that `value`
    is about where these are not those of the period: what is held against goals is told over the whole goals in it.
    """

    metric: str
    name: str
    value: Number | None = None
    unit: str = ""
    currency: str = ""
    gaps: tuple[Gap, ...] = ()
    cut: tuple[Gap, ...] = ()
    problem: str = ""
    over: tuple[dt.date, dt.date] | None = None


class Answered(Struct, frozen=True):
    """A question with its answer to date: `until` its data reach, `complete` the share of the period's days.

    `told` says in words which other evidence answers it where its metrics do not, `missing`, most important first, why
    it is not answered in full.
    """

    id: str
    ask: str
    stage: JourneyStage
    state: State
    measured: tuple[Measured, ...]
    by: tuple[str, ...] = ()
    until: dt.date | None = None
    complete: float = 0.0
    missing: tuple[str, ...] = ()
    decision: str = ""
    origin: str = ""
    told: str = ""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All that this question waits for."""
        found = {gap.key: gap for one in self.measured for gap in (*one.gaps, *one.cut)}
        return tuple(found.values())


class Unlock(Struct, frozen=True):
    """A source to connect (or a column to fill): the questions answered in full after it and those above it.

    `waiting` are the questions not answered today that need it, alone or with others.
    """

    words: str
    kind: str
    fact: str
    questions: tuple[str, ...]
    waiting: tuple[str, ...]
    missing: tuple[str, ...] = ()


class Coverage(Struct, frozen=True):
    """The questions in the order of the journey, and what to connect next."""

    workspace: str
    model: str
    start: dt.date
    end: dt.date
    questions: tuple[Answered, ...]
    unlocks: tuple[Unlock, ...]
    until: dt.date | None = None

    @property
    def business(self) -> str:
        """The business model in words."""
        return MODELS[self.model]

    def of(self, state: State) -> tuple[Answered, ...]:
        """The questions of a state."""
        return tuple(one for one in self.questions if one.state == state)

    def _repr_html_(self) -> str:
        """The questions as a page's table, for notebooks."""
        rows = "".join(
            f"<tr><td>{one.state}</td><td>{escape(one.ask)}</td><td>{one.until or '–'}</td>"
            f"<td>{escape('; '.join(one.missing) or (one.told and f'by {one.told}'))}</td></tr>"
            for one in self.questions
        )
        ranked = "".join(
            f"<li>{escape(one.words)}: {len(one.questions) or len(one.waiting)} questions</li>" for one in self.unlocks
        )
        counts = f"{len(self.of('yes'))} of {len(self.questions)} questions answered"
        return (
            f"<table><caption>{escape(self.workspace)}: {counts}</caption><thead><tr><th>answered</th><th>question</th>"
            f"<th>data until</th><th>missing</th></tr></thead><tbody>{rows}</tbody></table><ol>{ranked}</ol>"
        )


def build_coverage(workspace: Workspace, *, model: str = "", period: str = "") -> Coverage:
    """Which questions are answered, from the ledger, one statement a fact and one query over all metrics.

    Raises `UsageError` for a model or period that is not, `DefinitionError` for a wrong file of questions.
    """
    model = model_of(workspace, model)
    questions = questions_of(workspace, model)
    span = parse_period(period or RECENT, workspace.today, workspace.settings.calendar)
    if span is None:
        raise UsageError(
            "no-period", "Coverage looks at a period, not at all time.", fix="write for example --period last-90-days"
        )
    inventory = Inventory(workspace, [(name, one.by) for one in questions for name in one.metrics], span)
    names = dict.fromkeys(name for one in questions for name in one.metrics)
    able = [name for name in names if not inventory.standing(name).gaps]
    over = _goal_spans(workspace, inventory, able, span)
    values, problems = values_of(workspace, [name for name in able if name not in over], span.written)
    for name, (first, last) in over.items():
        own, why = values_of(workspace, [name], f"{first}..{last}")
        values, problems = values | own, problems | why
    found = tuple(_answered(one, workspace, inventory, values, problems, over) for one in questions)
    return Coverage(
        workspace=clean(str(workspace.settings.name or workspace.path.name)),
        model=model,
        start=span.start,
        end=span.end,
        questions=found,
        unlocks=unlocks_of(found),
        until=max((one.until for one in found if one.until), default=None),
    )


def _goal_spans(
    workspace: Workspace, inventory: Inventory, metrics: Sequence[str], span: Period
) -> dict[str, tuple[dt.date, dt.date]]:
    """The days, both included, over which metrics held against goals are told."""
    aimed = [name for name in metrics if any(part.fact == "goal" for part in inventory.parts(name))]
    goals = goals_of(workspace) if aimed else []
    found = {name: goal_span(inventory.parts(name), goals, span.start, span.end) for name in aimed}
    return {name: (days[0], days[1] - dt.timedelta(days=1)) for name, days in found.items() if days is not None}


def _answered(
    question: Question,
    workspace: Workspace,
    inventory: Inventory,
    values: Mapping[str, Number | None],
    problems: Mapping[str, str],
    over: Mapping[str, tuple[dt.date, dt.date]],
) -> Answered:
    measured: list[Measured] = []
    until: list[dt.date] = []
    shares: list[tuple[float, str]] = []
    for name in question.metrics:
        metric = workspace.metrics[name]
        own, cut = inventory.standing(name), inventory.standing(name, question.by)
        value = values.get(name)
        problem = problems.get(name, "")
        if not own.gaps and value is None and not problem:
            problem = "no value in this time"
        if own.until is not None:
            until.append(own.until)
            shares.append((own.complete, own.behind))
        meaning = meaning_of(metric, workspace.metrics, workspace.facts)
        beyond = tuple(gap for gap in cut.gaps if gap.key not in {known.key for known in own.gaps})
        unit = metric.unit or meaning.unit
        currency = workspace.settings.reporting_currency or workspace.settings.currency if "money" in unit else ""
        days = over.get(name)
        measured.append(Measured(name, clean(metric.label), value, unit, currency, own.gaps, beyond, problem, days))
    able = [one for one in measured if not one.gaps and not one.problem]
    complete, behind = min(shares, default=(0.0, ""))
    whole = [one for one in able if not one.cut]
    state: State = "no" if not able else "partly"
    if len(whole) == len(measured) and complete >= ENOUGH:
        state = "yes"
    words = ""
    for name in question.evidence if state != "yes" else ():
        told = _EVIDENCE[name](workspace, inventory)
        if told is not None and told.standing.complete >= ENOUGH:
            state, words = "yes", told.words
            until, complete = [told.standing.until] if told.standing.until else [], told.standing.complete
            measured.insert(0, Measured("", told.name, told.value, "percent"))
    return Answered(
        question.id, clean(question.ask), question.stage, state, tuple(measured), question.by,
        min(until, default=None), round(complete, 4),
        () if state == "yes" else _missing(measured, behind, complete),
        clean(question.decision), question.origin, words,
    )  # fmt: skip


def _missing(measured: Sequence[Measured], behind: str, complete: float) -> tuple[str, ...]:
    words: dict[str, None] = {}
    for one in measured:
        for gap in one.gaps:
            words[gap.words] = None
        for gap in one.cut:
            words[f"for the breakdown by {gap.column}: {gap.words}"] = None
        if one.problem:
            words[f"{one.name}: {one.problem}"] = None
    if not words and complete < ENOUGH:
        words[f"more data of {behind}: there are {complete:.0%} of the days"] = None
    return tuple(words)


class _Candidate(Struct, frozen=True):
    """A source, or columns of one, and the gaps it would close."""

    gap: Gap
    closes: frozenset[Key]


def unlocks_of(questions: Sequence[Answered]) -> tuple[Unlock, ...]:
    """What to connect or fill, best first, until nothing is waited for; at most seven."""
    needs = {one.id: {gap.key for gap in one.gaps} for one in questions if one.state != "yes" and one.gaps}
    words = {gap.key: gap.words for one in questions for gap in one.gaps}
    candidates = _candidates(questions)
    left = dict(needs)
    found: list[Unlock] = []
    while left and len(found) < MOST_UNLOCKS:
        best = max(candidates, key=lambda one: (len(_freed(one, left)), _share(one, left)))
        freed = _freed(best, left)
        left = {name: wanted - best.closes for name, wanted in left.items() if wanted - best.closes}
        waiting = tuple(name for name, wanted in needs.items() if wanted & best.closes)
        told = tuple(dict.fromkeys(words[key] for key in words if key in best.closes))
        text = best.gap.source if best.gap.kind in ("fact", "member") else "; ".join(told)
        members = [key[3] for key in words if key in best.closes and key[3]]
        if members:
            text += f", with {best.gap.column.replace('_', ' ')} {', '.join(members)}"
        found.append(Unlock(text, best.gap.kind, best.gap.fact, freed, waiting, told))
    return tuple(found)


def _candidates(questions: Sequence[Answered]) -> list[_Candidate]:
    """Whatever could be connected: a source for a fact, records with members it lacks, columns that go together.

    Records that are new to a fact may bring its empty columns too.
    """
    found: dict[frozenset[Key], _Candidate] = {}
    every = {gap.key: gap for one in questions for gap in one.gaps}
    for one in questions:
        for gap in one.gaps:
            if gap.kind == "column":
                closes = frozenset(other.key for other in one.gaps if (other.kind, other.fact) == (gap.kind, gap.fact))
            elif gap.kind == "member":
                closes = frozenset(
                    key
                    for key, other in every.items()
                    if other.fact == gap.fact
                    and (other.kind == "column" or (other.kind, other.column) == (gap.kind, gap.column))
                )
            else:
                closes = frozenset({gap.key})
            found.setdefault(closes, _Candidate(gap, closes))
    return list(found.values())


def _freed(one: _Candidate, left: Mapping[str, set[Key]]) -> tuple[str, ...]:
    """The questions that wait for nothing else."""
    return tuple(name for name, wanted in left.items() if wanted <= one.closes)


def _share(one: _Candidate, left: Mapping[str, set[Key]]) -> float:
    """How much of what is waited for this is, each question counting as one."""
    return sum(len(wanted & one.closes) / len(wanted) for wanted in left.values())


__all__ = ["Answered", "Coverage", "Measured", "Unlock", "build_coverage", "unlocks_of"]
