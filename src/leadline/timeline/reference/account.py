"""Streams of accounts, as they are defined.

The stream of an account has every event that belongs to it, of whichever person, in order of moment and id. An event
belongs to the account its row names (the property `account_id`), else to the one its person was with at that moment;
an event that belongs to none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from leadline.timeline.reference.event import Event, in_order
from leadline.timeline.source import ACCOUNT

With = Callable[[str, int], str | None]
"""The account that a person was with at a moment, as `leadline.journey.account.Accounts.at` tells it."""


def streams_of_accounts(streams: Mapping[str, Sequence[Event]], was_with: With) -> tuple[dict[str, list[Event]], int]:
    """The events of each account, and how many people have events that belong to none."""
    found: dict[str, list[Event]] = {}
    left_out = set()
    for person, events in streams.items():
        for event in in_order(list(events)):
            account = event.get(ACCOUNT) or was_with(person, event.at)
            if account is None:
                left_out.add(person)
            else:
                found.setdefault(account, []).append(event)
    return {account: in_order(events) for account, events in sorted(found.items())}, len(left_out)
