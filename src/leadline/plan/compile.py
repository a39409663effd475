"""Query to plan: names resolved, dates and zones fixed, measures gathered into one scan a fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.model.fact import Fact
from leadline.model.metric import Metric, definition_hash
from leadline.plan.gather import gather_legs
from leadline.plan.leg import Leg, Span
from leadline.plan.legality import check_legality
from leadline.plan.output import Output, gather_outputs
from leadline.plan.query import FactState, Query
from leadline.plan.span import Shift, answer_labels, moved_span


class Plan(Struct, frozen=True):
    """Statements to run, and how their numbers become the answer.

    `labels` are the periods of the answer (first days), or one label 0 without a grain; `windows` maps a shift to the
    label of a leg without a grain.
    """

    query: Query
    legs: tuple[Leg, ...]
    outputs: tuple[Output, ...]
    labels: tuple[dt.date | int, ...]
    windows: dict[Shift, int]
    spans: dict[Shift, Span | None]
    definitions: dict[str, dict[str, object]]


def compile_query(
    query: Query, metrics: Mapping[str, Metric], facts: Mapping[str, Fact], states: Mapping[str, FactState]
) -> Plan:
    """The plan of a query.

    Raises `UsageError` for unknown names, `RefusedError` for a breakdown or comparison that has no right answer.
    """
    chosen = [_metric(name, metrics) for name in query.metrics]
    if not chosen:
        raise UsageError("no-metric", "No metric was asked for.", fix="name one, for example `leadline query revenue`")
    outputs, aliases = gather_outputs(query, chosen, metrics, facts)
    check_legality(query, outputs, facts)
    labels, base = answer_labels(query, aliases, facts, states)
    shifts = list(dict.fromkeys(leaf.shift for output in outputs for leaf in output.leaves))
    spans = {shift: moved_span(base, shift, query) for shift in ((), *shifts)}
    windows = {shift: number for number, shift in enumerate(spans)}
    legs = gather_legs(query, outputs, labels, spans, windows, facts, states)
    definitions: dict[str, dict[str, object]] = {
        metric.id: {
            "formula": metric.formula,
            "version": metric.version,
            "hash": definition_hash(metric, metrics),
            "origin": metric.origin,
        }
        for metric in chosen
    }
    return Plan(query, legs, outputs, labels, windows, spans, definitions)


def _metric(name: str, metrics: Mapping[str, Metric]) -> Metric:
    if name not in metrics:
        raise unknown("metric", name, metrics, fix="list them with `leadline metrics`")
    return metrics[name]
