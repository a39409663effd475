"""What a measurement plan is made of: KPIs with drivers and timetable, and what was left out and why."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from leadline.charts.label import escape
from leadline.charts.scale import Number
from leadline.governance.aim import Aim
from leadline.governance.timetable import Timetable
from leadline.model.measurement import Measures
from leadline.model.question import MODELS, JourneyStage


class Driver(Struct, frozen=True):
    """A metric that moves a KPI: `part` of its formula, or one that `leads` it; `known` when it can be measured."""

    metric: str
    name: str
    kind: str
    known: bool


class Kpi(Struct, frozen=True):
    """A KPI of the plan. `needs` says what is missing before it can be measured; `path` is its way to money."""

    metric: str
    name: str
    slot: str
    role: str
    stage: JourneyStage
    measures: Measures
    timing: str
    why: str
    act: str
    timetable: Timetable
    drivers: tuple[Driver, ...]
    path: tuple[str, ...] = ()
    goal: str = ""
    needs: str = ""
    value: Number | None = None
    unit: str = ""
    currency: str = ""
    until: dt.date | None = None
    owner: str = ""
    notes: str = ""


class LeftOut(Struct, frozen=True):
    """A metric that was considered and not taken; `twin` names the KPI that says the same."""

    metric: str
    name: str
    why: str
    twin: str = ""
    notes: str = ""


class MeasurementPlan(Struct, frozen=True):
    """The plan in the order of the journey. `changes` say how it differs from what the team has written down."""

    workspace: str
    model: str
    made: dt.date
    goals: tuple[Aim, ...]
    aims: dict[JourneyStage, str]
    kpis: tuple[Kpi, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def business(self) -> str:
        """The business model in words."""
        return MODELS[self.model]

    @property
    def measurable(self) -> tuple[Kpi, ...]:
        """The KPIs that today's data give."""
        return tuple(kpi for kpi in self.kpis if not kpi.needs)

    def _repr_html_(self) -> str:
        """The KPIs as a page's table, for notebooks."""
        rows = "".join(
            f"<tr><td>{kpi.stage}</td><td>{escape(kpi.name)}</td><td>{kpi.timing} · {kpi.measures}</td>"
            f"<td>{kpi.timetable.cadence}</td><td>{kpi.timetable.first or '–'}</td>"
            f"<td>{escape(', '.join(driver.name for driver in kpi.drivers))}</td></tr>"
            for kpi in self.kpis
        )
        out = "".join(f"<li>{escape(one.name)}: {escape(one.why)}</li>" for one in self.left_out)
        return (
            f"<table><caption>{escape(self.workspace)}: measurement plan</caption><thead><tr><th>stage</th><th>KPI</th>"
            f"<th>kind</th><th>look every</th><th>means something from</th><th>drivers</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>Left out</p><ul>{out}</ul>"
        )
