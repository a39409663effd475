"""Formula ⇄ tree ⇄ text without loss, and errors that say where and what to do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.errors import DefinitionError
from leadline.model import tree
from leadline.model.facts import FACTS
from leadline.model.infer import check_formula, infer
from leadline.model.parse import parse_condition, parse_formula
from leadline.model.text import condition_text, formula_text

# The formulas of the product's own description, as far as this version measures them.
PRODUCT = [
    "sum(ad.spend)",
    "sum(ad.clicks) / sum(ad.impressions)",
    "count(stage_entry where stage = 'mql' and is_first)",
    "reach(lead, mql, within 90 days)",
    "median(duration(deal.created_at, deal.won_at))",
    "last(subscription.mrr)",
    "(marketing_cost + sales_cost) / new_customers",
    "revenue / prior(revenue, 1 year) - 1",
    "distinct(product_event.person_id over 28 days)",
    "open_deals * win_rate * avg_deal_size / sales_cycle",
]
MORE = [
    "count(deal where status = 'won' at won_at)",
    "last(distinct(subscription.customer_id where not is_trial))",
    "last(count(deal where pipeline in ('a', 'b')))",
    "percentile(survey.score, 0.9 where kind = 'nps')",
    "reach(order where is_first, order where is_sale, in month 1)",
    "reached(order where is_first, order where is_sale, in month 3)",
    "sum(order.quantity * order.unit_price - coalesce(order.discount, 0) where country not in ('DE', 'FR'))",
    "-a * (b - c) / (d / e)",
    "a - (b - c)",
    "prior(a / b)",
    "prior(a, 2 quarters)",
    "opening(a - b)",
    "avg(deal.amount where name like 'A%' and amount between 1 and 10 and lost_at is null)",
    "count(deal where (won_at is not null or lost_at is not null) and not (stage = 'x' and stage = 'y'))",
    "sum(ad.spend where campaign = 'O''Neil \"x\"')",
    "avg(duration(deal.created_at, deal.won_at, hours))",
    "sum(order.amount where is_sale over 7 days at ordered_at)",
    "sum(order.amount where is_sale over year to date at ordered_at)",
    "distinct(order.customer_id over quarter to date)",
    "sum(session.sessions) / total(sum(session.sessions))",
    "mean(distinct(product_event.person_id where event = 'login') by day)",
    "movement(subscription.mrr, new)",
    "movement(subscription.mrr * 12, churned where not is_trial)",
    "median(elapsed(lead, mql))",
    "percentile(elapsed(deal where kind = 'new business' at created_at, deal at won_at, hours), 0.9)",
    "median(gap(order where is_sale))",
    "percentile(gap(order, hours), 0.75)",
    "credited(revenue) / ad_spend",
    "credited(sum(order.amount), first, within 90 days, where kind = 'event' and campaign is not null)",
    "credited(count(deal at won_at), time_decay)",
]


@pytest.mark.parametrize("text", PRODUCT + MORE)
def test_text_and_tree_convert_without_loss(text: str) -> None:
    parsed = parse_formula(text)
    assert formula_text(parsed) == text
    assert parse_formula(formula_text(parsed)) == parsed
    packed = msgspec.msgpack.encode(parsed)
    assert msgspec.msgpack.decode(packed, type=tree.Formula) == parsed  # type: ignore[arg-type]


names = st.sampled_from(["a", "b_1", "revenue", "reach", "sum", "count"])
numbers = st.one_of(st.integers(0, 10**9), st.floats(0, 1e9, allow_nan=False).map(lambda value: round(value, 3)))
columns = st.sampled_from(["amount", "status", "won_at", "at", "is null", "order"]).map(tree.Column)
constants = st.one_of(numbers, st.text(max_size=8), st.booleans(), st.none()).map(tree.Constant)


def rows(depth: int) -> st.SearchStrategy[tree.Row]:
    if depth == 0:
        return st.one_of(columns, constants)
    inner = rows(depth - 1)
    return st.one_of(
        inner,
        st.builds(tree.Calculate, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(tree.Compare, st.sampled_from(["=", "<>", "<", ">="]), inner, inner),
        st.builds(tree.Not, inner),
        st.builds(tree.IsNull, inner, st.booleans()),
        st.builds(tree.Among, inner, st.lists(constants, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(tree.Between, inner, constants, constants, st.booleans()),
        st.lists(inner, min_size=2, max_size=3).map(lambda of: tree.Or(tuple(of))),
    )


def formulas(depth: int) -> st.SearchStrategy[tree.Formula]:
    measures = st.one_of(
        st.builds(tree.Count, st.just("deal"), st.one_of(st.none(), rows(2)), st.sampled_from(["", "won_at"])),
        st.builds(tree.Sum, st.just("deal"), st.just(tree.Column("amount")), st.one_of(st.none(), rows(1))),
    )
    if depth == 0:
        return st.one_of(names.map(tree.Ref), numbers.map(tree.Number), measures)
    inner = formulas(depth - 1)
    return st.one_of(
        inner,
        st.builds(tree.Combine, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(tree.Negate, inner),
        st.builds(tree.Prior, inner, st.integers(1, 5), st.sampled_from(["period", "day", "year"])),
        st.builds(tree.Prior, inner, st.just(1), st.just("opening")),
    )


@given(formulas(3))
def test_any_tree_survives_its_text(formula: tree.Formula) -> None:
    assert parse_formula(formula_text(formula)) == formula


@given(rows(3))
def test_any_condition_survives_its_text(row: tree.Row) -> None:
    assert parse_condition(condition_text(row)) == row


@pytest.mark.parametrize(
    ("text", "place", "cure"),
    [
        ("sum(ad.spend", "column 13", "')'"),
        ("sun(ad.spend)", "column 4", "sum(…)"),
        ("count(deal whre won)", "column 12", "where"),
        ("a b", "column 3", "the end"),
        ("1 +", "column 4", "a number"),
        ("sum(spend)", "column 1", "fact.column"),
        ("sum(ad.spend + deal.amount)", "column 16", "two measures"),
        ("prior(a, 1.5 year)", "column 10", "1 year"),
        ("percentile(ad.spend, 90)", "column 22", "0.9"),
        ("last(median(ad.spend))", "column 6", "last(sum("),
        ("count(deal where 'a' = )", "column 24", "a name"),
        ("", "column 1", "a name"),
        ("sum(ad.spend over 0 days)", "column 19", "28 days"),
        ("last(subscription.mrr over 3 days)", "column 28", "leave"),
    ],
)
def test_errors_point_at_the_place_and_name_a_cure(text: str, place: str, cure: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_formula(text)
    assert place in caught.value.why
    assert cure in caught.value.fix


@pytest.mark.parametrize(
    ("text", "code", "cure"),
    [
        ("sum(adds.spend)", "unknown-fact", "ad"),
        ("sum(ad.spent)", "unknown-column", "spend"),
        ("revenu + 1", "unknown-metric", "revenue"),
        ("deal", "unknown-metric", "count(deal)"),
        ("sum(deal.status)", "not-a-number", "count()"),
        ("sum(ad.reach)", "not-additive", "max()"),
        ("count(deal where amount)", "not-a-condition", "compare"),
        ("count(deal where amount = 'x')", "type-clash", "single quotes"),
        ("count(deal where status = \"won\")", "unknown-column", "single quotes"),
        ("count(deal at amount)", "not-a-time", "created_at"),
        ("last(ad.spend)", "not-a-balance", "sum()"),
        ("reach(cost, deal)", "no-entity", "stage_entry"),
        ("sum(deal.amount + deal.stage)", "type-clash", "quotes"),
    ],
)  # fmt: skip
def test_meaning_is_checked_against_facts(text: str, code: str, cure: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check_formula(parse_formula(text), FACTS, ["revenue"], where="metrics/x.yaml:3")
    assert caught.value.code == code
    assert cure in caught.value.fix
    assert "metrics/x.yaml:3" in caught.value.why


@pytest.mark.parametrize(
    ("text", "additivity", "unit"),
    [
        ("sum(ad.spend)", "additive", "money"),
        ("count(deal)", "additive", "count"),
        ("distinct(order.customer_id)", "non-additive", "people"),
        ("sum(ad.clicks) / sum(ad.impressions)", "non-additive", "clicks"),
        ("sum(ad.spend) / count(deal)", "non-additive", "money"),
        ("last(subscription.mrr)", "semi-additive", "money"),
        ("12 * last(subscription.mrr)", "semi-additive", "money"),
        ("sum(ad.spend) + sum(cost.amount)", "additive", "money"),
        ("sum(ad.spend) - 1", "non-additive", "money"),
        ("reach(lead, mql)", "non-additive", "percent"),
        ("median(duration(deal.created_at, deal.won_at, hours))", "non-additive", "hours"),
    ],
)
def test_additivity_and_unit_are_inferred(text: str, additivity: str, unit: str) -> None:
    formula = check_formula(parse_formula(text), FACTS, [], where="")
    meaning = infer(formula, FACTS)
    assert (meaning.additivity, meaning.unit) == (additivity, unit)


def test_legal_dimensions_are_those_all_parts_share() -> None:
    formula = check_formula(parse_formula("sum(ad.spend) / count(deal)"), FACTS, [], where="")
    dimensions = infer(formula, FACTS).dimensions
    assert {"channel", "campaign", "product", "region"} <= set(dimensions)
    assert "device" not in dimensions
    assert "owner" not in dimensions
