"""Which language is read for a tag, and what a workspace adds to it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from leadline.catalogue import LANGUAGES
from leadline.errors import DefinitionError, UsageError
from leadline.language.read import built_in, read_language
from leadline.language.tag import language_code, locale_of
from leadline.model.facts import FACTS
from leadline.model.infer import check_formula
from leadline.model.metric import Metric
from leadline.model.parse import parse_formula
from leadline.project import read_metrics

METRICS = read_metrics(None, FACTS)


def own(name: str, text: str) -> Metric:
    formula = "sum(order.amount)"
    tree = check_formula(parse_formula(formula), FACTS, {}, where="metrics/own.yaml:1")
    return Metric(id=name, formula=formula, tree=tree, name=text, doc=f"{text}.", origin="metrics/own.yaml:1")


@pytest.mark.parametrize(
    ("tag", "code", "locale"),
    [
        ("vi", "vi", "vi"),
        ("zh-Hans", "zh", "zh_Hans"),
        ("zh_hans_cn", "zh", "zh_Hans_CN"),
        ("ar-eg", "ar", "ar_EG"),
        ("EN-gb", "en", "en_GB"),
    ],
)
def test_tags(tag: str, code: str, locale: str) -> None:
    assert (language_code(tag), locale_of(tag)) == (code, locale)


@pytest.mark.parametrize("tag", ["de", "zh-Hant", "vietnamese", "", "../vi", "ar-EGYPT"])
def test_a_language_without_texts_names_those_there_are(tag: str) -> None:
    with pytest.raises(UsageError, match=r"zh, ar") as caught:
        read_language(tag)
    assert caught.value.code == "unknown-language"


def test_a_region_that_is_none() -> None:
    with pytest.raises(UsageError, match="leave the region out: vi"):
        read_language("vi-QQ")


@pytest.mark.parametrize("code", LANGUAGES)
def test_languages_know_their_names_and_directions(code: str) -> None:
    language = read_language(code)
    assert language.name == LANGUAGES[code]
    assert language.direction == ("rtl" if code == "ar" else "ltr")


def test_own_metrics_stay_in_the_language_of_their_workspace(tmp_path: Path) -> None:
    metric = own("gmv", "Tổng giá trị hàng hóa")
    vietnamese, english = (read_language(tag, folder=tmp_path, home="vi") for tag in ("vi", "en"))
    assert vietnamese.metric_name(metric) == "Tổng giá trị hàng hóa"
    assert english.metric_name(metric) == "Tổng giá trị hàng hóa [vi]", "not English, and it says so"


def test_a_workspace_translates_its_own_metrics_and_may_use_its_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "vi.yaml").write_text(
        "gmv: {name: Tổng giá trị hàng hóa, doc: Giá trị mọi đơn.}\nmql: {name: MQL, doc: Theo thỏa thuận.}\n",
        encoding="utf-8",
    )
    language = read_language("vi", folder=tmp_path, known=("gmv", "mql"))
    assert language.metric(own("gmv", "GMV")).name == "Tổng giá trị hàng hóa"
    assert language.metric_name(METRICS["mql"]) == "MQL"
    assert language.metric_name(METRICS["leads"]) == built_in("vi").metrics["leads"].name


def test_a_built_in_metric_defined_anew_does_not_keep_the_built_in_translation() -> None:
    other = replace(METRICS["mql"], name="Hot leads", origin="metrics/own.yaml:1")
    assert read_language("vi").metric_name(other) == "Hot leads [en]"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("mqls: {name: MQL, doc: x.}", "There is no metric named 'mqls'"),
        ("mql: {name: MQL}", "missing required field"),
        ("mql: {name: MQL, dok: x.}", "no field 'dok'"),
    ],
)
def test_a_wrong_translation_names_file_and_line(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages" / "vi.yaml").write_text(f"\n{text}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=what) as caught:
        read_language("vi", folder=tmp_path, known=("mql",))
    assert "languages/vi.yaml:2" in str(caught.value)
