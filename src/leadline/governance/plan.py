"""The measurement plan: from goals and a business model to at most seven KPIs, and the record of what was left out.

A business model's blueprint has seven places along the buyer's journey, quantity beside quality, early, mid and late,
all leading to money. Each place is taken by the first metric of its list that the team's goals or scorecard name, that
the data can give and that moves; one that says the same as a KPI already taken steps back. A place that no metric can
fill today keeps its first, with what it needs: a plan comes before the data. Nothing is dropped without a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from msgspec.structs import replace

from leadline.charts.label import clean
from leadline.governance.aim import USUAL, Aim, aims_of
from leadline.governance.evidence import Evidence, evidence_of
from leadline.governance.planned import Driver, Kpi, LeftOut, MeasurementPlan
from leadline.governance.question import model_of
from leadline.governance.timetable import Timetable, cadence_of, timetable_of
from leadline.model import tree
from leadline.model.document import read_document
from leadline.model.infer import meaning_of
from leadline.model.measurement import Blueprint, Cadence, Measures, Slot, check_blueprint
from leadline.model.metric import Metric, stands_on
from leadline.model.question import JOURNEY, JourneyStage
from leadline.workspace import Workspace

MOST_DRIVERS = 5
_TIMES = ("early", "mid", "late")
_COUNTS = ("count", "people", "money", "deals", "orders", "sessions", "visits", "clicks", "impressions")


def blueprint_of(model: str, metrics: Mapping[str, object]) -> Blueprint:
    """The plan usual for a business model."""
    file = resources.files("leadline.catalogue") / "plans" / f"{model}.yaml"
    document = read_document(file.read_text(encoding="utf-8"), f"catalogue/plans/{model}.yaml")
    return check_blueprint(document.convert(Blueprint, document.data), metrics, document)


class Planner:
    """Makes the plan of one workspace. `refused` are metrics that the team has decided against, and why."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        model: str = "",
        goals: Sequence[str] = (),
        planned_goals: Sequence[str] = (),
        refused: Mapping[str, str] | None = None,
        kept: Sequence[str] = (),
    ) -> None:
        self.workspace = workspace
        self.metrics = workspace.metrics
        self.model = model_of(workspace, model)
        self.blueprint = blueprint_of(self.model, self.metrics)
        self.goals = aims_of(workspace, goals, planned_goals, self.blueprint.goal)
        card = workspace.project.dashboards.get("scorecard")
        self.card: tuple[str, ...] = tuple(getattr(card, "kpis", ()))
        self.refused = {one.metric: clean(one.why) for one in getattr(card, "left_out", ())} | dict(refused or {})
        for aim in self.goals:
            self.refused.pop(aim.metric, None)
        self.evidence: Evidence = evidence_of(workspace, self._considered(kept))
        self._reasons: dict[str, LeftOut] = {}
        if [aim.origin for aim in self.goals] == [USUAL]:
            outcome = next(slot for slot in self.blueprint.slots.values() if not slot.leads_to)
            able = (name for name in self._candidates(outcome) if self.evidence.usable(name))
            metric = next(able, self.goals[0].metric)
            self.goals = (Aim(metric, metric, USUAL),)

    def propose(self) -> MeasurementPlan:
        """The plan that the goals, the business model and today's data give."""
        slots = self.blueprint.slots
        goals = [self.slot_for(aim.metric) for aim in self.goals]
        # What the plan is for comes first, so that nothing else pushes it out by saying the same.
        order = dict.fromkeys(
            [*(name for name in goals if name), *(name for name in slots if not slots[name].leads_to)]
        )
        chosen: dict[str, str] = {}
        for name in order | dict.fromkeys(slots):
            taken = self._take(slots[name], chosen)
            if taken:
                chosen[taken] = name
        for own in self.card:
            self._place_own(own, chosen)
        return self.plan_of(chosen)

    def _place_own(self, metric: str, chosen: dict[str, str]) -> None:
        """A KPI of today's scorecard takes the place of one in its stage that cannot be measured yet."""
        if metric in chosen or metric in self.refused or not self.evidence.usable(metric):
            return
        if any(self._same(metric, other) for other in chosen) or not self.leads_to_money(metric):
            return
        stage, measures = _stage_of(self.metrics[metric]), self.measures(metric)
        for other, name in chosen.items():
            slot = self.blueprint.slots.get(name)
            if slot and slot.stage == stage and slot.measures == measures and self.evidence.needs(other):
                del chosen[other]
                chosen[metric] = ""
                return

    def plan_of(self, chosen: Mapping[str, str], cadences: Mapping[str, Cadence] | None = None) -> MeasurementPlan:
        """The plan of these KPIs, each with the slot it stands in (none: a KPI of the team's own)."""
        names = {slot: self.metrics[metric].label for metric, slot in chosen.items() if slot}
        kpis = [self._kpi(metric, slot, names, chosen, (cadences or {}).get(metric)) for metric, slot in chosen.items()]
        order = [*self.blueprint.slots, ""]
        kpis.sort(key=lambda kpi: (JOURNEY.index(kpi.stage), _TIMES.index(kpi.timing), order.index(kpi.slot)))
        return MeasurementPlan(
            workspace=clean(str(self.workspace.settings.name or self.workspace.path.name)),
            model=self.model,
            made=self.workspace.today,
            goals=self.goals,
            aims=dict(self.blueprint.aims),
            kpis=tuple(kpis),
            left_out=self._left_out(chosen),
            notes=tuple(self._notes(kpis)),
        )

    def slot_for(self, metric: str) -> str:
        """The slot that a KPI stands in; empty for none."""
        return next((name for name, slot in self.blueprint.slots.items() if self._stands_in(metric, slot)), "")

    def _considered(self, kept: Sequence[str]) -> list[str]:
        slots = self.blueprint.slots.values()
        found = [name for slot in slots for name in (*slot.metrics, *slot.leading, slot.takes_by) if name]
        found += [name for slot in slots for metric in slot.metrics for name in tree.refs_of(self.metrics[metric].tree)]
        found += [
            *self.blueprint.watch,
            *self.blueprint.left_out,
            *self.card,
            *kept,
            *(aim.metric for aim in self.goals),
        ]
        found += [name for metric in (*self.card, *kept) for name in tree.refs_of(self.metrics[metric].tree)]
        return list(dict.fromkeys(name for name in found if name in self.metrics))

    def _candidates(self, slot: Slot) -> list[str]:
        """Metrics for a slot, best first: with a goal, on the scorecard, the blueprint's."""
        goals = [
            aim.metric for aim in self.goals if self._stands_in(aim.metric, slot) and self.leads_to_money(aim.metric)
        ]
        goals.sort(key=lambda name: name not in self.card)
        carded = [name for name in slot.metrics if name in self.card]
        carded += [name for name in self.card if self._stands_in(name, slot)]
        return [name for name in dict.fromkeys((*goals, *carded, *slot.metrics)) if name not in self.refused]

    def _stands_in(self, metric: str, slot: Slot) -> bool:
        """Whether a metric is one of a slot's, or the workspace's own and of the same stage, timing and kind."""
        if metric in slot.metrics:
            return True
        one = self.metrics[metric]
        if one.origin.startswith("catalogue/") or one.better == "target":
            return False
        if one.stage not in slot.of or one.timing != slot.timing:
            return False
        return self.measures(metric) == slot.measures

    def measures(self, metric: str) -> Measures:
        """Whether a metric counts, tells how well, or is money."""
        one = self.metrics[metric]
        meaning = meaning_of(one, self.metrics, self.workspace.facts)
        unit = one.unit or meaning.unit
        if meaning.additivity == "non-additive" and unit not in _COUNTS:
            return "quality"
        if unit == "money":
            return "quality" if meaning.additivity == "non-additive" else "money"
        return "quantity"

    def _take(self, slot: Slot, chosen: Mapping[str, str]) -> str:
        candidates = [name for name in self._candidates(slot) if name not in chosen]
        stepped = 0
        for name in candidates:
            if not self.evidence.usable(name):
                continue
            twins = [other for other in chosen if self._same(name, other) and self._timing(other) == self._timing(name)]
            if not twins:
                return name
            stepped += 1
        return "" if stepped or not candidates else candidates[0]

    def _same(self, left: str, right: str) -> bool:
        return self.evidence.twin(left, right) is not None

    def _timing(self, metric: str, slot: Slot | None = None) -> str:
        return self.metrics[metric].timing or (slot.timing if slot else "mid")

    def _kpi(
        self, metric: str, slot_name: str, names: Mapping[str, str], chosen: Mapping[str, str], cadence: Cadence | None
    ) -> Kpi:
        one, slot = self.metrics[metric], self.blueprint.slots.get(slot_name)
        measures = (
            slot.measures if slot and metric in slot.metrics and slot.measures != "money" else self.measures(metric)
        )
        timing = self._timing(metric, slot)
        usual, told = cadence_of(timing, measures, self.evidence.weekly(metric))
        takes = self._takes(slot)
        table = timetable_of(
            one, self.metrics, self.evidence.standings[metric], cadence or usual, takes, self.workspace.today,
            self.workspace.settings.calendar,
        )  # fmt: skip
        unit = one.unit or meaning_of(one, self.metrics, self.workspace.facts).unit
        return Kpi(
            metric=metric,
            name=clean(one.label),
            slot=slot_name,
            role=slot.role if slot and metric in slot.metrics else clean(one.doc),
            stage=slot.stage if slot else _stage_of(one),
            measures=measures,
            timing=timing,
            why=slot.why
            if slot
            else "chosen by the team" + (", on its scorecard today" if metric in self.card else ""),
            act=slot.act if slot else "",
            timetable=_explained(table, told if cadence in (None, usual) else "as the team wrote"),
            drivers=self._drivers(metric, slot, chosen),
            path=self._path(slot, names),
            goal=next((aim.text for aim in self.goals if aim.metric == metric), ""),
            needs=self.evidence.needs(metric),
            value=self.evidence.values.get(metric),
            unit=unit,
            currency=self.workspace.settings.reporting_currency or self.workspace.settings.currency,
            until=self.evidence.standings[metric].until,
            owner=clean(one.owner),
        )

    def _takes(self, slot: Slot | None) -> float:
        """The days until work shows: as measured over the last half year, else as usual for the business."""
        if slot is None:
            return 0.0
        known = self.evidence.weekly(slot.takes_by) if slot.takes_by else []
        value = self.evidence.values.get(slot.takes_by) if known else None
        return float(value) if value is not None else float(slot.takes)

    def _path(self, slot: Slot | None, names: Mapping[str, str]) -> tuple[str, ...]:
        found: list[str] = []
        while slot is not None and slot.leads_to:
            if slot.leads_to in names:
                found.append(clean(names[slot.leads_to]))
            slot = self.blueprint.slots.get(slot.leads_to)
        return tuple(found)

    def _drivers(self, metric: str, slot: Slot | None, chosen: Mapping[str, str]) -> tuple[Driver, ...]:
        parts = [name for name in tree.refs_of(self.metrics[metric].tree) if name != metric]
        leading = [name for name in (slot.leading if slot else ()) if name not in parts and name != metric]
        found: list[Driver] = []
        for kind, names in (("part", parts), ("leads", leading)):
            for name in names:
                if kind == "leads" and (name in chosen or metric in stands_on(self.metrics[name], self.metrics)):
                    continue
                same = [other for other in (metric, *(driver.metric for driver in found)) if self._same(name, other)]
                if kind == "leads" and same:
                    self._note_twin(name, same[0])
                    continue
                found.append(Driver(name, clean(self.metrics[name].label), kind, not self.evidence.needs(name)))
        found.sort(key=lambda driver: (driver.kind != "part", not driver.known))
        return tuple(found[:MOST_DRIVERS])

    def _note_twin(self, name: str, other: str) -> None:
        twin = self.evidence.twin(name, other)
        if twin is not None:
            label = clean(self.metrics[other].label)
            self._reasons.setdefault(
                name, LeftOut(name, clean(self.metrics[name].label), f"says the same as {label}: {twin.words}", other)
            )

    def _left_out(self, chosen: Mapping[str, str]) -> tuple[LeftOut, ...]:
        slots = {name: slot for slot in self.blueprint.slots.values() for name in self._candidates(slot)}
        holders = {slot: metric for metric, slot in chosen.items()}
        by_slot = {id(slot): holders.get(name, "") for name, slot in self.blueprint.slots.items()}
        names = dict.fromkeys((*self.refused, *(aim.metric for aim in self.goals), *self.card, *slots))
        names |= dict.fromkeys((*self.blueprint.left_out, *self.blueprint.watch, *self._reasons))
        found = []
        for name in names:
            if name in self.metrics and name not in chosen:
                slot = slots.get(name)
                found.append(self._reason(name, chosen, by_slot.get(id(slot), "") if slot else ""))
        return tuple(found)

    def _reason(self, name: str, chosen: Mapping[str, str], holder: str) -> LeftOut:
        label = clean(self.metrics[name].label)
        twins = [found for other in chosen if (found := self.evidence.twin(name, other))]
        twin = max(twins, key=lambda one: abs(one.rho), default=None)
        said = self.blueprint.left_out.get(name) or self.blueprint.watch.get(name, ("", ""))[1]
        why, other = said, ""
        if name in self.refused:
            why = self.refused[name]
        elif any(aim.metric == name for aim in self.goals):
            why = self._goal_reason(name, chosen)
        elif twin is not None:
            other = twin.right
            why = f"says the same as {clean(self.metrics[other].label)}: {twin.words}"
        elif name in self._reasons:
            return self._reasons[name]
        elif said:
            pass
        elif self.evidence.needs(name):
            why = f"cannot be measured yet: needs {self.evidence.needs(name)}"
        elif self.evidence.still(name):
            why = "has never moved, so nobody can steer by it"
        elif holder:
            why = f"{clean(self.metrics[holder].label)} stands for the same step"
        elif name in self.card:
            why = "on the scorecard today, but seven are enough"
        else:
            why = "its place on the plan is empty today"
        return LeftOut(name, label, why, other)

    def _goal_reason(self, name: str, chosen: Mapping[str, str]) -> str:
        if not self.leads_to_money(name):
            return "nothing ties it to revenue: set the goal for a KPI of this plan instead"
        led = [metric for metric, slot in chosen.items() if slot and name in self.blueprint.slots[slot].leading]
        if led:
            return f"has a goal of its own, and is watched as a driver of {clean(self.metrics[led[0]].label)}"
        return "has a goal of its own; the KPIs of this plan say what moves it"

    def leads_to_money(self, metric: str) -> bool:
        """Whether a metric is on the way to money: on the blueprint, made of what is, or money itself."""
        slots = self.blueprint.slots.values()
        vain = {name for name in self.blueprint.left_out if self.metrics[name].timing == "early"}
        on_the_way = {name for slot in slots for name in (*slot.metrics, *slot.leading)} - vain
        one = self.metrics[metric]
        if metric in on_the_way or (metric not in vain and one.stage not in ("", "awareness", "cross")):
            return True
        return any(name in on_the_way for name in stands_on(one, self.metrics))

    def _notes(self, kpis: Sequence[Kpi]) -> list[str]:
        notes = []
        for aim in self.goals:
            if not self.leads_to_money(aim.metric):
                label = clean(self.metrics[aim.metric].label)
                notes.append(f"{label} is a goal, but nothing ties it to revenue: change the goal")
        ready = [kpi for kpi in kpis if not kpi.needs]
        for word in _TIMES:
            if ready and word not in {kpi.timing for kpi in ready}:
                notes.append(f"no {word} KPI can be measured yet")
        kinds = {"quality" if kpi.measures == "quality" else "quantity" for kpi in ready}
        for word in ("quantity", "quality"):
            if ready and word not in kinds:
                notes.append(f"nothing of {word} can be measured yet: the other half can be won by a meaningless game")
        covered = {kpi.stage for kpi in kpis}
        for stage in JOURNEY:
            if stage not in covered:
                watched = [self.metrics[name].label for name, (own, _) in self.blueprint.watch.items() if own == stage]
                if watched:
                    notes.append(f"{stage}: no KPI; look at {', '.join(map(clean, watched))} each quarter")
        return notes


def _explained(table: Timetable, told: str) -> Timetable:
    return replace(table, why=f"{told}; {table.why}")


def _stage_of(metric: Metric) -> JourneyStage:
    """The stage of the buyer's journey that a metric of the team's own lies in."""
    by_funnel: dict[str, JourneyStage] = {
        "sal": "convert", "sql": "convert", "opportunity": "convert", "customer": "convert",
        "renewal": "retain", "expansion": "retain", "advocacy": "advocacy",
    }  # fmt: skip
    by_stage: dict[str, JourneyStage] = {
        "awareness": "awareness", "acquisition": "engage", "activation": "engage", "revenue": "convert",
        "retention": "retain", "referral": "advocacy",
    }  # fmt: skip
    return by_funnel.get(metric.funnel) or by_stage.get(metric.stage, "convert")
