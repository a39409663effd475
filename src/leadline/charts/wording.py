"""The few words that charts say themselves, in one place for other languages."""

from __future__ import annotations

from msgspec import Struct


class Wording(Struct, frozen=True):
    """Words and sentences of charts; names in braces are filled in.

    `grain` names the frame's grain, where it is not to be called by its English word.
    """

    grain: str = ""
    unfinished: str = "not finished yet"
    no_data: str = "no data"
    redefined: str = "new definition"
    changed: str = "New definition from {day}."
    goal: str = "goal"
    course: str = "{name} by {grain}, {first} to {last}."
    last_complete: str = "Last complete: {value} in {period}."
    lowest: str = "Lowest: {value} in {period}."
    highest: str = "Highest: {value} in {period}."
    then: str = "{name} then: {value}."
    gaps: str = "No data: {periods}."
    still_open: str = "Not finished yet: {periods}."
    beside: str = "Beside it: {names}."
    nothing: str = "No data."
    more: str = "{names} and {count} more"
    hidden: str = "{count} more not shown"
    before: str = "before"
    spark: str = "{count} values by {grain}: lowest {low}, highest {high}, last complete {last}."
    inferred: str = "inferred"
    still_under_way: str = "still under way"
    flow: str = "{way}: {count}"
    other: str = "other"
    spark_open: str = "The last {count} not finished yet."


ENGLISH = Wording()
