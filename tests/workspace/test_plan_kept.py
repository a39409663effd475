"""A plan is made once for a question, and never outlives the data or the question it was made for."""

from __future__ import annotations

from pathlib import Path

from kit import give, make_workspace

METRICS = "hot: {formula: sum(ad.spend), unit: number}\n"


def test_a_question_asked_again_has_its_plan_at_hand(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics=METRICS) as space:
        give(space, {"ad": [{"date": "2026-01-05", "spend": 7}]})
        asked = space.ask(["hot"], grain="month", period="2026-01..2026-02")
        assert space.compile(asked) is space.compile(space.ask(["hot"], grain="month", period="2026-01..2026-02"))
        assert space.compile(asked) is not space.compile(space.ask(["hot"], grain="week", period="2026-01..2026-02"))


def test_what_is_loaded_since_is_in_the_next_answer(tmp_path: Path) -> None:
    """Spans, completeness and marks come from the ledger, so a plan made before a load is of no use after it."""
    with make_workspace(tmp_path / "w", metrics=METRICS) as space:
        give(space, {"ad": [{"date": "2026-01-05", "spend": 7}]})
        before = space.query(["hot"], grain="month")
        give(space, {"ad": [{"_key": "later", "date": "2026-03-09", "spend": 5}]})
        after = space.query(["hot"], grain="month")
    assert [row[1] for row in before.rows] == [7]
    assert [row[1] for row in after.rows] == [7, 0, 5]
    assert before.provenance["completeness"] != after.provenance["completeness"]


def test_conditions_that_python_holds_equal_have_plans_of_their_own(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics="sold: count(order)\n") as space:
        give(space, {"order": [{"ordered_at": "2026-01-05T10:00:00", "is_sale": True, "quantity": 1}]})
        true = space.compile(space.ask(["sold"], where="is_sale = true"))
        assert space.compile(space.ask(["sold"], where="quantity = 1")) is not true
        one, other = (space.ask(["sold"], where=where) for where in ("quantity = 1", "quantity = 1.0"))
        assert (space.compile(one) is space.compile(other)) is (repr(one.where) == repr(other.where))


def test_answers_do_not_share_what_they_tell(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics=METRICS) as space:
        give(space, {"ad": [{"date": "2026-01-05", "spend": 7}]})
        first = space.query(["hot"], grain="month")
        told = repr(first.provenance)
        for part in ("metrics", "completeness", "late", "settling", "facts"):
            first.provenance[part].clear()
        assert repr(space.query(["hot"], grain="month").provenance) == told
