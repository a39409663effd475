"""`plan.yaml`: the measurement plan as text that a team edits, read back, held against the data, and written anew.

What the team wrote holds: which KPIs are chosen, their owner, cadence and notes, the goals, and what it left out
itself. The rest is worked out from today's data. Comments in the file are not kept; notes are.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from leadline.errors import DefinitionError, UsageError
from leadline.governance.aim import set_aims
from leadline.governance.plan import Planner
from leadline.governance.planned import Kpi, LeftOut, MeasurementPlan
from leadline.governance.timetable import LENGTH
from leadline.model.document import read_document
from leadline.model.measurement import MOST_KPIS, PLAN_FILE, Cadence, KpiEntry, PlanFile, read_plan_file
from leadline.model.question import JOURNEY
from leadline.workspace import Workspace

DECIDED = "the team decided against it"
_TITLE = """\
# The measurement plan of {name}, worked out on {made} from the goals, the business and its data.
# Yours to edit: goals, and of each KPI `chosen`, `owner`, `cadence` and `notes`; add a KPI by its id, seven at most.
# `leadline plan --check` holds it against the data; `leadline plan --write` works out the rest anew, your words stay.
"""
_SCORECARD = """\
# The few numbers to steer by, from plan.yaml: those that today's data give. Written by `leadline plan --scorecard`.
title: Scorecard
grain: month
kpis:
"""


class Finding(Struct, frozen=True):
    """What holding a plan against the data found: wrong, something to look at, or sound."""

    sign: Literal["wrong", "look", "sound"]
    text: str
    metric: str = ""


def read_plan(workspace: Workspace) -> PlanFile | None:
    """The workspace's `plan.yaml`, checked; None when there is none."""
    path = workspace.path / PLAN_FILE
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "bad-yaml", f"{PLAN_FILE} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
        ) from None
    return read_plan_file(read_document(text, PLAN_FILE), workspace.metrics)


def build_plan(workspace: Workspace, *, model: str = "", goals: Sequence[str] = ()) -> MeasurementPlan:
    """The plan of a workspace: as its `plan.yaml` says, brought up to date; without one, as proposed.

    Raises `UsageError` for an unknown model or goal, `DefinitionError` for a wrong `plan.yaml`.
    """
    file = read_plan(workspace)
    if file is None or not any(entry.chosen for entry in file.kpis.values()):
        return Planner(workspace, model=model, goals=goals).propose()
    refused = {name: entry.notes or DECIDED for name, entry in file.kpis.items() if not entry.chosen}
    kept = [name for name, entry in file.kpis.items() if entry.chosen]
    planner = Planner(
        workspace, model=model or file.model, goals=goals, planned_goals=file.goals, refused=refused, kept=kept
    )
    proposal = planner.propose()
    chosen: dict[str, str] = {}
    for name in kept:
        slot = planner.slot_for(name)
        chosen[name] = "" if slot in chosen.values() else slot
    cadences: dict[str, Cadence] = {name: file.kpis[name].cadence for name in kept if file.kpis[name].cadence}  # type: ignore[misc]
    plan = planner.plan_of(chosen, cadences)
    kpis = tuple(_as_written(kpi, file.kpis[kpi.metric]) for kpi in plan.kpis)
    plan = replace(plan, kpis=kpis, left_out=_left_out(plan.left_out, file, workspace, chosen))
    return replace(plan, changes=tuple(_changes(file, plan, proposal, workspace)))


def _as_written(kpi: Kpi, entry: KpiEntry) -> Kpi:
    return replace(kpi, owner=entry.owner or kpi.owner, notes=entry.notes)


def _left_out(
    found: Iterable[LeftOut], file: PlanFile, workspace: Workspace, chosen: Iterable[str]
) -> tuple[LeftOut, ...]:
    """What was left out, with the team's notes, and what the team left out itself."""
    notes = {entry.metric: entry.notes for entry in file.left_out if entry.notes}
    kept = {one.metric: replace(one, notes=notes.get(one.metric, "")) for one in found}
    for entry in file.left_out:
        if entry.metric not in kept and entry.metric not in chosen:
            kept[entry.metric] = LeftOut(
                entry.metric, workspace.metrics[entry.metric].label, entry.why, "", entry.notes
            )
    return tuple(kept.values())


def _changes(file: PlanFile, plan: MeasurementPlan, proposal: MeasurementPlan, workspace: Workspace) -> Iterator[str]:
    """How the plan that today's data give differs from what is written."""
    written = {name for name, entry in file.kpis.items() if entry.chosen}
    held = {kpi.slot: kpi for kpi in plan.kpis if kpi.slot}
    for kpi in proposal.kpis:
        if kpi.metric in written:
            continue
        other = held.get(kpi.slot)
        if other is not None and other.needs and not kpi.needs:
            yield f"{kpi.name} could take the place of {other.name}, which cannot be measured"
        elif other is None and len(written) < MOST_KPIS:
            yield f"{kpi.name} could be added: {kpi.role}"
    for kpi in plan.kpis:
        entry = file.kpis[kpi.metric]
        if kpi.needs and not entry.needs and entry.name:
            yield f"{kpi.name} cannot be measured any more: needs {kpi.needs}"
        elif entry.needs and not kpi.needs:
            yield f"{kpi.name} can be measured now"
        elif entry.first and first_text(kpi) != entry.first:
            yield f"{kpi.name} means something {first_text(kpi)}, not {entry.first}"
    planned = {text.split()[0] for text in file.goals if text.split()}
    for aim in set_aims(workspace):
        if planned and aim.metric not in planned:
            yield f"{workspace.metrics[aim.metric].label} has a goal now, which is not on the plan"


def check_plan(workspace: Workspace) -> tuple[MeasurementPlan, tuple[Finding, ...]]:
    """The written plan held against the data of today; `UsageError` when none is written."""
    file = read_plan(workspace)
    if file is None:
        raise UsageError(
            "no-plan", "The workspace has no measurement plan yet.", why=f"there is no {PLAN_FILE}",
            fix="write one with `leadline plan --write`",
        )  # fmt: skip
    plan = build_plan(workspace)
    return plan, tuple(_findings(file, plan, workspace))


def _findings(file: PlanFile, plan: MeasurementPlan, workspace: Workspace) -> Iterator[Finding]:
    today = workspace.today
    for kpi in plan.kpis:
        entry = file.kpis.get(kpi.metric, KpiEntry())
        table = kpi.timetable
        if kpi.needs:
            broken = not entry.needs and bool(entry.name)
            words = "cannot be measured any more" if broken else "cannot be measured yet"
            yield Finding("wrong" if broken else "look", f"{kpi.name} {words}: needs {kpi.needs}", kpi.metric)
        elif table.first is not None and table.first > today:
            yield Finding("look", f"{kpi.name} means something only from {table.first}", kpi.metric)
        elif kpi.until is not None and kpi.until < today - dt.timedelta(days=2 * LENGTH[table.cadence]):
            yield Finding(
                "wrong", f"{kpi.name} is to be looked at every {table.cadence}; its data end {kpi.until}", kpi.metric
            )
        else:
            yield Finding("sound", f"{kpi.name} can be measured; its data end {kpi.until}", kpi.metric)
    nobody = [kpi.name for kpi in plan.kpis if not kpi.owner]
    if nobody:
        yield Finding("look", f"nobody owns {', '.join(nobody)}")
    yield from (
        Finding("look", text) for text in (*plan.notes, *plan.changes) if "cannot be measured any more" not in text
    )


def first_text(kpi: Kpi) -> str:
    """From when a KPI means something, as the file says it."""
    table = kpi.timetable
    return f"from {table.first}" if table.first else f"{table.first_days} days after the first data"


def plan_text(plan: MeasurementPlan, file: PlanFile | None = None) -> str:
    """The plan as YAML; decisions of `file` against a KPI stay in it."""
    lines = [_TITLE.format(name=plan.workspace.replace("\n", " "), made=plan.made).rstrip(), f"model: {plan.model}"]
    lines += [f"made: {plan.made}", "goals:", *(f"  - {_quoted(aim.text)}" for aim in plan.goals), "aims:"]
    lines += [f"  {stage}: {_quoted(plan.aims[stage])}" for stage in JOURNEY if stage in plan.aims]
    lines += ["kpis:"]
    for kpi in plan.kpis:
        lines += ["", *_kpi_lines(kpi)]
    for name, entry in file.kpis.items() if file else ():
        if not entry.chosen:
            lines += ["", f"  {name}:", "    chosen: no", f"    notes: {_quoted(entry.notes)}"]
    refused = {name for name, entry in (file.kpis.items() if file else ()) if not entry.chosen}
    lines += ["", "# What was considered and not taken, and why: so that nobody has to ask twice.", "left_out:"]
    for one in plan.left_out:
        if one.metric not in refused:
            lines += [f"  - metric: {one.metric}", f"    why: {_quoted(one.why)}"]
            lines += [f"    notes: {_quoted(one.notes)}"] if one.notes else []
    return "\n".join(lines) + "\n"


def _kpi_lines(kpi: Kpi) -> list[str]:
    table = kpi.timetable
    lines = [
        f"  {kpi.metric}:",
        "    chosen: yes",
        f"    owner: {_quoted(kpi.owner)}",
        f"    cadence: {table.cadence}",
        f"    notes: {_quoted(kpi.notes)}",
        f"    name: {_quoted(kpi.name)}",
        f"    stage: {kpi.stage}",
        f"    measures: {kpi.measures}",
        f"    timing: {kpi.timing}",
        f"    why: {_quoted(f'{kpi.role}: {kpi.why}' if kpi.role else kpi.why)}",
        f"    act: {_quoted(kpi.act)}",
        f"    first: {_quoted(first_text(kpi))}",
        f"    shows: {_quoted(f'after {table.shows_days} days at most: {table.why}')}",
        f"    leads_to: {_quoted(' > '.join(kpi.path))}",
        f"    drivers: [{', '.join(driver.metric for driver in kpi.drivers)}]",
    ]
    return [*lines, *([f"    needs: {_quoted(kpi.needs)}"] if kpi.needs else [])]


def write_plan(workspace: Workspace, plan: MeasurementPlan) -> Path:
    """Write `plan.yaml`, whole or not at all."""
    return _write(workspace.path / PLAN_FILE, plan_text(plan, read_plan(workspace)))


def write_scorecard(workspace: Workspace, plan: MeasurementPlan) -> Path:
    """Write the KPIs that can be measured as `dashboards/scorecard.yaml`; the others as a remark with what they need.

    `UsageError` when today's data give none of them.
    """
    if not plan.measurable:
        raise UsageError(
            "empty-scorecard", "None of the plan's KPIs can be measured yet.", why="their sources are not connected",
            fix="see `leadline coverage` for what to connect first",
        )  # fmt: skip
    lines = [_SCORECARD.rstrip(), *(f"  - {kpi.metric}  # {kpi.name}" for kpi in plan.measurable)]
    lines += [f"  # {kpi.metric}: on the plan, but needs {kpi.needs}" for kpi in plan.kpis if kpi.needs]
    # What the team itself left out stays; the plan's own reasons are worked out anew each time, and stand in plan.yaml.
    chosen = {kpi.metric for kpi in plan.kpis}
    card = workspace.project.dashboards.get("scorecard")
    before = [one for one in getattr(card, "left_out", ()) if one.metric not in chosen]
    lines += ["left_out:"] if before else []
    for one in before:
        lines += [f"  - metric: {one.metric}", f"    why: {_quoted(one.why)}"]
    path = workspace.path / "dashboards" / "scorecard.yaml"
    path.parent.mkdir(exist_ok=True)
    return _write(path, "\n".join(lines) + "\n")


def _write(path: Path, text: str) -> Path:
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)
    return path


def _quoted(text: str) -> str:
    """A text as YAML's double-quoted scalar, of which JSON's strings are a part."""
    return json.dumps(text, ensure_ascii=False)
