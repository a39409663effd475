"""All models side by side, over-claim, and decisions that must survive every model (004-09)."""

from __future__ import annotations

import pytest

from attribution.cases import as_paths, journeys
from leadline.attribution.compare import all_models, conversions_with, over_claim, ranges, survives
from leadline.attribution.credit import Credit
from leadline.attribution.path import paths_of
from leadline.errors import UsageError


def credit(model: str, **earned: float) -> Credit:
    return Credit(model, earned, {channel: 10 * count for channel, count in earned.items()}, 0.0, 0.0)


def test_all_models_answer_and_all_add_up() -> None:
    given = journeys(1)
    found = all_models(as_paths(given), orders=(1, 2))
    assert [each.model for each in found] == [
        "first", "last", "last_non_direct", "linear", "time_decay", "position", "w_shaped", "full_path",
        "markov", "markov_2", "shapley", "shapley_rate",
    ]  # fmt: skip
    for each in found:
        assert each.total == pytest.approx(len(given.conversions), abs=1e-9), each.model


def test_models_that_cannot_be_answered_are_left_out_unless_named() -> None:
    bare = paths_of([["a", "b"]], [1])
    models = [each.model for each in all_models(bare)]
    assert not {"time_decay", "w_shaped", "full_path"} & set(models)
    with pytest.raises(UsageError, match="ages-missing"):
        all_models(bare, models=["time_decay"])
    for unknown in ("best", "markov_x"):
        with pytest.raises(UsageError, match="unknown-attribution-model"):
            all_models(bare, models=[unknown])


def test_ranges() -> None:
    found = ranges([credit("first", a=5, b=1), credit("last", a=2, b=4)])
    assert [(each.channel, each.low, each.low_model, each.high, each.high_model) for each in found] == [
        ("a", 2, "last", 5, "first"),
        ("b", 1, "first", 4, "last"),
    ]
    assert ranges([credit("first", a=5)], by_value=True)[0].high == 50


def test_over_claim() -> None:
    """Platforms claim 175 together where 95 happened (PRODUCT.md); what touched no conversion cannot have made it."""
    paths = paths_of([["google", "meta"], ["google"], ["meta"], []], [40, 30, 20, 5])
    models = [credit("first", google=70, meta=20), credit("last", google=30, meta=60)]
    claims = over_claim(paths, models, {"google": 90, "meta": 85})
    assert (claims.claimed, claims.happened) == (175, 95)
    assert claims.factor == pytest.approx(175 / 95)
    google, meta = claims.by_channel
    assert google.credited == (30, 70)
    assert google.factor == pytest.approx((90 / 70, 3))
    assert (google.touched, google.excess) == (70, 20)
    assert (meta.touched, meta.excess) == (60, 25)
    assert conversions_with(paths, "tiktok") == 0


def test_over_claim_of_a_channel_that_earned_nothing() -> None:
    claims = over_claim(paths_of([["a"]], [1]), [credit("first", a=1)], {"b": 3})
    assert claims.by_channel[0].factor == (None, None)
    assert claims.by_channel[0].excess == 3


def test_a_shift_survives_only_when_every_model_agrees() -> None:
    cost = {"a": 100.0, "b": 50.0, "c": 10.0}
    models = [credit("first", a=10, b=6, c=0.5), credit("last", a=10, b=9, c=2)]
    shift = survives(models, cost, source="a", target="b", amount=20)
    # Earned per unit of cost: a 1; b 1.2 and 1.8.
    assert shift.gain == pytest.approx({"first": 4, "last": 16})
    assert (shift.verdict, shift.survives, shift.against) == ("yes", True, [])
    back = survives(models, cost, source="b", target="a", amount=20)
    assert (back.verdict, back.against) == ("no", ["first", "last"])
    flips = survives(models, cost, source="a", target="c", amount=20)
    assert (flips.verdict, flips.survives, flips.against) == ("depends", False, ["first"])
    assert survives(models, cost, source="a", target="b", amount=20, by_value=False).gain["first"] == pytest.approx(0.4)


def test_a_shift_that_cannot_be_judged_is_refused() -> None:
    models = [credit("first", a=1, b=1)]
    for cost, amount, given in (
        ({"a": 10.0}, 5, models),
        ({"a": 10.0, "b": 1.0}, 11, models),
        ({"a": 1.0, "b": 1.0}, 1, []),
    ):
        with pytest.raises(UsageError):
            survives(given, cost, source="a", target="b", amount=amount)
