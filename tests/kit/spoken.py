"""The English sentences that the pages of `leadline serve` say, found in their templates and modules.

Words are constant arguments of `t`, `fill` and `count` (templates), of `say`, `fill` and `count` (modules); capitalised
constants of the page modules (titles, heads of tables); and `KEPT`: words of lower rooms, by the expression they are
said with. An expression that is not in `KEPT` is reported by `unknown_expressions`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, nodes

from leadline.charts.pace import WORDS as PACE_WORDS
from leadline.governance.pace import Status
from leadline.governance.sla import State
from leadline.governance.split import Splitting
from leadline.ingest.delivery import Status as Loading
from leadline.journey.path import DIRECT
from leadline.report.format import FOOTNOTES, UNATTRIBUTED
from leadline.report.goal_view import ROW_HEADS, status_word
from leadline.report.scorecard_goal_text import _HEADS
from leadline.timeline.question import STATES

LEADLINE = Path(__file__).resolve().parents[2] / "src" / "leadline"
WEB = LEADLINE / "web"
SAID = {"t", "say", "fill", "count"}
# Beginnings of what is said; ids, addresses and formats begin otherwise.
WORD = re.compile(r"[A-Z(][a-zA-Z]")
YEARS = (1, 2, 3)
"""Past years that a season is told of in words; of more than these it is told in English, and marked so."""

CURVES = {"a straight line from its opening balance", "the same every day"} | {
    Splitting(rule, years, of_all=whole).words
    for rule in ("seasonal", "dates", "working_days", "even")
    for years in YEARS
    for whole in (False, True)
}
NOTES_OF_PACE = {
    "no source feeds it yet", "nothing measured yet", "no value yet in this period",
    "no pace: nothing is known of the day before it began",
}  # fmt: skip
NOTES_OF_PROMISES = {
    "never touched", "accepted late", "rejected late", "no decision", "rejected without a reason",
    "rejected with a reason first",
}  # fmt: skip
OF_THE_PAGE: set[str] = set()
"""Words that are capitalised constants of the module itself."""

KEPT: dict[str, set[str]] = {
    "page.title": OF_THE_PAGE,
    "deed.title": OF_THE_PAGE,
    "head": OF_THE_PAGE,
    "heads": OF_THE_PAGE,
    "name": OF_THE_PAGE,
    "sentence": OF_THE_PAGE,
    "text": OF_THE_PAGE,
    "title": OF_THE_PAGE,
    "words[fate]": OF_THE_PAGE,
    "words[name]": OF_THE_PAGE,
    "NAMES[name]": OF_THE_PAGE,
    "NAMES[answer.question.measure]": OF_THE_PAGE,
    "one.metric.capitalize()": {"Quota"},
    "label": {UNATTRIBUTED, "Total"},
    "UNATTRIBUTED": {UNATTRIBUTED},
    "DIRECT": {DIRECT},
    "FOOTNOTES[mark]": set(FOOTNOTES.values()),
    "state": set(STATES),
    "curve": CURVES,
    "one.state": set(get_args(State)),
    "item.note": NOTES_OF_PROMISES,
    "report.status": set(get_args(Loading)),
    "getattr(PaceWords(), name)": {getattr(PACE_WORDS, name) for name in PACE_WORDS.__struct_fields__},
    "load.status": set(get_args(Loading)),
    "found.severity": {"error", "warning", "note"},
}
# What the goals in a scorecard say, on pages and in a terminal.
OF_GOALS = {head for head, _ in (*ROW_HEADS, *_HEADS)} | {status_word(status) for status in get_args(Status)}

Where = Literal["word", "expression"]


def page_words() -> set[str]:
    """Every sentence the pages say."""
    found = {text for _, kind, text in _told() if kind == "word"}
    return found.union(*KEPT.values()) | OF_GOALS | NOTES_OF_PACE | note_words()


def note_words() -> set[str]:
    """The sentences that lower rooms make of parts, `Note("…")`."""
    found = set()
    for path in LEADLINE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "Note(" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Note" and node.args:
                found |= {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
    return found - {""}


def unknown_expressions() -> list[str]:
    """What is said by an expression whose words nobody has named."""
    return sorted({f"{place}: {text}" for place, kind, text in _told() if kind == "expression" and text not in KEPT})


def _told() -> Iterator[tuple[str, Where, str]]:
    for path in sorted(WEB.glob("templates/*.j2")):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SAID:
                for kind, text in _of_template(call.args[0]):
                    yield path.name, kind, text
    for path in sorted(WEB.rglob("*.py")):
        source = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(source):
            if isinstance(node, ast.Call) and (first := _said(node)) is not None:
                for kind, text in _of_module(first):
                    yield path.name, kind, text
        if path.parent.name == "page":
            for text in _capitalised(source):
                yield path.name, "word", text


def _of_template(node: nodes.Expr | None) -> Iterator[tuple[Where, str]]:
    match node:
        case nodes.Const(value=value):
            yield "word", str(value)
        case nodes.CondExpr(expr1=one, expr2=other):
            yield from _of_template(one)
            yield from _of_template(other)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            yield "expression", f"{name}.{attr}"
        case _:
            yield "expression", str(node)


def _said(call: ast.Call) -> ast.expr | None:
    """What a call says: `language.say(X)`, `say(X)`, `map(language.say, X)`."""
    function = call.func
    if not call.args:
        return None
    if isinstance(function, ast.Name) and function.id == "map" and ast.unparse(call.args[0]).endswith("language.say"):
        return call.args[1]
    if isinstance(function, ast.Name) and function.id == "say":
        return call.args[0]
    spoken = isinstance(function, ast.Attribute) and function.attr in SAID
    return call.args[0] if spoken and ast.unparse(function.value).endswith("language") else None  # type: ignore[attr-defined]


def _of_module(node: ast.expr) -> Iterator[tuple[Where, str]]:
    match node:
        case ast.Constant(value=str(value)):
            yield "word", value
        case ast.IfExp(body=one, orelse=other):
            yield from _of_module(one)
            yield from _of_module(other)
        case _:
            yield "expression", ast.unparse(node)


def _capitalised(source: ast.Module) -> Iterator[str]:
    """Constants of a page's module that begin like a title; not what it documents, nor what errors say."""
    silent: set[int] = set()
    for node in ast.walk(source):
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if documents or isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and _raises(node)):
            silent |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(source):
        said = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
        if said and WORD.match(node.value):  # type: ignore[attr-defined]
            yield node.value  # type: ignore[attr-defined]


def _raises(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name.endswith("Error") or name == "unknown"
