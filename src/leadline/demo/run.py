"""The demo from end to end: generate, load through the same importer as any file, ask, and report.

Every number shown comes from a query over the loaded files; the truth is written down beside, and not looked at.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from leadline.demo.company import FATHOMERE
from leadline.demo.generate import EXPORTS, TRUTH, generate
from leadline.demo.truth import Truth
from leadline.errors import UsageError
from leadline.project import SETTINGS_FILE
from leadline.scaffold import init_workspace

if TYPE_CHECKING:
    from leadline.ingest.load import LoadReport
    from leadline.report.scorecard import Scorecard
    from leadline.report.view import Breakdown
    from leadline.workspace import Workspace

REPORT = "report.html"
Progress = Callable[[str, int, int], None]


class Question(Struct, frozen=True):
    """A query whose answer the report shows beside the scorecard."""

    title: str
    doc: str
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: str = "none"
    period: str = ""


QUESTIONS = (
    Question(
        "Leads by channel",
        "Where the people come from who leave their contact details.",
        ("leads",),
        by=("channel",),
        grain="month",
        period="last-12-months",
    ),
    Question(
        "What campaigns cost and bring",
        "Spend beside leads: a campaign that goes on costing and brings nobody stands out.",
        ("ad_spend", "leads"),
        by=("campaign",),
        period="last-2-months",
    ),
    Question(
        "Recurring revenue",
        "What customers pay each month, at the end of each month.",
        ("mrr",),
        grain="month",
        period="last-24-months",
    ),
    Question(
        "From lead to qualified lead",
        "By the month of the lead; people of the last months still have time.",
        ("lead_to_mql",),
        grain="month",
        period="last-12-months",
    ),
)


class DemoResult(Struct, frozen=True):
    """What a run of the demo made. `seconds` tells how long each step took; `loads` are the importer's reports."""

    folder: Path
    truth: Truth
    loads: tuple[LoadReport, ...]
    scorecard: Scorecard
    report: Path
    seconds: dict[str, float]


def run(out: Path, seed: int = 7, *, progress: Progress | None = None) -> DemoResult:
    """Make the demo workspace in `out` and its report; `progress` is told what is being done, its number, how many.

    A second run with the same seed changes nothing. Raises `UsageError` when `out` is another workspace or holds the
    demo of another seed, and whatever refused a file, if one should be refused.
    """
    from leadline.workspace import open_workspace

    steps = _Steps(progress)
    _refuse_others(out, seed)
    with steps.step("generate"):
        truth = generate(out, seed)
    if not (out / SETTINGS_FILE).exists():
        make_workspace(out)
    with open_workspace(out) as workspace:
        with steps.step("load"):
            loads = workspace.load([out / EXPORTS / name for name in truth.files], progress=progress)
        _refuse_parts(loads)
        with steps.step("ask"):
            card = _scorecard(workspace)
            breakdowns = _answers(workspace)
    with steps.step("report"):
        report = _write_report(out, card, breakdowns)
    return DemoResult(out, truth, tuple(loads), card, report, steps.seconds)


def make_workspace(out: Path) -> None:
    """The demo's workspace: that of a B2B software company, with its own sources mapped and its margin defined."""
    company = FATHOMERE
    init_workspace(out, "b2b_saas", name=company.name, timezone=company.timezone, currency=company.currency)
    settings = out / SETTINGS_FILE
    today = company.ends + timedelta(days=1)
    still = f"\n# The demo's clock stands still: its data ends on {company.ends}.\ntoday: {today}\n"
    settings.write_text(settings.read_text(encoding="utf-8") + still, encoding="utf-8", newline="\n")
    readme = out / "README.md"
    readme.write_text(f"> {company.notice}\n\n{readme.read_text(encoding='utf-8')}", encoding="utf-8", newline="\n")
    for room in ("sources", "metrics", "goals", "sla"):
        with resources.as_file(resources.files("leadline.demo") / room) as definitions:
            shutil.copytree(definitions, out / room, dirs_exist_ok=True)


def _refuse_others(out: Path, seed: int) -> None:
    """The demo never writes into somebody's own workspace, nor mixes two simulated companies."""
    if (out / TRUTH).is_file():
        try:
            told = msgspec.json.decode((out / TRUTH).read_bytes(), type=_Told)
        except msgspec.DecodeError:
            told = _Told(-1)
        if told.seed != seed:
            raise UsageError(
                "other-demo",
                f"{out} already holds a demo with another seed.",
                why=f"{TRUTH} there says seed {told.seed}" if told.seed >= 0 else f"{TRUTH} there is damaged",
                fix="choose another folder, or delete this one first",
            )
    elif (out / SETTINGS_FILE).exists():
        raise UsageError(
            "not-a-demo",
            f"{out} is a workspace of your own.",
            why="the demo would mix simulated data into it",
            fix="choose another folder for the demo",
        )


class _Told(Struct):
    seed: int


def _refuse_parts(loads: list[LoadReport]) -> None:
    """A demo without one of its files would show wrong numbers, so it shows none."""
    for report in loads:
        if report.error is not None:
            raise report.error


def _scorecard(workspace: Workspace) -> Scorecard:
    from leadline.report.scorecard import build_scorecard

    kpis = workspace.project.dashboards["scorecard"].kpis
    return build_scorecard(workspace, kpis=kpis, today=workspace.settings.today)


def _answers(workspace: Workspace) -> list[Breakdown]:
    from leadline.report.view import Breakdown

    return [
        Breakdown(
            question.title,
            workspace.query(question.metrics, by=question.by, grain=question.grain, period=question.period),
            question.doc,
        )
        for question in QUESTIONS
    ]


def _write_report(out: Path, card: Scorecard, breakdowns: list[Breakdown]) -> Path:
    from leadline.report.html import render_html, write_html

    report = out / REPORT
    write_html(report, render_html(card, breakdowns=breakdowns, title=FATHOMERE.name, note=FATHOMERE.notice))
    return report


class _Steps:
    """Tells of each step and keeps its time."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.progress is not None:
            self.progress(name, 0, 1)
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun
