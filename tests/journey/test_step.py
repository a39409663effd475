"""Steps and spans in the user's words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from kit.streams import make_timeline
from leadline.errors import LeadlineError
from leadline.journey.step import count_events, read_span, read_step, span_words
from leadline.timeline import Timeline
from leadline.timeline.question import Where
from leadline.timeline.reference.event import Event


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    def seen(at: int, name: str, channel: str | None = None, campaign: str | None = None) -> Event:
        return Event(at, at, name, {"channel": channel, "campaign": campaign})

    events = [
        seen(1, "page_view", "Email", "a"),
        seen(2, "page_view", "Paid", "b"),
        seen(3, "touch/form", None, "c"),
        seen(4, "touch/visit", "Email"),
        seen(5, "stage_entry/mql"),
        seen(6, "deal/won"),
        seen(7, "Signed up or in"),
        seen(8, "page_view", "Direct"),
    ]
    return make_timeline(tmp_path / "t", {"p": events})


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("mql", ("stage_entry/mql",)),
        (" MQL ", ("stage_entry/mql",)),
        ("stage_entry/mql", ("stage_entry/mql",)),
        ("deal/won", ("deal/won",)),
        ("touch", ("touch/form", "touch/visit")),
        ("mql or deal/won", ("stage_entry/mql", "deal/won")),
        ("Signed up or in", ("Signed up or in",)),
        ("any", ()),
    ],
)
def test_names(timeline: Timeline, text: str, events: tuple[str, ...]) -> None:
    step = read_step(text, timeline)
    assert (step.events, step.where) == (events, ())
    assert step.label == text.strip()


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("channel = 'Email'", {"Email"}),
        ("channel <> 'Email'", {"Paid", "Direct"}),  # nothing is not known to be other than Email, as in SQL
        ("channel in ('Email', 'Paid')", {"Email", "Paid"}),
        ("channel not in ('Email', 'Paid')", {"Direct"}),
        ("channel like '%ai%'", {"Email", "Paid"}),
        ("channel like 'P_id'", {"Paid"}),
        ("not channel like 'P%'", {"Email", "Direct"}),
        ("channel is null", {None}),
        ("channel is not null", {"Email", "Paid", "Direct"}),
        ("channel = 'Email' or channel is null", {"Email", None}),
        ("channel between 'D' and 'F'", {"Direct", "Email"}),
    ],
)
def test_conditions_become_values(timeline: Timeline, condition: str, values: set[str | None]) -> None:
    step = read_step(f"page_view where {condition}", timeline)
    assert [(where.property, set(where.values)) for where in step.where] == [("channel", values)]


def test_parts_joined_by_and(timeline: Timeline) -> None:
    step = read_step("page_view where channel = 'Email' and campaign in ('a', 'b')", timeline)
    assert step.where == (Where("channel", ("Email",)), Where("campaign", ("a", "b")))
    assert step.label == "page_view where channel = 'Email' and campaign in ('a', 'b')"


@pytest.mark.parametrize(
    ("text", "code", "cure"),
    [
        ("won", "unknown-event", "deal/won"),
        ("mq", "unknown-event", "mql"),
        ("pageview", "unknown-event", "page_view? `leadline funnel --events` lists them"),
        ("page_view where chanel = 'Email'", "unknown-property", "channel"),
        ("page_view where channel = 'Emial'", "unknown-value-of-channel", "Email"),
        ("page_view where channel = 'Email' or campaign = 'a'", "step-condition", "and"),
        ("page_view where channel > 3", "step-condition", "single quotes"),
        ("page_view where lower(channel) = 'email'", "step-condition", "and"),
        ("page_view where channel =", "bad-filter", ""),
    ],
)
def test_what_cannot_be_read_has_a_cure(timeline: Timeline, text: str, code: str, cure: str) -> None:
    with pytest.raises(LeadlineError) as caught:
        read_step(text, timeline)
    assert (caught.value.code, cure in caught.value.fix) == (code, True), caught.value


def test_spans() -> None:
    assert read_span("14 days") == dt.timedelta(days=14)
    assert read_span("1.5 hours") == dt.timedelta(minutes=90)
    assert read_span(" None ") is None
    assert [span_words(read_span(text)) for text in ("1 day", "36 hours", "2 weeks", "90 seconds", "none")] == [
        "1 day", "36 hours", "14 days", "90 seconds", "none",
    ]  # fmt: skip
    for text in ("0 days", "1 month", "days", "-1 day"):
        with pytest.raises(LeadlineError) as caught:
            read_span(text)
        assert caught.value.code == "bad-span"


def test_events_are_counted(timeline: Timeline) -> None:
    counts = count_events(timeline)
    assert counts["page_view"] == 3
    assert counts["deal/won"] == 1
    assert sum(counts.values()) == timeline.counts()["events"]
