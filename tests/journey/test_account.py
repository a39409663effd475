"""Person to account: what records say, else the domain of the address."""

from __future__ import annotations

import random

from leadline.journey.account import Membership, assign_accounts


def test_records_count_from_their_time_on() -> None:
    found = assign_accounts(
        [Membership(10, "ada", "acme"), Membership(20, "ada", "beta"), Membership(30, "ada", "beta")], {}
    )
    assert [found.at("ada", moment) for moment in (5, 10, 19, 20, 99)] == ["acme", "acme", "acme", "beta", "beta"]
    assert [each.since for each in found.of_person["ada"]] == [10, 20]
    assert found.at("bob", 10) is None


def test_a_domain_stands_for_the_account_all_its_people_are_with() -> None:
    found = assign_accounts([Membership(10, "ada", "acme")], {"ada": ["acme.com"], "bob": ["acme.com"]})
    assert found.of_person["bob"][0].rule == "account.domain"
    assert found.at("bob", 0) == "acme"


def test_a_domain_of_two_accounts_stands_for_none() -> None:
    given = [Membership(10, "ada", "acme"), Membership(10, "eve", "acme-uk")]
    found = assign_accounts(given, {"ada": ["acme.com"], "eve": ["acme.com"], "bob": ["acme.com"]})
    assert found.at("bob", 10) is None
    assert found.ambiguous == {"acme.com": ("acme", "acme-uk")}


def test_of_several_domains_only_the_clear_ones_count() -> None:
    given = [Membership(10, "ada", "acme"), Membership(10, "eve", "beta"), Membership(10, "joe", "acme")]
    known = {"ada": ["both.com"], "eve": ["both.com", "beta.com"], "joe": ["acme.com"]}
    found = assign_accounts(given, {**known, "bob": ["both.com", "acme.com"], "ann": ["acme.com", "beta.com"]})
    assert found.at("bob", 0) == "acme"
    assert found.at("ann", 0) is None


def test_free_mail_says_nothing_of_an_employer() -> None:
    found = assign_accounts([Membership(10, "ada", "acme")], {"ada": ["gmail.com"], "bob": ["gmail.com"]})
    assert found.at("bob", 10) is None
    assert found.ambiguous == {}


def test_arrival_order_changes_nothing() -> None:
    given = [Membership(at, person, account) for at in (1, 2) for person in "xyz" for account in ("a", "b")]
    wanted = assign_accounts(given, {})
    for seed in range(10):
        shuffled = [*given, *given[:3]]
        random.Random(seed).shuffle(shuffled)
        assert assign_accounts(shuffled, {}) == wanted
    # Two accounts at one moment: the smaller one, by rule.
    assert wanted.at("x", 1) == "a"
