"""Credit in a terminal: ranges with cost, all models side by side, the check, platforms' claims and a budget shift."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from leadline.attribution.answer import Attribution
from leadline.attribution.economics import UNATTRIBUTED
from leadline.attribution.picture import HEADS, cells, control_line, number, title_of
from leadline.charts.value import NOTHING, format_signed, format_value
from leadline.report.columns import lay_out
from leadline.report.table import PLAIN, Style

_WIDTH = 110


def render_attribution(answer: Attribution, style: Style = PLAIN) -> str:
    """The answer as lines of text, without a final line end."""
    lines = [style.bold(title_of(answer)), style.faint(_about(answer)), ""]
    lines += _ranges(answer, style)
    lines += ["", style.bold("All models"), *_models(answer, style), "", *_wrapped(control_line(answer), style)]
    lines += _shift(answer, style)
    lines += _claims(answer, style)
    notes = _notes(answer)
    if notes:
        lines += ["", *(style.faint(line) for note in notes for line in _wrapped(note, style))]
    return "\n".join(lines)


def _about(answer: Attribution) -> str:
    told = [
        f"by {answer.level}",
        f"touches of {answer.lookback:g} days before",
        f"{format_value(answer.provenance['touches'])} touches",
        f"{format_value(answer.provenance['failed_journeys'])} journeys without a conversion",
        str(answer.provenance["timezone"]),
    ]
    return " · ".join(told)


def _ranges(answer: Attribution, style: Style) -> list[str]:
    rows = [[line.label, *cells(answer, line)] for line in [*answer.lines, answer.total]]
    heads = [answer.by, *HEADS]
    empty = [at for at in range(1, len(heads)) if heads[at] not in ("by",) and all(row[at] == NOTHING for row in rows)]
    kept = [at for at in range(len(heads)) if at not in empty]
    return lay_out([heads[at] for at in kept], [[row[at] for at in kept] for row in rows], style)


def _models(answer: Attribution, style: Style) -> list[str]:
    unit = "money" if answer.by_value and answer.currency else "count"
    rows = []
    for line in [*(line.label for line in answer.lines if line.label != UNATTRIBUTED), UNATTRIBUTED, "Total"]:
        figures = []
        for credit in answer.credits:
            earned = credit.values if answer.by_value else credit.conversions
            rest = credit.unattributed_value if answer.by_value else credit.unattributed
            whole = credit.total_value if answer.by_value else credit.total
            figures.append({UNATTRIBUTED: rest, "Total": whole}.get(line, earned.get(line, 0.0)))
        rows.append([line, *(number(value, unit, answer.currency) for value in figures)])
    return lay_out([answer.by, *answer.models], rows, style)


def _shift(answer: Attribution, style: Style) -> list[str]:
    shift = answer.shift
    if shift is None:
        return []
    unit = "money" if answer.by_value and answer.currency else "count"
    amount = format_value(shift.amount, "money", currency=answer.currency)
    rows = []
    for model, gain in shift.gain.items():
        size = format_signed(number(abs(gain), unit, answer.currency), gain)
        rows.append([model, size, "pays" if gain > 0 else "does not pay"])
    head = f"{amount} from {shift.source} to {shift.target}: does it survive every model? {shift.verdict}"
    gained = "change in value" if answer.by_value else "change in conversions"
    assumed = "Judged by average returns: that the next money earns what the last did is an assumption; test it."
    return [
        "", style.bold(head), *lay_out(["model", gained, ""], rows, style), *_wrapped(assumed, style),
    ]  # fmt: skip


def _claims(answer: Attribution, style: Style) -> list[str]:
    claims = answer.claims
    if claims is None:
        return []
    rows = []
    for each in answer.platforms:
        rows.append([each.platform, ", ".join(each.channels), *_figures(each.claimed, each.touched, each.factor)])
    for claim in claims.by_channel:
        touched = claim.claimed / claim.touched if claim.touched else None
        rows.append(["all platforms", claim.channel, *_figures(claim.claimed, claim.touched, touched)])
    rows.append(["all platforms", "all of these", *_figures(claims.claimed, claims.touched, claims.factor_touched)])
    heads = ["platform", answer.by, "claimed", "touched", "claimed ÷ touched"]
    happened = format_value(claims.happened)
    told = (
        f"Touched are conversions with any touch of the platform's {answer.by} in the lookback, the most it can have "
        f"taken part in; {happened} happened in all ({_factor(claims.factor)} claimed for each)."
    )
    return [
        "",
        style.bold("What the ad platforms claim"),
        *lay_out(heads, rows, style, texts=2),
        *_wrapped(told, style),
    ]


def _figures(claimed: float, touched: float, factor: float | None) -> list[str]:
    return [number(claimed, "count", ""), number(touched, "count", ""), _factor(factor)]


def _factor(factor: float | None) -> str:
    return format_value(factor, "ratio", digits=2)


def _notes(answer: Attribution) -> list[str]:
    notes = [f"Left out: {models} ({why})." for models, why in _grouped(answer.left_out).items()]
    open_now = answer.provenance["still_open"]
    if open_now:
        notes.append(
            f"{format_value(open_now)} journeys had not ended when the period did: "
            "markov and shapley_rate leave them out."
        )
    without = answer.provenance["without_touch"]
    if without:
        notes.append(f"{format_value(without)} conversions had no touch in the lookback: they are Unattributed.")
    if answer.customers:
        notes.append(
            "CAC is marketing cost per new customer credited by the same models; the metric `cac` adds sales cost."
        )
    return [*notes, *answer.notes]


def _grouped(left_out: Mapping[str, str]) -> dict[str, str]:
    """Models left out for one reason are told of once."""
    found: dict[str, list[str]] = {}
    for model, why in left_out.items():
        found.setdefault(why, []).append(model)
    return {", ".join(models): why for why, models in found.items()}


def _wrapped(text: str, style: Style) -> list[str]:
    return textwrap.wrap(text, style.width or _WIDTH, break_long_words=False, break_on_hyphens=False)
