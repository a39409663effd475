"""What a rule of a segment asks of a person: to have, or not to have, rows in a fact."""

from __future__ import annotations

from msgspec import Struct

from leadline.model.tree import Row


class Having(Struct, frozen=True):
    """At least `at_least` rows of `fact` whose `person` column names the person and that meet `where`.

    With `days` only rows whose `time` lies in so many local days up to today count, today included. `absent` turns it
    round.
    """

    fact: str
    person: str
    time: str
    where: Row | None = None
    days: int = 0
    at_least: int = 1
    absent: bool = False
