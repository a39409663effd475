"""The measurement plan as text: what a business model's plan looks like, and the `plan.yaml` that a team edits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct, field

from leadline.errors import DefinitionError, meant
from leadline.model.document import Document
from leadline.model.metric import Metric, Timing
from leadline.model.question import MODELS, JourneyStage

PLAN_FILE = "plan.yaml"
MOST_KPIS = 7
Measures = Literal["quantity", "quality", "money"]
Cadence = Literal["week", "month", "quarter"]


class Slot(Struct, frozen=True, forbid_unknown_fields=True):
    """A place on the plan of a business: what it watches for, and the metrics that can, best first.

    `leading` move before it does, `leads_to` is the slot it feeds (none for the outcome), `act` what to do when it
    falls short. Work of today shows after `takes` days, or after the median of the metric `takes_by` where that is
    known. `of` are the catalogue's stages from which an own KPI may take the place.
    """

    role: str
    stage: JourneyStage
    measures: Measures
    timing: Timing
    metrics: tuple[str, ...]
    of: tuple[str, ...]
    why: str
    act: str
    leads_to: str = ""
    leading: tuple[str, ...] = ()
    takes: int = 0
    takes_by: str = ""


class Blueprint(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan of a business model: its usual goal, an aim for each stage, at most seven places.

    `watch` are metrics of a stage that are looked at without being KPIs; `left_out` what is not taken, and why.
    """

    goal: str
    aims: dict[JourneyStage, str]
    slots: dict[str, Slot]
    watch: dict[str, tuple[JourneyStage, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


class KpiEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A KPI in `plan.yaml`. The team's own are `chosen`, `owner`, `cadence` and `notes`; the rest is worked out."""

    chosen: bool = True
    owner: str = ""
    cadence: Cadence | Literal[""] = ""
    notes: str = ""
    name: str = ""
    stage: str = ""
    measures: str = ""
    timing: str = ""
    why: str = ""
    act: str = ""
    first: str = ""
    shows: str = ""
    leads_to: str = ""
    drivers: tuple[str, ...] = ()
    needs: str = ""


class LeftOutEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric that was considered and not taken; `notes` are the team's own."""

    metric: str
    why: str = ""
    notes: str = ""


class PlanFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`plan.yaml`."""

    kpis: dict[str, KpiEntry] = field(default_factory=dict)
    model: str = ""
    made: dt.date | None = None
    goals: tuple[str, ...] = ()
    aims: dict[JourneyStage, str] = field(default_factory=dict)
    left_out: tuple[LeftOutEntry, ...] = ()


def read_plan_file(document: Document, metrics: Mapping[str, Metric]) -> PlanFile:
    """A plan as the team left it, checked; `DefinitionError` with file and line."""
    plan = document.convert(PlanFile, document.data or {})
    if plan.model and plan.model not in MODELS:
        raise _unknown("business model", plan.model, MODELS, document.place("model"))
    for name in plan.kpis:
        if name not in metrics:
            raise _unknown("metric", name, metrics, document.place("kpis", name))
    for number, entry in enumerate(plan.left_out):
        if entry.metric not in metrics:
            raise _unknown("metric", entry.metric, metrics, document.place("left_out", str(number)))
    chosen = [name for name, entry in plan.kpis.items() if entry.chosen]
    if len(chosen) > MOST_KPIS:
        raise DefinitionError(
            "too-many-kpis",
            f"A plan has at most {MOST_KPIS} KPIs, and this one has {len(chosen)}.",
            why=document.place("kpis", chosen[MOST_KPIS]),
            fix="write `chosen: no` and why under `notes` for those that matter least",
        )
    return plan


def check_blueprint(blueprint: Blueprint, metrics: Collection[str], document: Document) -> Blueprint:
    """A business model's plan, all of whose metrics exist."""
    for name, slot in blueprint.slots.items():
        for metric in (*slot.metrics, *slot.leading, *((slot.takes_by,) if slot.takes_by else ())):
            if metric not in metrics:
                raise _unknown("metric", metric, metrics, document.place("slots", name))
        if slot.leads_to and slot.leads_to not in blueprint.slots:
            raise _unknown("slot", slot.leads_to, blueprint.slots, document.place("slots", name, "leads_to"))
    for part in ("watch", "left_out"):
        for metric in getattr(blueprint, part):
            if metric not in metrics:
                raise _unknown("metric", metric, metrics, document.place(part, metric))
    return blueprint


def _unknown(kind: str, name: str, known: Collection[str], place: str) -> DefinitionError:
    return DefinitionError(
        f"unknown-{kind.replace(' ', '-')}",
        f"There is no {kind} named {name!r}.",
        why=place,
        fix=meant(name, known, "list them with `leadline metrics`"),
    )
