"""From person to company, for journeys of accounts: by what records say, else by the domain of the address.

A record that carries a person and an account counts from its time on; a person who changes company is with the account
last named at a moment, and before the first one with the first. A domain stands for an account only when every person
with that domain whose account is recorded is with the same one; domains where anybody may have an address stand for
none. Evidence decides by its own time, ties by the smaller id, so arrival order changes nothing.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from msgspec import Struct


class Membership(Struct, frozen=True, order=True):
    """A record that names a person's account at a time (microseconds since 1970, UTC)."""

    at: int
    person: str
    account: str


class Employer(Struct, frozen=True):
    """A person's account from a moment on; `rule` is `account.given` or `account.domain`."""

    since: int
    account: str
    rule: str


class Accounts(Struct, frozen=True):
    """Person → accounts over time; and the domains that stand for no one account, with the accounts they could mean."""

    of_person: Mapping[str, tuple[Employer, ...]]
    ambiguous: Mapping[str, tuple[str, ...]]

    def at(self, person: str, moment: int) -> str | None:
        """The account a person was with at a moment; None when nothing tells."""
        found = self.of_person.get(person)
        if not found:
            return None
        return found[max(bisect.bisect_right(found, moment, key=lambda each: each.since) - 1, 0)].account


def assign_accounts(memberships: Iterable[Membership], domains: Mapping[str, Iterable[str]]) -> Accounts:
    """The accounts of all persons. `domains` are the domains of each person's addresses."""
    of_person: dict[str, list[Employer]] = {}
    # Of two accounts at one moment the smaller id holds.
    known: set[tuple[str, int]] = set()
    for each in sorted(set(memberships), key=lambda item: (item.person, item.at, item.account)):
        history = of_person.setdefault(each.person, [])
        if (each.person, each.at) in known:
            continue
        known.add((each.person, each.at))
        if not history or history[-1].account != each.account:
            history.append(Employer(each.at, each.account, "account.given"))
    meant: dict[str, set[str]] = {}
    for person, names in domains.items():
        for domain in names:
            if domain not in free_mail():
                meant.setdefault(domain, set()).update(each.account for each in of_person.get(person, ()))
    for person, names in domains.items():
        if person not in of_person:
            accounts = {account for name in names for account in meant.get(name, ()) if len(meant[name]) == 1}
            if len(accounts) == 1:
                of_person[person] = [Employer(0, accounts.pop(), "account.domain")]
    return Accounts(
        {person: tuple(of_person[person]) for person in sorted(of_person)},
        {domain: tuple(sorted(accounts)) for domain, accounts in sorted(meant.items()) if len(accounts) > 1},
    )


@cache
def free_mail() -> frozenset[str]:
    """Domains where anybody may have an address: they say nothing of an employer."""
    text = resources.files("leadline.journey").joinpath("presets", "free_mail.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
