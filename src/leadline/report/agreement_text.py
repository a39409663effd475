"""Contracts as lines: who agreed to what, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import clean
from leadline.governance.contract import Standing, Term
from leadline.governance.meaning import change_text
from leadline.report.table import PLAIN, Style

_SIGNS = {"agreed": ("✓", "32"), "stale": ("✗", "31"), "withdrawn": ("✗", "31"), "missing": ("·", "33")}


def render_terms(terms: Sequence[Term], style: Style = PLAIN) -> str:
    """Each definition under contract with where every team stands, and below it what changed since it signed."""
    if not terms:
        return "Nobody has agreed to anything yet: sign a definition with `leadline agree METRIC --as TEAM`."
    lines: list[str] = []
    for term in terms:
        if lines:
            lines.append("")
        lines.append(style.bold(f"{clean(term.label)} ({term.metric})"))
        lines.append(style.faint(f"  {_about(term)}"))
        lines += [line for one in term.standings for line in _standing(one, style)]
    return "\n".join(lines)


def _about(term: Term) -> str:
    if term.gone:
        return "is no metric any more"
    parts = [f"version {term.version}", f"meaning {term.meaning}"]
    if term.since is not None:
        parts.insert(1, f"in effect since {term.since}")
    if term.owner:
        parts.append(f"owner {clean(term.owner)}")
    return " · ".join([*parts, term.origin])


def _standing(one: Standing, style: Style) -> list[str]:
    sign, colour = _SIGNS[one.state]
    lines = [f"  {style.paint(sign, colour)} {standing_text(one)}"]
    if one.state == "stale":
        lines += [f"      {clean(change_text(change))}" for change in one.changes]
    return lines


def standing_text(one: Standing) -> str:
    """Where a team stands, in a line."""
    last = one.sign_off
    if last is None:
        return f"{one.team} has not signed yet"
    who = f" by {clean(last.by)}" if last.by else ""
    note = f": {clean(last.note)}" if last.note else ""
    if one.state == "withdrawn":
        return f"{one.team} withdrew its agreement on {last.day}{who}{note}"
    if one.state == "stale":
        return f"{one.team} agreed to another meaning on {last.day}{who} (version {last.version}){note}"
    if one.state == "missing":
        return f"{one.team} agreed on {last.day}{who} (version {last.version}){note}"
    return f"{one.team} agreed on {last.day}{who}{note}"
