"""The glossary: a page a metric in each language, valid, linked, mirrored where it must be."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from kit import make_workspace
from leadline.cli import main
from leadline.language.read import read_language
from leadline.model.facts import FACTS
from leadline.model.metric import Metric
from leadline.project import read_metrics
from leadline.report.glossary import Terms, page_name, write_glossary
from leadline.report.lineage import columns_read, used_by

html5lib = pytest.importorskip("html5lib")
METRICS = read_metrics(None, FACTS)
SOME = ("cac", "program_spend", "sales_cost", "new_customers", "churn_rate", "churned_customers", "customers")


def tree(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def words(path: Path) -> str:
    return re.sub(r"\s+", " ", "".join(tree(path).find("body").itertext()))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("glossary")
    terms = Terms({name: METRICS[name] for name in SOME}, FACTS, "Harbour <Supply>")
    write_glossary(folder, terms, [read_language(tag) for tag in ("en", "ar", "zh")])
    return folder


def test_every_link_leads_to_a_page_or_a_place_in_it(small: Path) -> None:
    pages = sorted(small.rglob("*.html"))
    assert len(pages) == 1 + 3 * (1 + len(SOME))
    places = {path.as_uri(): {one.get("id") for one in tree(path).iter() if one.get("id")} for path in pages}
    for path in pages:
        links = [one for one in tree(path).iter() if one.tag in ("a", "link")]
        assert len(links) > 2
        for link in links:
            target, _, place = urljoin(path.as_uri(), link.get("href")).partition("#")
            assert target in places, (path, link.get("href"))
            assert not place or place in places[target], (path, link.get("href"))


def test_pages_are_valid_and_need_no_script_and_no_outside_asset(small: Path) -> None:
    for path in small.rglob("*.html"):
        page, text = tree(path), path.read_text(encoding="utf-8")
        assert not list(page.iter("script"))
        assert not re.search(r"https?://", text)
        assert "Harbour &lt;Supply&gt;" in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
        headings = [int(one.tag[1]) for one in page.iter() if re.fullmatch("h[1-6]", str(one.tag))]
        assert headings.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(headings))
        for rule in ("prefers-color-scheme:dark", "@media print"):
            assert rule in text


@pytest.mark.parametrize(("tag", "direction"), [("en", "ltr"), ("ar", "rtl"), ("zh", "ltr")])
def test_language_and_direction(small: Path, tag: str, direction: str) -> None:
    for path in (small / tag).glob("*.html"):
        html = next(tree(path).iter("html"))
        assert (html.get("lang"), html.get("dir")) == (tag, direction)
        for code in tree(path).iter("pre"):
            assert code.get("dir") == "ltr", "a formula runs from left to right everywhere"


def test_a_page_tells_all_of_a_metric(small: Path) -> None:
    text = words(small / "zh" / "cac.html")
    for part in (
        "获客成本 (CAC)",
        "全部营销与销售成本除以新客户数。",
        "（营销成本 加 销售成本） 除以 新客户数",
        "(program_spend + sales_cost) / new_customers",
        "sum(cost.amount where team = 'marketing')",
        "越低越好",
        "后期结果",
        "每个合计重新计算，绝不相加",
        "金额 amount",
        "团队 team",
        "注意事项 [en] Salaries and tools belong in it; advertising alone flatters it.",
        "Customer acquisition cost (CAC)",
        "تكلفة اكتساب العميل (CAC)",
    ):
        assert part in text, part
    page = tree(small / "zh" / "cac.html")
    uses = {link.get("href") for link in page.iter("a")}
    assert {"program_spend.html", "sales_cost.html", "new_customers.html", "../ar/cac.html"} <= uses
    english = next(one for one in page.iter("div") if one.get("lang") == "en")
    assert english.get("dir") == "ltr"
    assert "引用它的指标获客成本 (CAC)" in words(small / "zh" / "new_customers.html")


def test_the_index_is_by_group_and_by_alphabet(small: Path) -> None:
    text = words(small / "zh" / "index.html")
    assert "7 个指标" in text
    assert re.search(r"H 活跃客户数获客成本 \(CAC\) K 客户流失率 L 流失客户数 X 销售成本新客户数 Y 营销成本", text)
    assert re.search(r"获客 1 获客成本 \(CAC\)", text)
    assert "7 metrics" in words(small / "en" / "index.html")


def test_one_language_goes_into_the_folder_itself(tmp_path: Path) -> None:
    written = write_glossary(tmp_path, Terms({"customers": METRICS["customers"]}, FACTS), [read_language("tr")])
    assert sorted(path.name for path in written) == ["customers.html", "index.html"]
    assert "Aktif müşteriler" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_page_has_a_safe_name() -> None:
    assert page_name("cac") == "cac.html"
    for hostile in ("index", "../x", "CAC", "a b", "con/aux", "ä"):
        assert re.fullmatch(r"m-[0-9a-f]{12}\.html", page_name(hostile))


def test_hostile_text_of_a_workspace_is_only_text(tmp_path: Path) -> None:
    base = METRICS["customers"]
    bad = "<script>alert(1)</script>\u202e"
    own = Metric(id="x/../y", formula=base.formula, tree=base.tree, name=bad, doc=bad, owner=bad, pitfalls=(bad,))
    write_glossary(tmp_path, Terms({own.id: own}, FACTS, bad), [read_language("ar")])
    for path in tmp_path.glob("*.html"):
        assert not list(tree(path).iter("script"))
        assert "\u202e" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("ctr", {"ad": ["link_clicks", "date", "impressions"]}),
        ("cac", {"cost": ["amount", "team", "date"], "stage_entry": ["stage", "is_first", "entered_at"]}),
        ("lead_to_mql", {"stage_entry": ["person_id", "stage", "is_first", "entered_at"]}),
        ("days_between_orders", {"order": ["customer_id", "ordered_at", "is_sale"]}),
        ("mrr", {"subscription": ["mrr", "started_at", "ended_at"]}),
    ],
)
def test_columns_read(metric: str, expected: dict[str, list[str]]) -> None:
    found = columns_read(METRICS[metric], METRICS, FACTS)
    assert {fact: found[fact][: len(columns)] for fact, columns in expected.items()} == expected


def test_columns_read_exist() -> None:
    for metric in METRICS.values():
        for fact, columns in columns_read(metric, METRICS, FACTS).items():
            assert columns, metric.id
            assert all(FACTS[fact].has(column) for column in columns), metric.id


def test_used_by_is_the_other_way_round() -> None:
    users = used_by(METRICS)
    assert "cac" in users["new_customers"]
    assert "ltv_cac" in users["cac"]


def test_the_command_inside_and_outside_a_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["glossary", "--language", "ms"])
    assert not caught.value.code
    assert "of the built-in catalogue (Bahasa Melayu)" in capsys.readouterr().out
    assert len(list((tmp_path / "glossary").glob("*.html"))) == len(METRICS) + 1
    space = make_workspace(tmp_path / "shop", metrics="gmv: sum(order.amount)\n", settings="languages: [vi, ar-EG]\n")
    with pytest.raises(SystemExit):
        main(["glossary", "--out", "two", "-w", str(space.path)])
    page = (tmp_path / "two" / "ar-EG" / "gmv.html").read_text(encoding="utf-8")
    assert "[vi]" in page
    assert 'lang="ar-EG" dir="rtl"' in page
    assert (tmp_path / "two" / "vi" / "cac.html").is_file()
    with pytest.raises(SystemExit) as caught:
        main(["glossary", "-w", str(tmp_path / "nowhere")])
    assert caught.value.code == 2
