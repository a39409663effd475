"""Which e-mails belong to which event: invitations and reminders whose campaign or subject names it.

E-mail tools seldom know events; people name the campaign after the event ("Reminder: Budget clinic (May)"). A mail is
of the first event of that name that starts after it was sent, within ninety days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from msgspec import Struct

AHEAD = dt.timedelta(days=90)
LATE = dt.timedelta(hours=1)
"""A reminder may still go out while the event begins."""
WORDS = {
    "invitation": ("invit", "einladung", "lời mời", "thư mời", "davet", "jemputan", "邀请", "دعوة"),
    "reminder": ("remind", "erinnerung", "rappel", "nhắc", "hatırlatma", "peringatan", "提醒", "تذكير"),
}


class Mail(Struct, frozen=True):
    """A sent campaign: `delivered` to so many, opened and clicked by so many (None: not told)."""

    kind: str
    name: str
    sent_at: dt.datetime
    delivered: int
    opens: int | None
    clicks: int | None


def kind_of(*texts: str | None) -> str:
    """`invitation` or `reminder` by the words of kind, campaign and subject; empty for neither. Reminders win: they
    often speak of the invitation.
    """
    whole = " ".join(text for text in texts if text).casefold()
    for kind in ("reminder", "invitation"):
        if any(word in whole for word in WORDS[kind]):
            return kind
    return ""


def mails_of(name: str, at: dt.datetime, others: Iterable[dt.datetime], mails: Sequence[Mail]) -> tuple[Mail, ...]:
    """The mails of one event; `others` are the starts of events of the same name."""
    wanted = name.casefold()
    starts = sorted({at, *others})
    found = []
    for mail in mails:
        if wanted not in mail.name.casefold():
            continue
        next_start = next((start for start in starts if start + LATE >= mail.sent_at), None)
        if next_start == at and mail.sent_at >= at - AHEAD:
            found.append(mail)
    return tuple(found)
