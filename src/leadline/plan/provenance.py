"""Where an answer comes from: definitions, filters, zone, data, completeness and the statements that were run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from leadline.model.text import condition_text
from leadline.plan.answer import Answer
from leadline.plan.compile import Plan
from leadline.plan.query import FactState


def _definition(day: dt.date | None) -> str:
    """By which definitions an answer was made: those in effect in each period, the newest ones, or those of a day."""
    if day is None:
        return "in-effect"
    return "newest" if day == dt.date.max else day.isoformat()


def provenance_of(plan: Plan, statements: list[str], answer: Answer, states: Mapping[str, FactState]) -> dict[str, Any]:
    """What a result carries beside its numbers, as plain data."""
    query = plan.query
    used = dict.fromkeys(leaf.measure.fact for output in plan.outputs for leaf in output.leaves)
    facts: dict[str, Any] = {}
    for name in used:
        state = states.get(name, FactState())
        facts[name] = {
            "rows": state.rows,
            "sources": {
                source.source: {
                    "rows": source.rows,
                    "from": source.first.isoformat() if source.first else None,
                    "through": source.through.isoformat() if source.through else None,
                }
                for source in state.sources
            },
        }
    return {
        "metrics": {name: {**definition} for name, definition in plan.definitions.items()},
        "period": {
            "from": query.period.start.isoformat(),
            "until": query.period.end.isoformat(),
            "label": query.period.label,
        }
        if query.period
        else None,
        "grain": query.grain,
        "by": list(query.by),
        "where": condition_text(query.where) if query.where is not None else None,
        "timezone": query.timezone,
        "as_of_load": query.as_of_load,
        "facts": facts,
        "without_data": [name for name in used if not states.get(name, FactState()).rows],
        "today": query.today.isoformat() if query.today else None,
        "late": answer.late(),
        "settling": answer.settling(),
        "completeness": answer.coverage.completeness(),
        "compared": answer.coverage.comparisons(),
        "definition": _definition(query.definition),
        "breaks": [
            {
                "metric": one.metric,
                "from": one.first.isoformat(),
                "version": one.version,
                "was": one.was,
                "columns": list(one.columns),
                "note": one.note,
            }
            for one in plan.breaks
        ],
        "sql": statements,
    }
