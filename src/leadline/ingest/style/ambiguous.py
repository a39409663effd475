"""What cannot be told from the values alone: an outcome of its own, never a guess."""

from __future__ import annotations

from msgspec import Struct


class Ambiguous(Struct, frozen=True):
    """The values fit several readings: what the question is, examples, the possible answers, and the cure.

    `conflict` says that the values contradict each other, so that no answer fits all of them.
    """

    what: str
    samples: tuple[str, ...]
    options: tuple[str, ...]
    fix: str
    conflict: bool = False
