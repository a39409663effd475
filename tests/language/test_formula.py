"""Formulas in words: each kind of node in English, and whole sentences in every language."""

from collections.abc import Mapping

import pytest

from leadline.catalogue import LANGUAGES
from leadline.language.formula import formula_words
from leadline.language.phrase import Link, fill, join, text_of
from leadline.language.read import built_in
from leadline.model.facts import FACTS
from leadline.model.infer import check_formula
from leadline.model.metric import Metric
from leadline.model.parse import parse_formula
from leadline.project import read_metrics

METRICS: Mapping[str, Metric] = read_metrics(None, FACTS)

CASES = {
    "sum(ad.clicks)": "the sum of clicks [advertising rows]",
    "count(deal where status = 'won' at won_at)": (
        "the number of deals [only where status is “won”; placed in time by won at]"
    ),
    "distinct(session.visitor_id)": "the number of different values of visitor [website visits]",
    "avg(survey.score)": "the mean of score [survey answers]",
    "min(deal.amount)": "the smallest amount [deals]",
    "median(deal.amount)": "the median of amount [deals]",
    "percentile(deal.amount, 0.9)": "the 90th percentile of amount [deals]",
    "last(subscription.mrr)": "the sum of monthly value (MRR) [subscriptions; at the end of the period]",
    "distinct(product_event.person_id over 28 days)": (
        "the number of different values of person [product events; over the last 28 days up to the end of each period]"
    ),
    "sum(order.amount over year to date)": (
        "the sum of amount [orders; from the start of the year to the end of each period]"
    ),
    "mean(distinct(product_event.person_id) by day)": (
        "the mean by day of the number of different values of person [product events]"
    ),
    "movement(subscription.mrr, churned)": "monthly value (MRR) of those who leave [subscriptions]",
    "median(gap(order where is_sale))": (
        "the median of the time between consecutive orders of the same one [only where is a sale: yes; in days]"
    ),
    "median(elapsed(mql, sql, hours))": (
        "the median of the time from a first entry into the stage MQL to the stage SQL [in hours]"
    ),
    "reach(lead, mql, within 90 days)": (
        "of those with a first entry into the stage lead in the period, the share that went on to the stage MQL "
        "[within 90 days]"
    ),
    "reached(lead, mql, within 1 day)": (
        "of those with a first entry into the stage lead in the period, the number that went on to the stage MQL "
        "[within 1 day]"
    ),
    "credited(sum(deal.amount), linear, within 30 days, where channel = 'Email')": (
        "the sum of amount [deals] [credited to touches by linear model; touches of the 30 days before; "
        "only touches where channel is “Email”]"
    ),
    "prior(leads)": "Leads generated [in the period before]",
    "prior(leads, 1 year)": "Leads generated [1 year earlier]",
    "opening(customers)": "Active customers [at the start]",
    "total(leads)": "Leads generated [over the whole breakdown]",
    "-(leads - mql) * 2.5": ("minus (Leads generated minus Marketing qualified leads (MQL)) times 2.5"),
    "leads - (mql - sql)": (
        "Leads generated minus (Marketing qualified leads (MQL) minus Sales qualified leads (SQL))"
    ),
    "sum((order.amount - order.discount) * order.quantity)": (
        "the sum of (amount minus discount) times quantity [orders]"
    ),
    "sum(coalesce(collab.fee, 0) + abs(collab.revenue))": (
        "the sum of (fee or else 0) plus the size of revenue [influencers' pieces]"
    ),
    "sum(duration(deal.created_at, deal.won_at, hours))": "the sum of the hours from created at to won at [deals]",
    "count(deal where amount between 1000 and 2500.5 or region not in ('A', 'B'))": (
        "the number of deals [only where amount is between 1,000 and 2,500.5 or region is none of “A”, “B”]"
    ),
    "count(deal where (region = 'A' or owner is null) and not (name like 'x%') and amount <> -1)": (
        "the number of deals [only where (region is “A” or owner is unknown) and not: name has the form “x%” and "
        "amount is not minus 1]"
    ),
    "count(sales_touch where not coalesce(is_automated, false) and owner is not null and outcome <= 'x')": (
        "the number of sales contacts [only where automatic: no and owner is known and outcome is at most “x”]"
    ),
}


def words(formula: str, code: str = "en") -> str:
    tree = check_formula(parse_formula(formula), FACTS, METRICS, where="x:1")
    return text_of(formula_words(tree, built_in(code), METRICS))


@pytest.mark.parametrize(("formula", "expected"), CASES.items())
def test_every_kind_of_node(formula: str, expected: str) -> None:
    assert words(formula) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("vi", "tổng lượt nhấp [dữ liệu quảng cáo; chỉ tính khi kênh là “A” và quốc gia là “B”] chia cho Doanh thu"),
        ("tr", "tıklama toplamı [reklam kaydı; yalnızca: kanal = “A” ve ülke = “B”] bölü Gelir"),
        ("ms", "jumlah klik [data iklan; hanya jika saluran ialah “A” dan negara ialah “B”] bahagi Hasil"),
        ("zh", "点击次数之和［广告数据；仅限渠道为“A”且国家/地区为“B”］ 除以 收入"),
        ("ar", "مجموع النقرات [بيانات الإعلانات؛ فقط حيث القناة هو «A» والبلد هو «B»] مقسومًا على الإيرادات"),
    ],
)
def test_the_same_formula_in_every_language(code: str, expected: str) -> None:
    assert words("sum(ad.clicks where channel = 'A' and country = 'B') / revenue", code) == expected


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_whole_catalogue_has_words(code: str) -> None:
    language = built_in(code)
    for metric in METRICS.values():
        phrase = formula_words(metric.tree, language, METRICS)
        text = text_of(phrase)
        assert text, metric.id
        assert "{" not in text, metric.id
        assert "_" not in text.replace("won_revenue", "").replace("key_action", "") or "“" in text or "«" in text
        assert {part.metric for part in phrase if isinstance(part, Link)} <= set(METRICS)


def test_metrics_in_a_formula_are_links() -> None:
    tree = METRICS["cac"].tree
    links = [part for part in formula_words(tree, built_in("vi"), METRICS) if isinstance(part, Link)]
    assert [link.metric for link in links] == ["program_spend", "sales_cost", "new_customers"]
    assert links[2].name == "Khách hàng mới"


def test_phrases_are_filled_in_any_order_and_braces_in_data_are_only_text() -> None:
    link = Link("a", "A {x}")
    assert fill("{b} of {a}!", a=(link,), b="{c}") == ("{c} of ", link, "!")
    assert text_of(join([(link,), ("b", "c")], "; ")) == "A {x}; bc"
