"""A formula in words: each kind of node by one sentence of the language, so that a reader needs no formula language.

The sentences are in `formula.yaml` of each language. Operators are the words one says aloud ("divided by"), measures
are noun phrases, and what limits a measure (its fact, condition, window) follows in brackets, which leaves no doubt
about what belongs to what, in any order of words.
"""

from __future__ import annotations

from collections.abc import Mapping

from leadline.language.condition import condition_words, number_words, row_words
from leadline.language.language import Language
from leadline.language.phrase import Link, Phrase, fill, join
from leadline.model import tree
from leadline.model.metric import Metric
from leadline.model.tree import Formula, Row

_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_WORDS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_SPANS = {
    "seconds": "{count} seconds",
    "minutes": "{count} minutes",
    "hours": "{count} hours",
    "day": "{count} days",
    "week": "{count} weeks",
    "month": "{count} months",
    "quarter": "{count} quarters",
    "year": "{count} years",
}


def formula_words(formula: Formula, language: Language, metrics: Mapping[str, Metric]) -> Phrase:
    """The formula in words, with the metrics it names as links."""
    return _Teller(language, metrics).told(formula)


def span_words(count: float, grain: str, language: Language) -> str:
    """A span of time: `90 days`, `1 quarter`; a part of a day in hours."""
    if grain == "day" and count != int(count):
        count, grain = count * 24, "hours"
    return language.count(_SPANS[grain], int(count) if count == int(count) else round(count))


class _Teller:
    def __init__(self, language: Language, metrics: Mapping[str, Metric]) -> None:
        self.language = language
        self.metrics = metrics
        self.say = language.formula

    def told(self, node: Formula, rank: int = 0) -> Phrase:
        match node:
            case tree.Number(value):
                return (number_words(value, self.language),)
            case tree.Ref(metric):
                return (Link(metric, self.language.metric_name(self.metrics[metric])),)
            case tree.Combine(op, left, right):
                own = _RANK[op]
                text = fill(self.say[_WORDS[op]], left=self.told(left, own), right=self.told(right, own + 1))
                return fill(self.say["group"], of=text) if own < rank else text
            case tree.Negate(of):
                return fill(self.say["negate"], of=self.told(of, 3))
            case tree.Prior(of, _, "opening"):
                return self._noted(self.told(of, 3), [self.say["opening"]])
            case tree.Prior(of, count, grain):
                if grain == "period":
                    back: str = self.say["periods_before"] if count == 1 else f"{self.say['periods_before']} ×{count}"
                else:
                    back = self.say["before"].format(span=span_words(count, grain, self.language))
                return self._noted(self.told(of, 3), [back])
            case tree.Total(of):
                return self._noted(self.told(of, 3), [self.say["whole_breakdown"]])
            case tree.Credited(of, model, days, where) | tree.Credit(of, model, days, where):
                return self._noted(self.told(of, 3), self._credit(model, days, where))
            case _:
                return self._measure(node)

    def _measure(self, node: tree.Measure) -> Phrase:
        match node:
            case tree.Last(of):
                return self._aggregate(of, [self.say["at_end"]])
            case tree.Trailing(of, days):
                return self._aggregate(of, [self.say["trailing"].format(span=span_words(days, "day", self.language))])
            case tree.ToDate(of, grain):
                return self._aggregate(of, [self.say["to_date"].format(grain=self.language.label("grains", grain))])
            case tree.Across(of, grain):
                grains = self.language.label("grains", grain)
                return fill(self.say["across"], of=self._aggregate(of, []), grain=grains)
            case tree.Movement(fact, value, kind, where):
                amount = row_words(value, self.language, fact, 1)
                return self._noted(fill(self.say[f"movement_{kind}"], value=amount), self._notes(fact, where, ""))
            case tree.Gap(fact, share, unit, where):
                between = fill(self.say["gap"], fact=self.language.label("facts", fact))
                notes = self._notes("", where, "", fact)
                return self._noted(self._share(between, share), [*notes, self._in_unit(unit)])
            case tree.Elapsed(start, end, share, unit):
                between = fill(self.say["elapsed"], start=self._step(start), end=self._step(end))
                return self._noted(self._share(between, share), [self._in_unit(unit)])
            case tree.Reach():
                return self._reach(node)
            case tree.Credit(of, model, days, where):
                return self._noted(self._aggregate(of, []), self._credit(model, days, where))
            case _:
                return self._aggregate(node, [])

    def _aggregate(self, node: tree.Aggregate, notes: list[str]) -> Phrase:
        if isinstance(node, tree.Count):
            text = fill(self.say["count"], fact=self.language.label("facts", node.fact))
            return self._noted(text, self._notes("", node.where, node.at, node.fact) + notes)
        value = (row_words(node.value, self.language, node.fact, 1),)
        own = self._notes(node.fact, node.where, node.at) + notes
        if isinstance(node, tree.Percentile):
            return self._noted(self._share(value, node.share), own)
        return self._noted(fill(self.say[node.word], value=value), own)

    def _reach(self, node: tree.Reach) -> Phrase:
        notes = []
        if node.days is not None:
            notes = [self.say["within"].format(span=span_words(node.days, "day", self.language))]
        elif node.grain is not None and node.nth is not None:
            span = span_words(node.nth, node.grain, self.language)
            notes = [self.say["in_nth"].format(grain=self.language.label("grains", node.grain), span=span)]
        key = "reach" if node.share else "reached"
        return self._noted(fill(self.say[key], start=self._step(node.start), end=self._step(node.end)), notes)

    def _step(self, step: tree.Step) -> Phrase:
        """A stage by its name, any other step by its rows and their condition."""
        match step:
            case tree.Step("stage_entry", tree.Compare("=", tree.Column("stage"), tree.Constant(str(stage))), ""):
                return fill(self.say["stage"], stage=self.language.label("stages", stage))
            case tree.Step(
                "stage_entry",
                tree.And((tree.Compare("=", tree.Column("stage"), tree.Constant(str(stage))), tree.Column("is_first"))),
                "",
            ):
                return fill(self.say["first_stage"], stage=self.language.label("stages", stage))
            case _:
                text = (self.language.label("facts", step.fact),)
                return self._noted(text, self._notes("", step.where, step.at, step.fact))

    def _notes(self, fact: str, where: Row | None, at: str, of: str = "") -> list[str]:
        """What limits a measure: its fact, its condition, the column that places it in time."""
        notes = [self.language.label("facts", fact)] if fact else []
        if where is not None:
            notes.append(self.say["where"].format(condition=condition_words(where, self.language, fact or of)))
        if at:
            notes.append(self.say["at"].format(column=self.language.column(at, fact or of)))
        return notes

    def _credit(self, model: str, days: float | None, where: Row | None) -> list[str]:
        name = self.language.label("models", model) if model else self.say["asked_model"]
        notes = [self.say["credited"].format(model=name)]
        if days is not None:
            notes.append(self.say["within_before"].format(span=span_words(days, "day", self.language)))
        if where is not None:
            condition = condition_words(where, self.language, "touch")
            notes.append(self.say["where_touch"].format(condition=condition))
        return notes

    def _share(self, value: Phrase, share: float) -> Phrase:
        if share == 0.5:
            return fill(self.say["median"], value=value)
        return fill(self.say["percentile"], value=value, share=number_words(round(share * 100, 2), self.language))

    def _in_unit(self, unit: str) -> str:
        return self.say["in_unit"].format(unit=self.language.label("units", unit))

    def _noted(self, text: Phrase, notes: list[str]) -> Phrase:
        if not notes:
            return text
        return fill(self.say["noted"], of=text, notes=join([(note,) for note in notes], self.say["then"]))
