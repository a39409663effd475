"""Channels: what each earned under every model, what it cost, what platforms claim, and whether a shift pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.attribution.answer import Attribution, Line, Spread
from leadline.attribution.conversion import NAMED
from leadline.attribution.economics import UNATTRIBUTED
from leadline.attribution.picture import earned_spread, own_share, same
from leadline.charts.canvas import Frame
from leadline.charts.range import Range, range_chart
from leadline.charts.value import NOTHING, format_value
from leadline.errors import LeadlineError, RefusedError, UsageError
from leadline.model.infer import TOUCHES
from leadline.web.draw import both
from leadline.web.question import Page, Question, View
from leadline.web.render import error_view

if TYPE_CHECKING:
    from leadline.language.language import Language

STAGES = ("lead", "mql", "sql", "customer")
PERIODS = ("last-12-months", "last-3-months", "last-month", "this-quarter", "this-year", "all")
LOOKBACKS = ("30", "60", "90", "180", "365")
FIELDS = ("conversion", "by", "period", "lookback", "from", "to", "amount")


def show(question: Question) -> View:
    """The ranges drawn and tabled, claims, the question about a budget, and every model for itself."""
    space, language, asked = question.workspace, question.language, asked_of(question)
    page: View = {
        "asked": asked,
        "conversions": [(name, conversion_name(name, language)) for name in (*NAMED, *STAGES)],
        "dimensions": [(name, language.column(name)) for name in space.facts[TOUCHES].dimensions],
        "periods": PERIODS,
        "lookbacks": LOOKBACKS,
        "answer": None,
        "error": None,
        "shift_error": None,
        "empty": False,
    }
    if question.visitor.rows:
        raise RefusedError(
            "rows-limited",
            "Credit is shared among all touches, and you see some of the rows.",
            why="what one channel earned depends on all the others",
            fix="ask somebody who sees all rows, or see your part in the explorer",
        )
    states = space.states()
    if not all(name in states and states[name].rows for name in (TOUCHES,)):
        return page | {"empty": True}
    try:
        answer, shift_error = _answer(question, asked)
    except LeadlineError as error:
        return page | {"error": error_view(error)}
    return page | {"answer": _view(answer, language), "shift_error": shift_error and error_view(shift_error)}


def asked_of(question: Question) -> dict[str, str]:
    """What the address asks."""
    known = {name: question.given.get(name, "").strip() for name in FIELDS}
    usual = {"conversion": _usual(question), "by": "channel", "period": PERIODS[0]}
    return known | {name: known[name] or value for name, value in usual.items()}


def conversion_name(name: str, language: Language) -> str:
    """A conversion as it is called."""
    words = {"deal": "Won deals", "deal_created": "Opportunities created", "order": "Orders"}
    return language.say(words[name]) if name in words else language.label("stages", name)


def _usual(question: Question) -> str:
    states = question.workspace.states()
    fed = [name for name, fact in (("deal", "deal"), ("order", "order")) if fact in states and states[fact].rows]
    return fed[0] if fed else "lead"


def _answer(question: Question, asked: dict[str, str]) -> tuple[Attribution, LeadlineError | None]:
    """The answer; a shift that cannot be judged does not take the rest with it."""
    space = question.workspace
    words: dict[str, Any] = {
        "by": asked["by"],
        "period": None if asked["period"] == "all" else asked["period"],
        "lookback": _number(asked["lookback"], "lookback") if asked["lookback"] else None,
    }
    if not (asked["from"] and asked["to"] and asked["amount"]):
        return space.attribute(asked["conversion"], **words), None
    try:
        moved = (asked["from"], asked["to"], _number(asked["amount"], "amount"))
        return space.attribute(asked["conversion"], shift=moved, **words), None
    except UsageError as error:
        return space.attribute(asked["conversion"], **words), error


def _number(text: str, name: str) -> float:
    try:
        found = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        found = float("nan")
    if not 0 < found < float("inf"):
        raise UsageError("bad-number", f"{text!r} is no {name}.", fix="write a number above zero, such as 1000")
    return found


def _view(answer: Attribution, language: Language) -> View:
    unit, digits = ("money", None) if answer.by_value and answer.currency else ("count", 1)
    title = language.fill(
        "{conversion} by {dimension}",
        conversion=conversion_name(answer.conversion, language),
        dimension=language.column(answer.by),
    )
    drawn = [(line, spread) for line in answer.lines if (spread := earned_spread(answer, line)) is not None]
    own = any(credit.model == answer.default for credit in answer.credits)
    ranges = [
        Range(
            _label(line.label, language),
            spread.low,
            spread.high,
            "" if same(spread) else language.label("models", spread.low_model),
            "" if same(spread) else language.label("models", spread.high_model),
            own_share(answer, line.label),
        )
        for line, spread in drawn
    ]

    def draw(frame: Frame) -> str:
        return range_chart(frame, ranges, marked_label=language.label("models", answer.default) if own else "")

    return {
        "title": title,
        "earned": language.say("Value credited" if answer.by_value else "Conversions credited"),
        "drawing": both(draw, title, "ranges", language, unit=unit, currency=answer.currency),
        "rows": [_row(answer, line, unit, digits, language) for line in (*answer.lines, answer.total)],
        "models": [language.label("models", name) for name in answer.models],
        "matrix": _matrix(answer, unit, digits, language),
        "left_out": [
            f"{language.label('models', name)}: {language.tell(why)}" for name, why in answer.left_out.items()
        ],
        "notes": [language.tell(note) for note in answer.notes],
        "claims": _claims(answer, language),
        "shift": _shift(answer, unit, language),
        "spenders": sorted(answer.money.by_label) if answer.money else [],
        "currency": answer.currency,
        "checked": language.fill(
            "Checked: in every model credits and what nothing is credited with add up to {count} conversions.",
            count=format_value(answer.control.conversions, locale=language.locale),
        ),
        "lookback": format_value(answer.lookback, "days", locale=language.locale),
    }


def _label(label: str, language: Language) -> str:
    return language.say(label) if label in (UNATTRIBUTED, "Total") else label


def _row(answer: Attribution, line: Line, unit: str, digits: int | None, language: Language) -> View:
    figures = [
        _span(earned_spread(answer, line), unit, answer.currency, language, digits=digits),
        format_value(line.cost, "money", currency=answer.currency, locale=language.locale, compact=True)
        if line.cost > 0
        else NOTHING,
    ]
    for spread, of in ((line.cpa, "money"), (line.cac, "money"), (line.roas, "ratio"), (line.roi, "percent")):
        figures.append(_span(spread, of, answer.currency, language) if line.cost > 0 else NOTHING)
    return {"name": _label(line.label, language), "figures": figures, "total": line.label == "Total"}


def _span(spread: Spread | None, unit: str, currency: str, language: Language, *, digits: int | None = None) -> str:
    """A range as text; ∞ where some model credits nothing to what had a cost."""
    if spread is None:
        return NOTHING
    if unit == "percent":
        digits = 0

    def number(value: float) -> str:
        few = 0 if unit == "count" and abs(value - round(value)) < 0.05 else digits
        return format_value(value, unit, currency=currency, locale=language.locale, compact=True, digits=few)

    low, high = number(spread.low), number(spread.high)
    if spread.without:
        return f"{low} – ∞"
    return low if low == high else f"{low} – {high}"


def _matrix(answer: Attribution, unit: str, digits: int | None, language: Language) -> list[tuple[str, list[str]]]:
    """Every label under every model."""
    found = []
    for line in answer.lines:
        cells = []
        for credit in answer.credits:
            if line.label == UNATTRIBUTED:
                value = credit.unattributed_value if answer.by_value else credit.unattributed
            else:
                value = (credit.values if answer.by_value else credit.conversions).get(line.label, 0.0)
            cells.append(
                format_value(value, unit, currency=answer.currency, locale=language.locale, compact=True, digits=digits)
            )
        found.append((_label(line.label, language), cells))
    return found


def _claims(answer: Attribution, language: Language) -> View | None:
    if answer.claims is None:
        return None

    def number(value: float | None) -> str:
        return format_value(value, locale=language.locale, digits=0)

    def factor(value: float | None) -> str:
        return format_value(value, "ratio", digits=1, locale=language.locale)

    claims = answer.claims
    return {
        "sentence": language.fill(
            "Platforms claim {claimed} conversions; {touched} had any touch of what they sell: {factor}.",
            claimed=number(claims.claimed),
            touched=number(claims.touched),
            factor=factor(claims.factor_touched),
        ),
        "platforms": [
            [
                (one.platform, False),
                (", ".join(one.channels), False),
                (number(one.claimed), True),
                (number(one.touched), True),
                (factor(one.factor), True),
            ]
            for one in answer.platforms
        ],
        "platform_heads": [
            (language.say("Platform"), False),
            (language.column(answer.by), False),
            (language.say("Claimed"), True),
            (language.say("Touched at most"), True),
            (language.say("Over-claim"), True),
        ],
    }


def _shift(answer: Attribution, unit: str, language: Language) -> View | None:
    if answer.shift is None:
        return None
    shift = answer.shift
    told = {
        "source": shift.source,
        "target": shift.target,
        "amount": format_value(shift.amount, "money", currency=answer.currency, locale=language.locale, compact=True),
    }
    sentence = {
        "yes": "Yes: moving {amount} from {source} to {target} pays under every model.",
        "no": "No: moving {amount} from {source} to {target} pays under no model.",
        "depends": "It depends on the model: try moving {amount} from {source} to {target} on a small scale first.",
    }[shift.verdict]
    rows = sorted(shift.gain.items(), key=lambda pair: pair[1])
    return {
        "sentence": language.fill(sentence, **told),
        "kind": {"yes": "good", "no": "bad"}.get(shift.verdict, ""),
        "heads": [(language.say("Model"), False), (language.say("Gain"), True)],
        "rows": [
            [
                (language.label("models", model), False),
                (
                    ("+" if gain > 0 else "")
                    + format_value(
                        gain, unit, currency=answer.currency, locale=language.locale, compact=True,
                        digits=1 if unit == "count" else None,
                    ),
                    True,
                ),
            ]
            for model, gain in rows
        ],
    }  # fmt: skip


PAGE = Page("channels", "/channels", "Channels", "channels.html.j2", show)
