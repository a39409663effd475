"""Every built-in metric is complete, means something over the facts, and answers a requirement."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import pytest

from leadline.catalogue import documents
from leadline.model.facts import FACTS
from leadline.model.infer import check_cycles, check_formula, infer
from leadline.model.metric import Metric, MetricDefinition, expand
from leadline.model.parse import parse_formula
from leadline.model.text import formula_text

STAGES = {"awareness", "acquisition", "activation", "revenue", "retention", "referral", "cross"}
FUNNEL = {
    "visitor", "engaged", "lead", "mql", "sal", "sql", "opportunity", "customer", "onboarding", "adoption", "renewal",
    "expansion", "advocacy", "all",
}  # fmt: skip
# The list of metrics that the requirements were turned into; it stands beside the checkout, and not in it.
LISTED = Path(__file__).resolve().parents[3] / "shared" / "design" / "catalogue.csv"
SENTENCE = re.compile(r"[A-Z1].*[a-zA-Z0-9)]\.")
ITEMS = {"000": 21, "001": 14, "002": 13, "003": 18, "004": 18}
# The twelve metrics that both teams share (001-03 to 001-14), and the metric that answers each.
SHARED = {
    "001-03": "addressable_reach",
    "001-04": "leads",
    "001-05": "expected_pipeline",
    "001-06": "revenue",
    "001-07": "visit_to_lead",
    "001-08": "lead_to_mql",
    "001-09": "lead_work_rate",
    "001-10": "worked_to_opp",
    "001-11": "mql_to_opp",
    "001-12": "opp_to_customer",
    "001-13": "lead_to_customer",
    "001-14": "avg_deal_size",
}


@cache
def definitions() -> dict[str, MetricDefinition]:
    found: dict[str, MetricDefinition] = {}
    for document in documents():
        for name, data in document.data.items():
            assert name not in found, f"{name} is defined twice"
            found[name] = document.convert(MetricDefinition, data, name)
    return found


@cache
def metrics() -> dict[str, Metric]:
    return {
        name: Metric(name, one.formula, check_formula(parse_formula(one.formula), FACTS, definitions(), where=name))
        for name, one in definitions().items()
    }


def names() -> list[str]:
    return sorted(definitions())


def test_all_are_there_and_no_circle() -> None:
    assert len(names()) >= 250
    check_cycles(metrics())


def test_every_listed_metric_is_defined() -> None:
    if not LISTED.is_file():
        pytest.skip(f"needs {LISTED.name}, which is not on this machine")
    with LISTED.open(encoding="utf-8", newline="") as lines:
        listed = [row["id"] for row in csv.DictReader(lines)]
    assert len(listed) == 239
    assert sorted(set(listed) - set(names())) == []


@pytest.mark.parametrize("name", names())
def test_definition_is_complete(name: str) -> None:
    one = definitions()[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert one.name
    assert one.stage in STAGES
    assert one.funnel in FUNNEL
    assert one.timing in {"early", "mid", "late"}
    assert one.unit
    assert one.version >= 1
    assert SENTENCE.fullmatch(one.doc), "doc is one sentence"
    assert ". " not in one.doc, "doc is one sentence"
    assert one.pitfalls
    assert all(text.endswith(".") for text in one.pitfalls)
    assert not one.decision or one.decision.endswith(".")
    assert not one.needs.endswith("."), "it follows `It needs`, and a full stop is put after it"
    assert one.examples


@pytest.mark.parametrize("name", names())
def test_answers_a_requirement_that_exists(name: str) -> None:
    one = definitions()[name]
    assert one.requirements, "a metric nobody asked for"
    for item in one.requirements:
        source, number = item.split("-")
        assert 1 <= int(number) <= ITEMS[source], item


@pytest.mark.parametrize("name", names())
def test_formula_survives_text_and_back(name: str) -> None:
    tree = parse_formula(definitions()[name].formula)
    assert parse_formula(formula_text(tree)) == tree


# A goal's unit is that of its metric, which no formula shows: money over a goal in money is a share.
OVER_GOALS = {"revenue_to_goal", "goal_attainment", "quota_attainment", "pipeline_coverage", "pace_index"}


@pytest.mark.parametrize("name", sorted(set(names()) - OVER_GOALS))
def test_unit_agrees_with_the_formula(name: str) -> None:
    """An amount of money is declared as money, and nothing else is."""
    meaning = infer(expand(metrics()[name].tree, metrics()), FACTS)
    stated = definitions()[name].unit
    if "money" in meaning.unit:
        assert stated.startswith("money")
    if stated == "money":
        assert "money" in meaning.unit or meaning.unit == ""


@pytest.mark.parametrize("name", names())
def test_example_rows_have_columns_of_their_fact(name: str) -> None:
    for example in definitions()[name].examples:
        for fact, rows in example.given.items():
            for row in rows:
                assert set(row) <= set(FACTS[fact].column_names), fact
                assert FACTS[fact].time in row or name == "trial_starts"


@pytest.mark.parametrize(("item", "name"), SHARED.items())
def test_shared_metric_is_there(item: str, name: str) -> None:
    assert item in definitions()[name].requirements


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("win_rate", "close_rate"),
        ("email_ctr", "email_ctor"),
        ("marketing_roi", "marketing_roi_margin"),
        ("won_revenue", "revenue"),
        ("users", "sessions"),
        ("ctr", "ad_ctr"),
        ("churn_rate", "churn_rate_average"),
        ("mrr_churn_rate", "gross_mrr_churn"),
        ("gross_mrr_churn", "net_mrr_churn"),
        ("sales_cycle", "deal_cycle"),
        ("roas", "claimed_roas"),
        ("roas", "mer"),
        ("referral_participation", "referral_share"),
        ("invites_sent", "referrals"),
        ("avg_deal_size", "acv"),
        ("cpl", "cac"),
        ("mkt_sourced_pipeline", "mkt_influenced_pipeline"),
        ("impressions", "reach"),
        ("addressable_reach", "reach"),
        ("video_views", "watch_time"),
    ],
)
def test_variants_are_named_apart(first: str, second: str) -> None:
    """REQUIREMENTS: loose formulas get their standard form, each under its own name."""
    known = metrics()
    assert expand(known[first].tree, known) != expand(known[second].tree, known)
    assert definitions()[first].name != definitions()[second].name
