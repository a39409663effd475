"""The same persons whatever the order of arrival, and back again."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.data import oracle
from leadline.journey.identity import Id, Identities, Observed, Owners, email_id, plain_id


def observe(events: list[dict[str, Any]], *, emails: bool = True) -> Observed:
    """Events as the oracle writes them: t, type, a, u, email, previousId."""
    observed = Observed()
    for event in events:
        if event["type"] in ("alias", "unmerge"):
            action = "merge" if event["type"] == "alias" else "separate"
            observed.say(event["t"], action, Id("user", event["u"]), Id("user", event["previousId"]))  # type: ignore[arg-type]
        else:
            email = event.get("email") if emails else None
            observed.see(event["t"], anonymous=event["a"], user=event["u"], email=email)
    return observed


def people(found: Identities) -> list[list[str]]:
    return sorted(sorted(each.value for each in ids if each.kind != "email") for ids in found.people())


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = oracle("identity_time_dedup_cases")["identity"]
    return found


def test_all_cases_of_the_oracle_in_any_order() -> None:
    for case in cases():
        expected = case["expect"]
        for seed in range(20):
            events = [*case["events"], *case["events"]] if seed % 2 else list(case["events"])
            random.Random(seed).shuffle(events)
            observed = observe(events)
            found = observed.resolve()
            assert people(found) == sorted(map(sorted, expected["people"])), case["case"]
            assert len(found.conflicts()) == expected.get("conflicts", len(found.conflicts())), case["case"]
            assert found.nobody == expected.get("warnings", 0), case["case"]
            for moment, owner in expected.get("owner_at", {}).items():
                assert Owners.of(observed.links).at("A1", int(moment)) == owner
            if "revenue_person" in expected:
                assert found.person_of[Id("anonymous", "A1")] == expected["revenue_person"]


def test_addresses_link_only_where_asked() -> None:
    case = next(each for each in cases() if "e-mail" in each["case"])
    assert len(observe(case["events"], emails=False).resolve().people()) == 2


ids = st.sampled_from(["1", "2", "3", "4"])
sightings = st.tuples(st.just("see"), st.integers(0, 6), st.none() | ids, st.none() | ids, st.none() | ids)
events = st.one_of(sightings, st.tuples(st.sampled_from(["merge", "separate"]), st.integers(0, 6), ids, ids, st.none()))


def resolved(stream: list[tuple[Any, ...]]) -> Identities:
    observed = Observed()
    for what, at, one, other, third in stream:
        if what == "see":
            observed.see(
                at,
                anonymous=one and f"a{one}",
                user=other and f"u{other}",
                email=third and f"e{third}@example.com",
            )
        elif one != other:
            observed.say(at, what, Id("user", f"u{one}"), Id("user", f"u{other}"))
    return observed.resolve()


@settings(max_examples=300)
@given(st.lists(events, max_size=14), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(stream: list[tuple[Any, ...]], shuffle: random.Random) -> None:
    shuffled = [*stream, *stream[::2]]
    shuffle.shuffle(shuffled)
    assert resolved(shuffled) == resolved(stream)


@settings(max_examples=200)
@given(st.lists(events, max_size=14))
def test_laws(stream: list[tuple[Any, ...]]) -> None:
    found = resolved(stream)
    merged = {frozenset((each.left, each.right)) for each in found.decisions if each.rule == "identity.merge"}
    apart = {frozenset((each.left, each.right)) for each in found.decisions if each.rule == "identity.separate"}
    for one, other in map(tuple, apart):
        assert found.person_of[one] != found.person_of[other]
    for one, other in map(tuple, merged):
        assert found.person_of[one] == found.person_of[other]
    if not merged:
        for ids_ in found.people():
            assert sum(each.kind == "user" for each in ids_) <= 1
    names = set(found.person_of.values())
    assert len(names) == len(found.people())


@settings(max_examples=200)
@given(st.lists(sightings, max_size=12))
def test_a_merge_taken_back_leaves_the_persons_of_before(stream: list[tuple[Any, ...]]) -> None:
    known = {each.value for each in resolved(stream).person_of if each.kind == "user"}
    if len(known) < 2:
        return
    one, other = sorted(known)[:2]
    merge = ("merge", 7, one[1:], other[1:], None)
    separate = ("separate", 8, one[1:], other[1:], None)
    assert resolved([*stream, merge, separate]).people() == resolved(stream).people()
    assert (
        resolved([*stream, merge, separate, ("merge", 9, *merge[2:])]).people() == resolved([*stream, merge]).people()
    )


def test_a_separation_also_holds_against_evidence() -> None:
    observed = Observed()
    observed.see(0, anonymous="a", user="u")
    observed.say(5, "separate", Id("anonymous", "a"), Id("user", "u"))
    observed.see(9, anonymous="a", user="u")
    found = observed.resolve()
    assert len(found.people()) == 2
    assert [each.rule for each in found.conflicts()] == ["identity.separated"]


def test_the_later_of_two_merges_gives_way_to_a_separation() -> None:
    observed = Observed()
    u, v, w = (Id("user", name) for name in "uvw")
    observed.say(1, "merge", u, v)
    observed.say(2, "merge", v, w)
    observed.say(3, "separate", u, w)
    assert people(observed.resolve()) == [["u", "v"], ["w"]]


def test_the_newest_command_holds_and_separation_wins_a_tie() -> None:
    pair = Id("user", "u"), Id("user", "v")
    for last, together in ((1, False), (2, False), (3, True)):
        observed = Observed()
        observed.say(last, "merge", *pair)
        observed.say(2, "separate", *pair)
        found = observed.resolve()
        assert (len(found.people()) == 1) == together
        assert [each.rule for each in found.conflicts()] == ["identity.overruled"]


def test_a_shared_address_holds_no_more_browsers_than_its_first_user() -> None:
    observed = Observed()
    observed.see(1, user="u1", email="info@example.com")
    observed.see(2, user="u2", email="info@example.com")
    found = observed.resolve()
    assert people(found) == [["u1"], ["u2"]]
    assert [each.rule for each in found.conflicts()] == ["identity.limit.user"]


def test_limits_can_be_set() -> None:
    observed = Observed()
    observed.see(1, user="u1", anonymous="a")
    observed.see(2, user="u2", anonymous="a")
    assert people(observed.resolve({"user": 2})) == [["a", "u1", "u2"]]


def test_a_person_is_named_by_its_earliest_user() -> None:
    observed = Observed()
    observed.see(1, anonymous="a")
    assert observed.resolve().person_of[Id("anonymous", "a")] == "anonymous:a"
    observed.see(5, anonymous="a", email="ada@example.com")
    address = email_id("ada@example.com")
    assert address is not None
    assert set(observed.resolve().person_of.values()) == {address.value}
    observed.see(9, user="U", email="ada@example.com")
    assert set(observed.resolve().person_of.values()) == {"U"}


@pytest.mark.parametrize("value", ["", " ", "0", "000", "-1", "-", "NULL", "None", "guest", "[object Object]", "n/a"])
def test_ids_of_nobody(value: str) -> None:
    assert plain_id("user", value) is None


def test_an_address_is_one_id_however_it_is_given() -> None:
    # SHA-256 of ada@example.com begins with these digits.
    import hashlib

    digest = hashlib.sha256(b"ada@example.com").hexdigest()
    wanted = Id("email", f"p_{digest[:16]}")
    for value in ("ada@example.com", " Ada@Example.COM ", digest, digest.upper(), f"p_{digest[:16]}"):
        assert email_id(value) == wanted
    assert plain_id("user", "Ada@example.com") == wanted
    assert plain_id("user", f"p_{digest[:16]}") == wanted
    assert email_id("no address") is None


def test_owners_of_a_shared_device() -> None:
    observed = Observed()
    observed.see(10, anonymous="a", user="u1")
    observed.see(20, anonymous="a", user="u2")
    observed.see(30, anonymous="a", user="u1")
    owners = Owners.of(observed.links)
    assert [owners.at("a", moment) for moment in (5, 10, 19, 20, 29, 30, 99)] == [
        "u1",
        "u1",
        "u1",
        "u2",
        "u2",
        "u1",
        "u1",
    ]
    assert owners.at("b", 10) is None
