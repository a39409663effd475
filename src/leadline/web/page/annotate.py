"""Annotations: what happened and when, marked on every chart that covers the day; editors add to them."""

from __future__ import annotations

import datetime as dt

from leadline.charts.label import clean
from leadline.errors import UsageError
from leadline.model.annotate import add_annotation
from leadline.model.annotation import read_annotations
from leadline.report.format import format_period
from leadline.web.question import Deed, Page, Question, Sent, View


def show(question: Question) -> View:
    """All annotations, the newest first, and a form for another."""
    space, language = question.workspace, question.language
    metrics = sorted(space.metrics)
    found = read_annotations(space.path, space.metrics)
    return {
        "rows": [
            {
                "day": format_period(one.first, "day", language.locale),
                "until": format_period(one.last, "day", language.locale) if one.last != one.first else "",
                "text": one.text,
                "metric": language.metric_name(space.metrics[one.metric]) if one.metric else "",
                "origin": one.origin,
            }
            for one in reversed(found)
        ],
        "may_edit": question.visitor.may("editor"),
        "today": space.today.isoformat(),
        "metrics": [(name, language.metric_name(space.metrics[name])) for name in metrics],
        "asked": {"metric": question.given.get("metric", ""), "day": question.given.get("day", "")},
    }


def annotate(question: Question, sent: Sent) -> View:
    """Write one down."""
    space, fields = question.workspace, sent.fields
    text = fields.get("day", "")
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("bad-date", f"{text!r} is no day.", fix="write for example 2026-05-12") from None
    add_annotation(
        space.path, space.metrics, day, clean(fields.get("text", "")), metric=fields.get("metric", "").strip()
    )
    return {"to": "/annotations"}


PAGE = Page("annotations", "/annotations", "Annotations", "annotations.html.j2", show, menu=False, under="cockpit")
ADD = Deed("annotate", "/annotations", "Annotations", annotate)
