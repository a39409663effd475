"""The endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leadline.api.declare import Endpoint, Parameter
from leadline.errors import RefusedError, UsageError, unknown
from leadline.ingest.delivery import LoadReport
from leadline.model.infer import meaning_of
from leadline.model.metric import Metric
from leadline.model.tree import CREDIT_MODELS
from leadline.plan.need import Need
from leadline.plan.result import Result
from leadline.report.export import encode_json, to_csv, to_json
from leadline.report.scorecard_goal import aimed_scorecard
from leadline.warehouse.ledger import coverage, findings_of, loads_of
from leadline.web.question import Question, Sent

TEXT = {"type": "string"}
NUMBER = {"type": ["number", "null"]}
ANYTHING: dict[str, Any] = {}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


COLUMN = _object(
    name=TEXT,
    kind={"enum": ["time", "dimension", "metric"]},
    label=TEXT,
    unit=TEXT,
    metric=TEXT,
    compare={"enum": ["", "previous", "year"]},
    better=TEXT,
    currency=TEXT,
)
RESULT = _object(columns=_list(COLUMN), rows=_list({"type": "array"}), provenance={"type": "object"})
METRIC = _object(
    id=TEXT, name=TEXT, doc=TEXT, formula=TEXT, unit=TEXT, better=TEXT, stage=TEXT, timing=TEXT, owner=TEXT,
    version={"type": "integer"}, facts=_list(TEXT), dimensions=_list(TEXT), additivity=TEXT, needs=TEXT,
)  # fmt: skip
QUERY = (
    Parameter("metrics", "Ids of metrics, with commas.", required=True, listed=True, example="leads,mql"),
    Parameter("by", "Dimensions to break down by, with commas.", listed=True, default=[], example="channel"),
    Parameter("grain", "Periods of the rows.", choices=("none", "day", "week", "month", "quarter", "year"),
              default="none"),
    Parameter("period", "2026, 2026-Q3, 2026-09, 2026-01..2026-06, last-28-days, this-month, all.", example="2026"),
    Parameter("where", "A condition on rows.", example="channel = 'Email'"),
    Parameter("compare", "What to compare with.", listed=True, choices=("previous", "year"), default=[]),
    Parameter("currency", "Convert amounts into this currency; `original` leaves them.", example="EUR"),
    Parameter("attribution", "Model for credited measures.", choices=tuple(CREDIT_MODELS)),
    Parameter("as_known_at", "Answer with what had been loaded by then.", example="2026-03-31"),
)  # fmt: skip
TOTAL = Parameter("total", "Add totals, counted from the records.", kind="boolean", default=False)
LIMIT = Parameter("limit", "At most so many.", kind="integer", default=100, least=1, most=10_000)


def query_json(question: Question, given: Mapping[str, Any], _: Sent) -> msgspec.Raw:
    """A result with its provenance."""
    return msgspec.Raw(to_json(_result(question, given)).encode())


def query_csv(question: Question, given: Mapping[str, Any], _: Sent) -> str:
    """The rows of a result."""
    return to_csv(_result(question, given))


def _result(question: Question, given: Mapping[str, Any]) -> Result:
    words = {name: value for name, value in given.items() if name not in ("metrics", "where")}
    return question.query(given["metrics"], where=given["where"], **words)


def metrics(question: Question, given: Mapping[str, Any], _: Sent) -> list[dict[str, Any]]:
    """All metrics, those that have data first."""
    space = question.workspace
    found = [_metric(question, one) for one in space.metrics.values()]
    return [one for one in found if not given["available"] or not one["needs"]]


def metric(question: Question, given: Mapping[str, Any], _: Sent) -> dict[str, Any]:
    """One metric."""
    known = question.workspace.metrics
    if given["id"] not in known:
        raise unknown("metric", given["id"], known)
    return _metric(question, known[given["id"]])


def _metric(question: Question, one: Metric) -> dict[str, Any]:
    space, meaning = question.workspace, meaning_of(one, question.workspace.metrics, question.workspace.facts)
    told = question.language.metric(one)
    need = space.need(one.id)
    return {
        "id": one.id, "name": told.name, "doc": told.doc, "formula": one.formula, "unit": meaning.unit,
        "better": one.better, "stage": one.stage, "timing": one.timing, "owner": one.owner, "version": one.version,
        "facts": list(meaning.facts), "dimensions": list(meaning.dimensions), "additivity": meaning.additivity,
        "needs": (need or Need()).source if need else "",
    }  # fmt: skip


def facts(question: Question, _: Mapping[str, Any], __: Sent) -> list[dict[str, Any]]:
    """The facts, their columns and how many rows there are."""
    states = question.workspace.states()
    return [
        {
            "name": fact.name,
            "doc": fact.doc,
            "rows": states[fact.name].rows if fact.name in states else 0,
            "columns": [
                {"name": column.name, "type": column.type, "role": column.role, "unit": column.unit or "",
                 "doc": column.doc, "personal": column.personal}
                for column in fact.columns
            ],
        }
        for fact in question.workspace.facts.values()
    ]  # fmt: skip


def scorecard(question: Question, given: Mapping[str, Any], _: Sent) -> msgspec.Raw:
    """The KPIs of the workspace."""
    if question.visitor.rows:
        raise RefusedError(
            "rows-limited", "A scorecard is about all rows, and you see some of them.", fix="ask /query instead"
        )
    space = question.workspace
    card = aimed_scorecard(space, grain=given["grain"] or "", period=given["period"])
    return msgspec.Raw(encode_json(card).encode())


def records(question: Question, given: Mapping[str, Any], _: Sent) -> msgspec.Raw:
    """The rows behind a metric, newest first, personal data masked."""
    space = question.workspace
    asked = space.ask([given["metric"]], by=given["by"], period=given["period"], where=question.rows(given["where"]))
    found = [
        {"fact": fact, "columns": columns, "rows": rows} for fact, columns, rows in space.records(asked, given["limit"])
    ]
    return msgspec.Raw(encode_json(found).encode())


def sources(question: Question, _: Mapping[str, Any], __: Sent) -> msgspec.Raw:
    """Sources with what they cover."""
    space = question.workspace
    reach = {(state.source, fact): state for fact, known in space.states().items() for state in known.sources}
    found = []
    for row in coverage(space.warehouse().ledger()):
        state = reach.get((row["source"], row["fact"]))
        span = (state.first, state.through) if state else (None, None)
        first, through = (at.date().isoformat() if at else None for at in span)
        found.append({**row, "from": first, "through": through})
    return msgspec.Raw(encode_json(found).encode())


def loads(question: Question, given: Mapping[str, Any], _: Sent) -> msgspec.Raw:
    """The loads of a source, newest first, and what they found."""
    con = question.workspace.warehouse().ledger()
    found = loads_of(con, given["source"], given["limit"])
    if not found:
        raise unknown("source", given["source"], {row["source"] for row in coverage(con)})
    told = {"loads": found, "findings": findings_of(con, given["source"], given["limit"])}
    return msgspec.Raw(encode_json(told).encode())


def load(question: Question, given: Mapping[str, Any], sent: Sent) -> msgspec.Raw:
    """Load the files sent; for each what became of it."""
    if not sent.files:
        raise UsageError("no-files", "No file was sent.", fix="send a multipart form with a field `files`")
    reports = question.workspace.load(sent.files, source=given["source"], dry_run=given["dry_run"])
    return msgspec.Raw(encode_json([_report(report) for report in reports]).encode())


def _report(report: LoadReport) -> dict[str, Any]:
    return {
        "file": report.file,
        "status": report.status,
        "source": report.source,
        "load": report.load,
        "facts": list(report.facts),
        "findings": [msgspec.structs.asdict(one) for one in report.findings],
        "error": report.error.as_dict() if report.error else None,
    }


_PERIOD = Parameter("period", "Look only at this time.", example="2026")
_SOURCE = Parameter("source", "Name of a source.", place="path", required=True, example="google_ads")
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("query", "/query", "Measure metrics by dimensions, grain and period.", query_json, RESULT,
             (*QUERY, TOTAL)),
    Endpoint("query_csv", "/query.csv", "The same as CSV.", query_csv, TEXT, (*QUERY, TOTAL), media="text/csv"),
    Endpoint("metrics", "/metrics", "List the metrics.", metrics, _list(METRIC),
             (Parameter("available", "Only those that have data.", kind="boolean", default=False),)),
    Endpoint("metric", "/metrics/{id}", "One metric.", metric, METRIC,
             (Parameter("id", "Its id.", place="path", required=True, example="leads"),)),
    Endpoint("facts", "/facts", "List the facts and their columns.", facts,
             _list(_object(name=TEXT, doc=TEXT, rows={"type": "integer"}, columns=_list({"type": "object"})))),
    Endpoint("scorecard", "/scorecard", "The KPIs of the workspace.", scorecard,
             _object(workspace=TEXT, grain=TEXT, kpis=_list({"type": "object"})),
             (Parameter("grain", "Instead of the dashboard's own.", choices=("week", "month", "quarter", "year")),
              _PERIOD)),
    Endpoint("records", "/records", "The rows behind a metric, personal data masked.", records,
             _list(_object(fact=TEXT, columns=_list(TEXT), rows=_list({"type": "array"}))),
             (Parameter("metric", "Id of a metric.", required=True, example="leads"),
              Parameter("by", "A breakdown the query has.", listed=True, default=[]), _PERIOD,
              Parameter("where", "A condition on rows."), LIMIT)),
    Endpoint("sources", "/sources", "Sources and what they cover.", sources,
             _list(_object(source=TEXT, fact=TEXT, rows={"type": "integer"}))),
    Endpoint("loads", "/sources/{source}/loads", "The loads of a source and their findings.", loads,
             _object(loads=_list({"type": "object"}), findings=_list({"type": "object"})), (_SOURCE, LIMIT),
             role="editor"),
    Endpoint("load", "/loads", "Load files.", load,
             _list(_object(file=TEXT, status=TEXT, source=TEXT, findings=_list({"type": "object"}))),
             (Parameter("source", "Read them as this source instead of recognising them."),
              Parameter("dry_run", "Do all but write.", kind="boolean", default=False)),
             method="POST", role="editor", files=True),
)  # fmt: skip
