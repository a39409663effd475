"""Every built-in id has its text in every language, made from the English of today."""

import ast
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel import Locale

from kit.spoken import page_words
from language.english import FILE, english_texts, read_texts
from leadline.catalogue import LANGUAGES, documents
from leadline.charts.wording import ENGLISH as WORDING
from leadline.language.formula import _SPANS
from leadline.language.language import Labels, Language
from leadline.language.read import built_in, terms
from leadline.model.facts import FACTS
from leadline.model.infer import Additivity, meaning_of
from leadline.model.tree import CREDIT_MODELS, MOVEMENTS
from leadline.project import read_metrics
from leadline.report.format import FOOTNOTES, UNATTRIBUTED
from leadline.report.scorecard_text import WORDS
from leadline.report.table import _COMPARED
from leadline.time.calendar import GRAINS

OTHERS = [code for code in LANGUAGES if code != "en"]
SOURCE = Path(__file__).resolve().parents[2] / "src" / "leadline"
ENDS = {"zh": "。"}
DEFINITIONS: dict[str, Any] = {
    name: definition for document in documents() for name, definition in document.data.items()
}


@pytest.mark.parametrize("code", OTHERS)
def test_every_built_in_metric_has_a_name_and_one_sentence(code: str) -> None:
    texts = built_in(code).metrics
    assert set(texts) == set(DEFINITIONS), "every id has a translation, and no id is gone"
    for name, text in texts.items():
        assert text.name.strip(), name
        end = ENDS.get(code, ".")
        assert text.doc.endswith(end), f"{name}: a sentence"
        assert len(re.findall(r"[.。](?:\s|$)", text.doc)) == 1, f"{name}: one sentence"


@pytest.mark.parametrize("code", OTHERS)
def test_names_tell_metrics_apart(code: str) -> None:
    names = [text.name for text in built_in(code).metrics.values()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_translations_were_made_from_the_english_of_today() -> None:
    """Whoever changes an English text looks at its five translations, then runs tests/language/english.py."""
    known, now = read_texts(), english_texts()
    stale = sorted(name for name in now if known.get(name) != now[name])
    assert stale == [], f"check the five translations of these, then write {FILE.name} anew"


@pytest.mark.parametrize("code", OTHERS)
def test_the_chosen_terms_are_used_and_others_never(code: str) -> None:
    concepts = terms("en")
    chosen = terms(code)
    assert set(chosen) == set(concepts)
    for name, text in built_in(code).metrics.items():
        english = DEFINITIONS[name]["name"]
        shown = text.name.lower()
        for concept, pattern in concepts.items():
            if re.search(pattern, english, re.IGNORECASE):
                assert any(word.lower() in shown for word in chosen[concept]["use"]), (
                    name,
                    english,
                    text.name,
                    concept,
                )
        for word in (word for concept in chosen.values() for word in concept.get("never", ())):
            assert word not in f"{text.name} {text.doc}".lower(), (name, word)
        for acronym in set(re.findall(r"\b[A-Z]{2,}\b", english)):
            assert acronym in text.name, f"{name}: the acronym {acronym} is known everywhere"


def test_a_lead_is_never_the_metal() -> None:
    assert {code: terms(code)["lead"]["use"][0] for code in OTHERS} == {
        "vi": "khách hàng tiềm năng",
        "tr": "potansiyel müşteri",
        "ms": "prospek",
        "zh": "线索",
        "ar": "عميل محتمل",
    }
    for code, metal in {"vi": "chì", "tr": "kurşun", "ms": "plumbum", "zh": "铅", "ar": "رصاص"}.items():
        assert metal in terms(code)["lead"]["never"]


def labels_needed() -> dict[str, set[str]]:
    metrics = read_metrics(None, FACTS)
    units = {meaning_of(metric, metrics, FACTS).unit for metric in metrics.values()}
    return {
        "units": units | {"seconds", "minutes", "hours", "days"},
        "stages": {metric.stage for metric in metrics.values()} | {metric.funnel for metric in metrics.values()},
        "timings": {metric.timing for metric in metrics.values()},
        "better": {"higher", "lower", "target"},
        "grains": {*GRAINS, "none"},
        "groups": {document.file.removeprefix("catalogue/").removesuffix(".yaml") for document in documents()}
        | {"own"},
        "facts": set(FACTS),
        "columns": {column for fact in FACTS.values() for column in fact.column_names},
        "models": set(CREDIT_MODELS),
        "additivity": set(Additivity.__args__),  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize("code", OTHERS)
def test_every_id_of_the_model_has_a_label(code: str) -> None:
    labels = built_in(code).labels
    for kind, needed in labels_needed().items():
        known = {name for name, label in getattr(labels, kind).items() if label.strip()}
        assert sorted(needed - known - {""}) == [], kind
    assert set(labels_needed()) == set(Labels.__struct_fields__)


def test_stages_named_in_formulas_have_labels() -> None:
    found = re.findall(r"stage (?:=|in) \(?((?:'\w+'(?:, )?)+)", " ".join(d["formula"] for d in DEFINITIONS.values()))
    named = {stage for part in found for stage in re.findall(r"'(\w+)'", part)}
    assert {"lead", "mql", "customer"} <= named
    for code in OTHERS:
        assert named <= set(built_in(code).labels.stages), code


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_sentences_of_formulas_are_whole(code: str) -> None:
    english, there = built_in("en").formula, built_in(code).formula
    assert set(there) == set(english)
    assert {f"movement_{kind}" for kind in MOVEMENTS} <= set(there)
    for key, text in english.items():
        assert places(there[key]) == places(text), key


# Sentences that the code keeps in a variable until they are said.
VARIABLE = {
    *_SPANS.values(),
    *(f"no {grain} is complete yet" for grain in GRAINS),
    *("nothing has come for this period yet", "the earlier period has no such part"),
    *("no data in this time", "no cohort is mature yet", "period before", "error", "warning", "note", "yes", "no"),
}


def said() -> set[str]:
    """The English sentences that the surfaces say: arguments of `say`, `fill` and `count`, of `t` in templates."""
    found: set[str] = set(FOOTNOTES.values()) | {UNATTRIBUTED} | set(_COMPARED.values()) | set(WORDS.values())
    found |= {getattr(WORDING, name) for name in WORDING.__struct_fields__}
    for path in (*SOURCE.glob("report/*.py"), *SOURCE.glob("cli/*.py"), *SOURCE.glob("language/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if called in ("say", "fill", "count") and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    for template in SOURCE.glob("report/templates/*.j2"):
        text = template.read_text(encoding="utf-8")
        found |= {one or two for one, two in re.findall(r"\b(?:t|fill)\((?:\"([^\"]+)\"|'([^']+)')", text)}
    return (found | VARIABLE | page_words()) - {""}


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_of_the_surfaces_is_translated(code: str) -> None:
    words = built_in(code).words
    assert sorted(said() - set(words)) == []
    assert sorted(set(words) - said()) == [], "words that no surface says any more"
    for text, there in words.items():
        forms = there.values() if isinstance(there, dict) else [there]
        for form in forms:
            assert form.strip()
            assert places(form) <= places(text), (text, form)
        assert set().union(*(places(form) for form in forms)) >= places(text) - {"grain", "count"}, text


@pytest.mark.parametrize("code", LANGUAGES)
def test_plural_forms_are_those_of_the_cldr(code: str) -> None:
    needed = {"other", *Locale.parse(code).plural_form.rules}
    english = {text for text, forms in built_in("en").words.items() if isinstance(forms, dict)}
    forms = {text: set(there) for text, there in built_in(code).words.items() if isinstance(there, dict)}
    assert set(forms) == english
    for text, there in forms.items():
        assert there == needed, text


def test_a_missing_text_is_shown_in_english_and_says_so() -> None:
    bare = Language(code="vi", locale="vi")
    metrics = read_metrics(None, FACTS)
    assert bare.say("Watch out") == "Watch out [en]"
    assert bare.fill("data to {day}", day="1") == "data to 1 [en]"
    assert bare.metric(metrics["ctr"]).foreign == "en"
    assert bare.metric_name(metrics["ctr"]) == "Click-through rate to the site [en]"
    assert built_in("vi").metric(metrics["ctr"]).foreign == ""
    assert built_in("en").metric(metrics["ctr"]).foreign == ""
