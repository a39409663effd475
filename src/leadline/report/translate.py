"""Answers in a language: names of metrics and labels of columns; ids, numbers and members of dimensions stay."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from leadline.language.language import Language, foreign
from leadline.model.metric import Metric
from leadline.plan.result import Result, ResultColumn
from leadline.report.scorecard import Kpi, Scorecard


def translated_result(result: Result, language: Language, metrics: Mapping[str, Metric]) -> Result:
    """The result with the labels of its columns in `language`."""
    return replace(result, columns=tuple(_column(column, language, metrics) for column in result.columns))


def translated_card(card: Scorecard, language: Language, metrics: Mapping[str, Metric]) -> Scorecard:
    """The scorecard with names and definitions in `language`; what is in another one says so."""
    return replace(card, kpis=tuple(_kpi(kpi, language, metrics[kpi.definition.id]) for kpi in card.kpis))


def _column(column: ResultColumn, language: Language, metrics: Mapping[str, Metric]) -> ResultColumn:
    if column.kind == "metric":
        metric = metrics.get(column.metric or column.name)
        return replace(column, label=language.metric_name(metric)) if metric else column
    if language.code == "en":
        return column
    label = language.label("grains", column.name) if column.kind == "time" else language.column(column.name)
    return replace(column, label=label)


def _kpi(kpi: Kpi, language: Language, metric: Metric) -> Kpi:
    definition, told = kpi.definition, language.metric(metric)
    written = language.written(metric)
    return replace(
        kpi,
        definition=replace(
            definition,
            name=foreign(told.name, told.foreign),
            doc=foreign(told.doc, told.foreign),
            pitfalls=tuple(foreign(text, written) for text in definition.pitfalls),
        ),
    )
