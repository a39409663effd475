"""The measurement plan on workspaces of a few rows: rank correlation, timetables, selection, the team's own words."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kit import give, make_workspace
from leadline.errors import DefinitionError, UsageError
from leadline.governance.measurable import Standing
from leadline.governance.plan import Planner, blueprint_of
from leadline.governance.plan_file import build_plan, check_plan, plan_text, write_plan, write_scorecard
from leadline.governance.redundancy import lower_bound, ranks, sparse, spearman, still, twin_of
from leadline.governance.timetable import cadence_of, timetable_of
from leadline.model.question import JOURNEY, MODELS
from leadline.time.calendar import Calendar
from leadline.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str, str]]
WEEKS = [dt.date(2025, 1, 6) + dt.timedelta(days=7 * number) for number in range(60)]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of sixty weeks: two in three buyers are new, and every order of a week costs the same."""
    folder = tmp_path_factory.mktemp("orders")
    rows = []
    for number, monday in enumerate(WEEKS):
        for order in range(6 + (number * 7) % 13):
            customer = f"old{order}" if order % 3 == 0 else f"{number}-{order}"
            rows.append(
                {"ordered_at": f"{monday + dt.timedelta(days=order % 7)}T10:00:00", "order_id": f"{number}/{order}",
                 "customer_id": customer, "amount": 10 + 4 * ((number * 5) % 7), "currency": "EUR", "is_sale": True,
                 "_key": f"{number}/{order}"}
            )  # fmt: skip
    with make_workspace(folder, settings="model: ecommerce\n", today="2026-03-02") as workspace:
        give(workspace, {"order": rows})
    return folder


@pytest.fixture
def shop(orders: Path) -> Callable[..., Workspace]:
    """`shop(folder)`: a copy of it, with own metrics and a scorecard as YAML text."""

    def make(folder: Path, *, metrics: str = "", card: str = "") -> Workspace:
        shutil.copytree(orders, folder, dirs_exist_ok=True)
        for room, text in (("metrics", metrics), ("dashboards", card)):
            if text:
                (folder / room).mkdir()
                (folder / room / "scorecard.yaml").write_text(text, encoding="utf-8")
        return open_workspace(folder)

    return make


# Rank correlation.


def test_ranks_share_ties() -> None:
    assert list(ranks([30, 10, 20, 20])) == [4, 1, 2.5, 2.5]


def test_spearman_by_hand() -> None:
    """Without ties 1 - 6 Σd² / (n (n² - 1)): ranks 1 2 3 4 5 against 2 1 4 3 5 give 1 - 24 / 120."""
    assert spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8)
    assert spearman([1, 2, 3], [30, 20, 10]) == pytest.approx(-1)
    # With ties Pearson's correlation of the ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): 4.5 / sqrt(4.5 * 5).
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9486832980505138)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1, 2], [1, 2]) is None


def test_few_points_are_sure_of_nothing() -> None:
    """Fisher's z of 0.9 is 1.4722; less 1.96 * sqrt(1.405 / 23) = 0.4844 of 26 points that is tanh(0.9878)."""
    assert lower_bound(0.9, 26) == pytest.approx(0.7564, abs=2e-4)
    assert lower_bound(-0.9, 26) == lower_bound(0.9, 26)
    assert lower_bound(0.9, 104) > 0.8 > lower_bound(0.9, 26)
    assert lower_bound(0.2, 12) == 0
    assert lower_bound(1.0, 3) == 0


def weekly(values: list[float]) -> dict[dt.date, float]:
    return dict(zip(WEEKS, values, strict=False))


def test_twins_and_those_who_only_grow_together() -> None:
    zigzag = [float((n * 7) % 13) for n in range(60)]
    series = {
        "a": weekly(zigzag),
        "twelve": weekly([12 * value for value in zigzag]),
        "upside": weekly([1 - value for value in zigzag]),
        "grows": weekly([100.0 * n + (n * 5) % 7 for n in range(60)]),
        "grows_too": weekly([100.0 * n + (n * 3) % 11 for n in range(60)]),
        "short": weekly(zigzag[:11]),
    }
    twin = twin_of("a", "twelve", series)
    assert twin is not None
    assert (twin.rho, twin.count) == (pytest.approx(1), 60)
    assert twin.words == "rank correlation 1.00 over 60 weeks"
    upside = twin_of("a", "upside", series)
    assert upside is not None
    assert upside.rho == pytest.approx(-1)
    assert spearman(list(series["grows"].values()), list(series["grows_too"].values())) == pytest.approx(1)
    assert twin_of("grows", "grows_too", series) is None
    assert twin_of("a", "short", series) is None
    assert twin_of("a", "nothing", series) is None


def test_still_and_sparse() -> None:
    assert still(weekly([0.0] * 12))
    assert not still(weekly([0.0] * 11))
    assert sparse(weekly([5, 0, 0, 0, 7, 0, 0, 0]))
    assert not sparse(weekly([5, 4, 3, 2, 1, 0]))


# Timetable.


def test_cadence_follows_the_number_of_cases() -> None:
    assert cadence_of("early", "quantity", [40, 30, 50])[0] == "week"
    assert cadence_of("mid", "quantity", [6, 5, 7]) == ("month", "about 26 a month")
    assert cadence_of("mid", "quantity", [2, 1, 3]) == ("quarter", "about 26 a quarter")
    assert cadence_of("early", "quantity", [0.5]) == ("quarter", "only about 6 a quarter")
    assert cadence_of("late", "quantity", [500])[0] == "month"
    assert cadence_of("mid", "quality", [0.3])[0] == "month"


def test_first_dates_by_hand(tmp_path: Path) -> None:
    """000-06: windows, earlier periods and settling put off the day from which a number means something."""
    with make_workspace(tmp_path) as workspace:
        metrics = workspace.metrics
    begun = Standing(since=dt.date(2026, 1, 10), until=dt.date(2026, 6, 14), complete=1, lag=3)
    today, calendar = dt.date(2026, 6, 15), Calendar()

    def first(metric: str, cadence: str, takes: float = 0, standing: Standing = begun) -> tuple[object, ...]:
        found = timetable_of(metrics[metric], metrics, standing, cadence, takes, today, calendar)  # type: ignore[arg-type]
        return found.first, found.shows, found.first_days, found.shows_days

    # The first whole week begins on January 12 and ends before the 19th; three days to settle.
    assert first("sessions", "week") == (dt.date(2026, 1, 22), dt.date(2026, 6, 25), 10, 10)
    # February is whole; its youngest leads have had their 90 days on May 30, and the data settled on June 2.
    assert first("lead_to_mql", "month") == (dt.date(2026, 6, 2), dt.date(2026, 10, 2), 124, 124)
    # Churn compares with the month before: February, then March.
    assert first("churn_rate", "month", 60) == (dt.date(2026, 4, 4), dt.date(2026, 9, 2), 65, 94)
    # Growth over a year needs twelve months before the first.
    assert first("revenue_growth_yoy", "month")[0] == dt.date(2027, 3, 4)
    # Nothing loaded: days after the first data.
    assert first("lead_to_mql", "month", 0, Standing()) == (None, None, 121, 121)


# The plan.


@pytest.mark.parametrize("model", list(MODELS))
def test_a_business_without_data_has_a_plan(model: str, tmp_path: Path, run: Run) -> None:
    """A fresh workspace: seven KPIs by the business model, dates relative, and what to connect first."""
    assert run("init", str(tmp_path / "new"), "--model", model)[0] == 0
    with open_workspace(tmp_path / "new") as workspace:
        plan = build_plan(workspace)
    assert len(plan.kpis) == 7
    assert not plan.measurable
    assert all(kpi.needs and kpi.timetable.first is None and kpi.timetable.first_days >= 7 for kpi in plan.kpis)
    assert {kpi.timing for kpi in plan.kpis} == {"early", "mid", "late"}
    assert {"quantity", "quality"} <= {kpi.measures for kpi in plan.kpis}
    assert all(one.why for one in plan.left_out)
    code, text, _ = run("-w", str(tmp_path / "new"), "plan", "--write")
    assert code == 0
    assert "days after data" in text
    code, text, _ = run("-w", str(tmp_path / "new"), "coverage")
    assert code == 0
    assert text.splitlines()[1].startswith("0 of ")
    assert "Connect next" in text
    assert run("-w", str(tmp_path / "new"), "plan", "--check")[0] == 0
    assert run("-w", str(tmp_path / "new"), "plan", "--scorecard")[0] == 2


@pytest.mark.parametrize("model", list(MODELS))
def test_blueprints_hold_what_they_promise(model: str, tmp_path: Path) -> None:
    with make_workspace(tmp_path) as workspace:
        blueprint = blueprint_of(model, workspace.metrics)
        timings = {name: workspace.metrics[slot.metrics[0]].timing for name, slot in blueprint.slots.items()}
    assert len(blueprint.slots) <= 7
    assert set(blueprint.aims) == set(JOURNEY)
    assert {name: slot.timing for name, slot in blueprint.slots.items()} == timings
    ends = [name for name, slot in blueprint.slots.items() if not slot.leads_to]
    assert len(ends) == 1
    assert blueprint.slots[ends[0]].measures == "money"
    for slot in blueprint.slots.values():
        seen: list[str] = []
        while slot.leads_to:
            assert slot.leads_to not in seen
            seen.append(slot.leads_to)
            slot = blueprint.slots[slot.leads_to]
        assert slot is blueprint.slots[ends[0]]


def test_of_two_that_say_the_same_one_stays(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    """Orders and baskets go their own ways; buyers go with orders, as everybody buys once or so a week."""
    metrics = (
        "buyers: {formula: distinct(order.customer_id where is_sale), unit: people, stage: revenue, timing: late}\n"
    )
    with shop(tmp_path, metrics=metrics, card="kpis: [orders, buyers, aov, revenue]\n") as workspace:
        plan = Planner(workspace).propose()
        chosen = [kpi.metric for kpi in plan.kpis]
        assert "orders" in chosen
        assert "buyers" not in chosen
        [buyers] = [one for one in plan.left_out if one.metric == "buyers"]
        assert buyers.twin == "orders"
        assert "says the same as Orders: rank correlation 1.00 over " in buyers.why
        assert [kpi.metric for kpi in plan.kpis if kpi.stage == "convert"][:4] == ["orders", "aov", "revenue", "mer"]


def test_goals_come_first_and_must_lead_to_money(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    """002-03 and 004-07."""
    with shop(tmp_path) as workspace:
        plan = build_plan(workspace, goals=["orders +20%", "impressions 1000000"])
        [orders] = [kpi for kpi in plan.kpis if kpi.metric == "orders"]
        assert orders.goal == "orders +20%"
        assert any("Impressions is a goal, but nothing ties it to revenue" in note for note in plan.notes)
        [impressions] = [one for one in plan.left_out if one.metric == "impressions"]
        assert impressions.why.startswith("nothing ties it to revenue")
        for wrong in ("orders by a lot", "20%", ""):
            with pytest.raises(UsageError, match="bad-goal"):
                build_plan(workspace, goals=[wrong])
        with pytest.raises(UsageError, match="orders"):
            build_plan(workspace, goals=["orderz +20%"])


def test_goals_of_the_workspace_are_the_plans(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    with shop(tmp_path) as workspace:
        (tmp_path / "goals").mkdir()
        (tmp_path / "goals" / "2026.yaml").write_text(
            "goals:\n"
            "- {metric: orders, period: 2026-02, target: 150}\n"
            "- {metric: orders, period: 2026-03, target: 160}\n",
            encoding="utf-8",
        )
        plan = build_plan(workspace)
        assert [aim.text for aim in plan.goals] == ["orders 160 in 2026-03"]
        assert next(kpi.goal for kpi in plan.kpis if kpi.metric == "orders") == "orders 160 in 2026-03"


def test_the_teams_words_stay(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    with shop(tmp_path) as workspace:
        plan = build_plan(workspace)
        path = write_plan(workspace, plan)
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert list(written["kpis"]) == [kpi.metric for kpi in plan.kpis]
        assert written["kpis"]["aov"]["first"] == "from 2025-03-01"
        text = path.read_text(encoding="utf-8")
        aov = text.index("  aov:")
        text = text[:aov] + text[aov:].replace('owner: ""', 'owner: "Ana \\"shop\\""', 1)
        text = text[:aov] + text[aov:].replace("cadence: month", "cadence: quarter", 1)
        text = text[:aov] + text[aov:].replace('notes: ""', 'notes: "mind: €"', 1)
        text = text.replace("  mer:\n    chosen: yes", "  mer:\n    chosen: no", 1)
        text = text.replace("left_out:\n", 'left_out:\n  - metric: gross_margin\n    notes: "next year"\n', 1)
        path.write_text(text, encoding="utf-8")
        again = build_plan(workspace)
        [aov] = [kpi for kpi in again.kpis if kpi.metric == "aov"]
        assert (aov.owner, aov.notes, aov.timetable.cadence) == ('Ana "shop"', "mind: €", "quarter")
        assert "mer" not in [kpi.metric for kpi in again.kpis]
        write_plan(workspace, again)
        kept = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert kept["kpis"]["aov"]["owner"] == 'Ana "shop"'
        assert kept["kpis"]["mer"] == {"chosen": False, "notes": ""}
        assert next(one for one in kept["left_out"] if one["metric"] == "gross_margin")["notes"] == "next year"
        # Written twice without a change between, the text is the same.
        before = path.read_text(encoding="utf-8")
        write_plan(workspace, build_plan(workspace))
        assert path.read_text(encoding="utf-8") == before


def test_what_would_change_is_told(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    with shop(tmp_path) as workspace:
        path = write_plan(workspace, build_plan(workspace))
        assert build_plan(workspace).changes == ()
        text = path.read_text(encoding="utf-8")
        data = yaml.safe_load(text)
        del data["kpis"]["aov"]
        data["kpis"]["revenue"]["needs"] = "orders"
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        changes = build_plan(workspace).changes
        assert "Average order value could be added: the basket is worth the effort" in changes
        assert "Revenue can be measured now" in changes


def test_check_holds_the_plan_against_the_data(shop: Callable[..., Workspace], tmp_path: Path, run: Run) -> None:
    with shop(tmp_path / "s") as workspace:
        with pytest.raises(UsageError, match="no-plan"):
            check_plan(workspace)
        write_plan(workspace, build_plan(workspace))
        findings = {one.metric: one.sign for one in check_plan(workspace)[1] if one.metric}
        assert findings["revenue"] == "sound"
        assert findings["sessions"] == "look"
    assert run("-w", str(tmp_path / "s"), "plan", "--check")[0] == 0
    # Half a year later nothing new has come.
    settings = tmp_path / "s" / "leadline.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("2026-03-02", "2026-09-01"), encoding="utf-8")
    code, text, _ = run("-w", str(tmp_path / "s"), "plan", "--check")
    assert code == 5
    assert "✗ Revenue cannot be measured any more: needs newer data" in text


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("kpis:\n  leeds: {chosen: yes}\n", "unknown-metric", 2),
        ("kpis:\n  leads:\n    chosen: yes\n    ovner: me\n", "bad-definition", 4),
        ("left_out:\n  - metric: leads\n  - metric: leeds\n", "unknown-metric", 3),
        ("model: shop\n", "unknown-business-model", 1),
        ("kpis:\n" + "".join(f"  {name}: {{}}\n" for name in
         ("leads", "mql", "sal", "sql", "sqo", "cpl", "cac", "roas")), "too-many-kpis", 9),
    ],
)  # fmt: skip
def test_a_wrong_plan_has_file_and_line(text: str, code: str, line: int, tmp_path: Path) -> None:
    with make_workspace(tmp_path, settings="model: b2b_saas\n") as workspace:
        (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(DefinitionError) as caught:
            build_plan(workspace)
    assert caught.value.code == code
    assert f"plan.yaml:{line}" in caught.value.why


def test_the_scorecard_has_what_can_be_measured(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    card = "kpis: [revenue]\nleft_out:\n- {metric: orders, why: the warehouse counts them}\n"
    with shop(tmp_path, card=card) as workspace:
        plan = build_plan(workspace)
        write_scorecard(workspace, plan)
    with open_workspace(tmp_path) as workspace:
        written = workspace.project.dashboards["scorecard"]
        assert written.kpis == tuple(kpi.metric for kpi in plan.measurable)
        assert "sessions" not in written.kpis
        assert [(one.metric, one.why) for one in written.left_out] == [("orders", "the warehouse counts them")]
        # The plan of tomorrow is not bound by what only this one left out.
        assert [kpi.metric for kpi in build_plan(workspace).kpis] == [kpi.metric for kpi in plan.kpis]


def test_on_the_command_line(shop: Callable[..., Workspace], tmp_path: Path, run: Run) -> None:
    shop(tmp_path / "s").close()
    code, text, _ = run("-w", str(tmp_path / "s"), "plan", "--goal", "revenue 24000 in 2026-04")
    assert code == 0
    assert "Goal: Revenue 24,000 in 2026-04" in text
    assert max(map(len, text.splitlines())) <= 130
    assert not (tmp_path / "s" / "plan.yaml").exists()
    code, text, _ = run("-w", str(tmp_path / "s"), "plan", "--format", "json")
    assert len(json.loads(text)["kpis"]) <= 7
    code, _, err = run("-w", str(tmp_path / "s"), "plan", "--check", "--write")
    assert code == 2
    assert "options-exclude" in err


def test_as_text_and_page(shop: Callable[..., Workspace], tmp_path: Path) -> None:
    with shop(tmp_path) as workspace:
        plan = build_plan(workspace)
    assert yaml.safe_load(plan_text(plan))["goals"] == ["revenue"]
    assert "<td>Revenue</td>" in plan._repr_html_()
