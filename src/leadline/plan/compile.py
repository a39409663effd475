"""Query to plan: names resolved, dates and zones fixed, measures gathered into one scan a fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.model.fact import Fact
from leadline.model.metric import Metric
from leadline.plan.gather import gather_legs
from leadline.plan.leg import Leg, Span
from leadline.plan.legality import check_legality
from leadline.plan.like import Part, PartKey, find_parts, part_legs, plain_outputs
from leadline.plan.output import Output, Sense, gather_outputs, sense_of
from leadline.plan.query import FactState, Query
from leadline.plan.span import Shift, answer_labels, moved_span
from leadline.plan.version import Break, earlier_measures, vary_outputs


class Plan(Struct, frozen=True):
    """Statements to run, and how their numbers become the answer.

    `labels` are the periods of the answer (first days), or one label 0 without a grain; `windows` maps a shift to the
    label of a leg without a grain. `parts` is what leaves read instead, for labels whose comparison needs care.
    `breaks` are the changes of definition within the answer.
    """

    query: Query
    legs: tuple[Leg, ...]
    outputs: tuple[Output, ...]
    labels: tuple[dt.date | int, ...]
    windows: dict[Shift, int]
    spans: dict[Shift, Span | None]
    definitions: dict[str, dict[str, object]]
    parts: dict[PartKey, Part]
    breaks: tuple[Break, ...] = ()


def compile_query(
    query: Query,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
    senses: dict[str, Sense] | None = None,
) -> Plan:
    """The plan of a query; `senses` keeps what is worked out once for a metric.

    Raises `UsageError` for unknown names, `RefusedError` for a breakdown or comparison that has no right answer.
    """
    kept = {} if senses is None else senses
    chosen = [kept.get(name) or kept.setdefault(name, _sense(name, metrics, facts)) for name in query.metrics]
    if not chosen:
        raise UsageError("no-metric", "No metric was asked for.", fix="name one, for example `leadline query revenue`")
    outputs, aliases = gather_outputs(query, chosen, facts)
    measures = [measure for measure, _ in aliases]
    breaks: tuple[Break, ...] = ()
    varies = any(sense.varies for sense in chosen)
    if varies:
        measures += earlier_measures(chosen, metrics)
    labels, base = answer_labels(query, measures, facts, states)
    if varies:
        outputs, breaks = vary_outputs(query, outputs, chosen, aliases, metrics, facts, labels, base)
    check_legality(query, outputs, facts)
    shifts = list(dict.fromkeys(leaf.shift for output in outputs for leaf in output.leaves))
    spans = {shift: moved_span(base, shift, query) for shift in ((), *shifts)}
    windows = {shift: number for number, shift in enumerate(spans)}
    parts = find_parts(query, outputs, labels, facts, states, len(windows))
    legs = (
        *gather_legs(query, plain_outputs(query, outputs, parts), labels, spans, windows, facts, states),
        *part_legs(query, outputs, parts, facts, states),
    )
    definitions: dict[str, dict[str, object]] = {
        sense.metric.id: {
            "formula": sense.metric.formula,
            "version": sense.metric.version,
            "hash": sense.hash,
            "origin": sense.metric.origin,
        }
        for sense in chosen
    }
    return Plan(query, legs, outputs, labels, windows, spans, definitions, parts, breaks)


def _sense(name: str, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> Sense:
    if name not in metrics:
        raise unknown("metric", name, metrics, fix="list them with `leadline metrics`")
    return sense_of(metrics[name], metrics, facts)
