"""`Workspace.attribute`: one number for one question; money, claims and a shift by hand (000-09, 004-05, 004-09)."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from attribution.cases import CHANNELS, LOOKBACK, journeys
from attribution.spaces import given_space, rows_of, shuffled
from kit import give, make_workspace
from leadline.errors import RefusedError, UsageError
from leadline.model.tree import CREDIT_MODELS
from leadline.report.attribute_text import render_attribution
from leadline.report.export import encode_json
from leadline.warehouse.undo import undo_load
from leadline.workspace import Workspace, open_workspace

OWN = """
credited_deals: {formula: 'credited(won_deals)', unit: deals}
credited_value: {formula: 'credited(won_revenue)', unit: money}
"""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by", ["channel", "campaign"])
def test_the_same_numbers_as_the_metrics(seed: int, by: str, tmp_path: Path) -> None:
    """Credit here and `credited()` in a formula are one figure: the engine wrote its SQL without this room."""
    space = make_workspace(tmp_path, metrics=OWN)
    rows = rows_of(journeys(seed))
    for touch in rows["touch"][::11]:
        touch["channel"] = None
    give(space, rows)
    period = "2026-01-15..2026-03-10"
    answer = space.attribute("deal", by=by, period=period, lookback=LOOKBACK, models=CREDIT_MODELS)
    for credit in answer.credits:
        measured = space.query(
            ["credited_deals", "credited_value"], by=[by], period=period, attribution=credit.model, lookback=LOOKBACK
        )
        found = {row[0]: (float(row[1] or 0), float(row[2] or 0)) for row in measured.rows}
        for name in (*CHANNELS, "c0", "c1", "c2"):
            earned = credit.conversions.get(name, 0.0), credit.values.get(name, 0.0)
            assert found.get(name, (0, 0)) == pytest.approx(earned, abs=1e-6), (credit.model, name)
        nameless = credit.conversions.get(f"(no {by})", 0.0) + credit.unattributed
        assert found.get(None, (0, 0))[0] == pytest.approx(nameless, abs=1e-6), credit.model


def test_shuffled_arrival_and_double_delivery_change_nothing(tmp_path: Path) -> None:
    """Rows in another order, in two loads of which one comes twice: the same credit to the last digit shown."""
    rows = rows_of(journeys(5))
    wanted = given_space(tmp_path / "plain", journeys(5)).attribute("deal", lookback=LOOKBACK).to_dicts()
    assert wanted
    for seed in range(3):
        space = make_workspace(tmp_path / str(seed), today="2026-07-01")
        mixed = shuffled(rows, seed)
        halves = [{name: listed[at::2] for name, listed in mixed.items()} for at in (0, 1)]
        random.Random(seed).shuffle(halves)
        for half in (*halves, halves[0]):
            give(space, half)
        found = space.attribute("deal", lookback=LOOKBACK).to_dicts()
        assert [(row["model"], row["channel"]) for row in found] == [(row["model"], row["channel"]) for row in wanted]
        for one, other in zip(found, wanted, strict=True):
            assert one == pytest.approx(other, abs=1e-9)


def test_a_file_loaded_twice_in_another_order(tmp_path: Path) -> None:
    """Through the loader: touches and deals as CSV, then the same rows turned round in a file of another name."""
    answers = []
    for number, turned in enumerate((False, True)):
        space = make_workspace(tmp_path / str(number), today="2026-07-01")
        (space.path / "sources").mkdir()
        for fact, text in SOURCES.items():
            (space.path / "sources" / f"{fact}.yaml").write_text(text, encoding="utf-8")
        space = open_workspace(space.path)
        for name, head, lines in FILES:
            given = lines[::-1] if turned else lines
            for copy in range(1 + turned):
                path = space.path / f"{name}_{copy}.csv"
                path.write_text("\n".join([head, *(given[::-1] if copy else given)]) + "\n", encoding="utf-8")
                [report] = space.load([path], source=name)
                assert report.status == "loaded", report
        answers.append(space.attribute("deal", models="first,last,linear,time_decay,position").to_dicts())
        space.close()
    assert answers[0] == answers[1]
    linear = {row["channel"]: row["value"] for row in answers[0] if row["model"] == "linear"}
    assert linear == {"Email": 50.0, "Paid Search": 50.0, "Referral": 30.0, "Unattributed": 7.0}


SOURCES = {
    "touches": (
        "name: touches\ntitle: Touches\nfiles: ['touches*.csv']\ntimezone: UTC\n"
        "columns: {id: text, moment: datetime, person: text, channel: text}\n"
        "facts:\n  - {fact: touch, key: id, columns: {touched_at: moment, person_id: person, channel: channel}}\n"
    ),
    "deals": (
        "name: deals\ntitle: Deals\nfiles: ['deals*.csv']\ntimezone: UTC\ncurrency: EUR\n"
        "columns: {id: text, moment: datetime, person: text, amount: money}\n"
        "facts:\n  - fact: deal\n    key: id\n    columns: {deal_id: id, created_at: moment, won_at: moment, "
        "person_id: person, amount: amount, status: \"'won'\"}\n"
    ),
}
FILES = [
    (
        "touches",
        "id,moment,person,channel",
        [
            "t1,2026-01-01 10:00:00,ada,Email",
            "t2,2026-01-01 10:00:00,ada,Paid Search",
            "t3,2026-01-02 08:00:00,bob,Referral",
        ],
    ),
    (
        "deals",
        "id,moment,person,amount",
        ["d1,2026-01-05 10:00:00,ada,100", "d2,2026-01-05 10:00:00,bob,30", "d3,2026-01-05 10:00:00,eve,7"],
    ),
]

# Ada: search then mail, 1,000. Bob: social, 400. Cem: search, 600. Dan: nothing before, 100. Eve: social, no deal.
MONEY: dict[str, list[dict[str, Any]]] = {
    "touch": [
        {"person_id": "ada", "touched_at": "2026-01-02", "channel": "Paid Search"},
        {"person_id": "ada", "touched_at": "2026-01-09", "channel": "Email"},
        {"person_id": "bob", "touched_at": "2026-01-05", "channel": "Paid Social"},
        {"person_id": "cem", "touched_at": "2026-01-05", "channel": "Paid Search"},
        {"person_id": "eve", "touched_at": "2025-10-02", "channel": "Paid Social"},
    ],
    "deal": [
        {"person_id": person, "created_at": "2026-01-10", "won_at": "2026-01-20", "status": "won", "amount": amount,
         "currency": "EUR"}
        for person, amount in (("ada", 1000), ("bob", 400), ("cem", 600), ("dan", 100))
    ],
    "stage_entry": [
        {"person_id": person, "entered_at": "2026-01-20", "stage": "customer", "is_first": True}
        for person in ("ada", "cem")
    ],
    "ad": [
        {"date": "2026-01-03", "platform": "google_ads", "channel": "Paid Search", "spend": 200, "conversions": 3,
         "currency": "EUR"},
        {"date": "2026-01-03", "platform": "bing", "channel": "Paid Search", "spend": 50, "conversions": 1,
         "currency": "EUR"},
        {"date": "2026-01-03", "platform": "meta_ads", "channel": "Paid Social", "spend": 500, "conversions": 4,
         "currency": "EUR"},
        {"date": "2026-02-03", "platform": "meta_ads", "channel": "Paid Social", "spend": 999, "conversions": 9,
         "currency": "EUR"},
    ],
    "cost": [
        {"date": "2026-01-31", "team": "marketing", "category": "media", "channel": "Paid Search", "amount": 250,
         "currency": "EUR"},
        {"date": "2026-01-31", "team": "marketing", "category": "agency", "channel": "Paid Search", "amount": 50,
         "currency": "EUR"},
        {"date": "2026-01-31", "team": "marketing", "category": "media", "channel": "Email", "amount": 40,
         "currency": "EUR"},
        {"date": "2026-01-31", "team": "marketing", "category": "salaries", "amount": 1000, "currency": "EUR"},
        {"date": "2026-01-31", "team": "sales", "category": "salaries", "amount": 5000, "currency": "EUR"},
    ],
}  # fmt: skip


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = make_workspace(tmp_path, today="2026-03-01")
    give(workspace, MONEY)
    return workspace


def line(answer: Any, label: str) -> Any:
    return next(one for one in [*answer.lines, answer.total] if one.label == label)


def test_cost_beside_credit(space: Workspace) -> None:
    """004-09. Search cost 200 + 50 + 50 agency; its booked media is the platforms' spend; first 1,600, last 600."""
    answer = space.attribute("deal", period="2026-01", models="first,last,linear")
    assert dict(answer.money.by_label) == {"Email": 40, "Paid Search": 300, "Paid Social": 500}
    assert (answer.money.without_label, answer.money.booked_twice, answer.money.total) == (1000, 250, 1840)
    search = line(answer, "Paid Search")
    assert (search.cost, search.value.low, search.value.low_model) == (300, 600, "last")
    assert (search.value.high, search.value.high_model) == (1600, "first")
    assert (search.conversions.low, search.conversions.high) == (1, 2)
    assert (search.cpa.low, search.cpa.high) == (150, 300)
    assert (search.cac.low, search.cac.low_model, search.cac.high, search.cac.high_model) == (150, "first", 300, "last")
    assert (search.roas.low, search.roas.high) == pytest.approx((2, 16 / 3))
    assert (search.roi.low, search.roi.high) == pytest.approx((1, 13 / 3))
    mail = line(answer, "Email")
    assert (mail.value.low, mail.value.high, mail.cpa.low, mail.cpa.without) == (0, 1000, 40, ("first",))
    rest = line(answer, "Unattributed")
    assert (rest.value.low, rest.value.high, rest.conversions.low, rest.cost) == (100, 100, 1, 0)
    whole = answer.total
    assert (whole.value.low, whole.value.high, whole.conversions.low, whole.cost) == (2100, 2100, 4, 1840)
    assert (whole.cpa.low, whole.cac.low, whole.roas.low) == pytest.approx((460, 920, 2100 / 1840))


def test_credits_add_up_and_the_check_can_fail(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = space.attribute("deal", period="2026-01")
    assert (answer.control.conversions, answer.control.value, answer.control.holds) == (4, 2100, True)
    assert all(abs(credit.total - 4) < 1e-9 and abs(credit.total_value - 2100) < 1e-9 for credit in answer.credits)
    assert "add up to 4 conversions and €2,100.00" in render_attribution(answer)
    monkeypatch.setattr(Workspace, "_happened", lambda *_: (5.0, 2100.0))
    with pytest.raises(RefusedError, match="credit-does-not-add-up"):
        space.attribute("deal", period="2026-01")


def test_models_left_out_say_why(space: Workspace) -> None:
    """Eve's journey failed in December: in January none did, so chains have nothing to compare with."""
    january = space.attribute("deal", period="2026-01")
    assert january.models == ("first", "last", "last_non_direct", "linear", "time_decay", "position", "shapley")
    assert set(january.left_out) == {"w_shaped", "full_path", "markov", "shapley_rate"}
    assert "journeys that ended without a conversion" in january.left_out["markov"]
    assert "opportunity" in january.left_out["w_shaped"]
    whole = space.attribute("deal")
    assert "markov" in whole.models
    assert (whole.provenance["failed_journeys"], whole.provenance["still_open"]) == (1, 0)
    with pytest.raises(UsageError, match="model-has-no-answer"):
        space.attribute("deal", period="2026-01", models="markov")


def test_what_platforms_claim(space: Workspace) -> None:
    """Google 3 and Bing 1 for the two deals that search touched, Meta 4 for one: 8 claimed, 3 touched, 4 happened."""
    answer = space.attribute("deal", period="2026-01", models="first,last", claims=True)
    found = {one.platform: (one.channels, one.claimed, one.touched, one.factor) for one in answer.platforms}
    assert found == {
        "bing": (("Paid Search",), 1, 2, 0.5),
        "google_ads": (("Paid Search",), 3, 2, 1.5),
        "meta_ads": (("Paid Social",), 4, 1, 4),
    }
    claims = answer.claims
    assert claims is not None
    assert (claims.claimed, claims.happened, claims.factor) == (8, 4, 2)
    assert (claims.touched, claims.factor_touched) == pytest.approx((3, 8 / 3))
    search = claims.by_channel[0]
    assert (search.claimed, search.credited, search.excess) == (4, (1, 2), 2)
    assert space.attribute("deal", period="2026-01").claims is None


def test_does_a_shift_survive_every_model(space: Workspace) -> None:
    """30 from Social (400 / 500) to Search: first 1,600 / 300, last 600 / 300, both more. To Email: not by first."""
    answer = space.attribute("deal", period="2026-01", models="first,last", shift="30 from Paid Social to Paid Search")
    shift = answer.shift
    assert shift is not None
    assert shift.verdict == "yes"
    assert shift.gain == pytest.approx({"first": 30 * (16 / 3 - 0.8), "last": 30 * (2 - 0.8)})
    other = space.attribute("deal", period="2026-01", models="first,last", shift=("Paid Social", "Email", 30)).shift
    assert other is not None
    assert (other.verdict, other.against) == ("depends", ["first"])
    assert other.gain == pytest.approx({"first": -24, "last": 30 * (25 - 0.8)})
    back = space.attribute("deal", period="2026-01", models="first,last", shift="30 from Paid Search to Paid Social")
    assert back.shift is not None
    assert back.shift.verdict == "no"
    for words, code in (
        ("all of it", "bad-shift"),
        ("9 from TV to Email", "no-cost"),
        ("9999 from Email to Paid Social", "bad-amount"),
    ):
        with pytest.raises(UsageError, match=code):
            space.attribute("deal", period="2026-01", shift=words)


def test_conversions_that_are_only_counted_have_no_return(space: Workspace) -> None:
    answer = space.attribute("customer", period="2026-01", models="first,last")
    assert not answer.by_value
    search = line(answer, "Paid Search")
    assert (search.conversions.low, search.conversions.high, search.value, search.roas) == (1, 2, None, None)
    assert {row["roi"] for row in answer.to_dicts()} == {None}


def test_cost_in_another_currency_is_refused_until_converted(tmp_path: Path) -> None:
    space = make_workspace(tmp_path, today="2026-03-01")
    rates = [{"date": "2026-01-03", "currency": "USD", "to_currency": "EUR", "rate": 0.5}]
    ads = [{**row, "currency": "USD"} for row in MONEY["ad"][:3]]
    give(space, {**MONEY, "ad": ads, "fx_rate": rates})
    with pytest.raises(RefusedError, match="mixed-currencies"):
        space.attribute("deal", period="2026-01")
    answer = space.attribute("deal", period="2026-01", currency="EUR", models="first")
    assert line(answer, "Paid Search").cost == pytest.approx(125 + 50)
    assert answer.currency == "EUR"


def test_what_cannot_be_asked(space: Workspace, tmp_path: Path) -> None:
    for words, code in (
        ({"by": "ad_group"}, "unknown-dimension-of-touches"),
        ({"where": "channel = 'Email'"}, "filter-of-touches"),
        ({"where": "colour = 'red'"}, "unknown-column-of-these-conversions"),
        ({"level": "household"}, "unknown-level"),
        ({"models": "best"}, "unknown-attribution-model"),
    ):
        with pytest.raises((UsageError, RefusedError), match=code):
            space.attribute("deal", **words)  # type: ignore[arg-type]
    empty = make_workspace(tmp_path / "empty")
    give(empty, {"deal": MONEY["deal"]})
    with pytest.raises(RefusedError, match="no touches of known people"):
        empty.attribute("deal")


def test_a_filter_is_on_the_conversions(space: Workspace) -> None:
    answer = space.attribute("deal", period="2026-01", where="amount > 500", models="last")
    assert (answer.control.conversions, answer.control.value) == (2, 1600)
    assert answer.credits[0].values == {"Email": 1000, "Paid Search": 600}


def test_as_known_at(space: Workspace) -> None:
    """The deals came with the load of now: a year ago none of them was known."""
    answer = space.attribute("deal", period="2026-01", models="last", as_known_at="2025-01-01")
    assert answer.control.conversions == 0
    assert answer.total.value.high == 0


def test_what_was_known_before_rows_were_taken_back(tmp_path: Path) -> None:
    """Undone or restated since, touches and stages credit as they did: also the lost journeys of markov, and CAC."""
    space = make_workspace(tmp_path, today="2026-03-01")
    entered = [{"person_id": "lea", "stage": "lead", "entered_at": "2026-01-02"}]
    entered += [{"person_id": name, "stage": "customer", "entered_at": "2026-01-20"} for name in ("ada", "bob")]
    lost = {"person_id": "lea", "channel": "Paid Social", "touched_at": "2026-01-02"}
    give(space, {"deal": MONEY["deal"], "stage_entry": entered}, source="crm")
    give(space, {"touch": [*MONEY["touch"], lost]}, source="tracker")
    asked = {"period": "2026-01", "lookback": 20.0}
    before = space.attribute("deal", **asked).to_dicts()
    leads = space.attribute("lead", **asked).to_dicts()
    assert any(row["customers"] for row in before)
    for load in (2, 1):
        undo_load(space.warehouse(write=True), load)
        space.close()
    with pytest.raises(UsageError, match="lead"):
        space.attribute("lead", **asked)
    ended = space.warehouse().rows("SELECT ended_at FROM ledger.load WHERE id = 2")[1][0][0]
    moment = ended.replace(tzinfo=dt.UTC)
    assert space.attribute("deal", **asked, as_known_at=moment).to_dicts() == before
    assert space.attribute("lead", **asked, as_known_at=moment).to_dicts() == leads


def test_an_own_dimension_of_touches(tmp_path: Path) -> None:
    """004-09: by ad group, once a workspace maps it; booked cost has none and says so."""
    settings = "facts:\n  touch:\n    ad_group: {doc: ad group of the click}\n"
    space = make_workspace(tmp_path, today="2026-03-01", settings=settings)
    groups = {"Paid Search": "Brand", "Paid Social": "Reach"}
    grouped = {
        fact: [{**row, "ad_group": groups.get(row["channel"])} for row in MONEY[fact]] for fact in ("touch", "ad")
    }
    give(space, {**MONEY, **grouped})
    answer = space.attribute("deal", by="ad_group", period="2026-01", models="first,last")
    brand = line(answer, "Brand")
    assert (brand.cost, brand.roas.low, brand.roas.high) == pytest.approx((250, 2.4, 6.4))
    assert any("cost has no ad_group" in note for note in answer.notes)


def test_json_notebook_and_drawing(space: Workspace) -> None:
    answer = space.attribute("deal", period="2026-01", shift="30 from Paid Social to Paid Search")
    data = json.loads(encode_json(answer.as_data()))
    assert data["survives"] is True
    assert data["control"]["holds"] is True
    assert {row["channel"] for row in data["rows"]} == {"Email", "Paid Search", "Paid Social", "Unattributed"}
    assert len(data["rows"]) == 4 * len(answer.models)
    assert data["provenance"]["without_touch"] == 1
    page = answer._repr_html_()
    assert "<svg" in page
    assert "Unattributed" in page
    assert answer.svg().startswith("<svg")
    text = render_attribution(answer)
    assert "does it survive every model? yes" in text


def test_pandas(space: Workspace) -> None:
    pytest.importorskip("pandas")
    frame = space.attribute("deal", period="2026-01").to_pandas()
    assert float(frame[frame.model == "linear"].value.sum()) == pytest.approx(2100)
