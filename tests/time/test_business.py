"""Business hours across weekends, holidays and changes of the clock; answers worked out by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from leadline.errors import LeadlineError
from leadline.time.business import BusinessHours, parse_clock, parse_within, public_holidays

BERLIN = BusinessHours("Europe/Berlin", holidays=frozenset({dt.date(2026, 5, 1), dt.date(2026, 12, 25)}))
ROUND_THE_CLOCK = BusinessHours("Europe/Berlin", week=((0, 1440),) * 7)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("handed_over", "within", "due"),
    [
        # Friday 17:55 in Berlin (UTC+2): five minutes of Friday, the rest of four hours on Monday from nine.
        ("2026-06-05T15:55", "4 business hours", "2026-06-08T10:55"),
        # Friday 18:00, as the office closes: all of it on Monday.
        ("2026-06-05T16:00", "4 business hours", "2026-06-08T11:00"),
        # Monday 14:00: exactly until closing is still that day.
        ("2026-06-08T12:00", "4 business hours", "2026-06-08T16:00"),
        # Thursday 30 April, 17:00, before the holiday of 1 May and a weekend: one hour, then Monday 9 to 10.
        ("2026-04-30T15:00", "2 business hours", "2026-05-04T08:00"),
        # The weekend on which clocks go forward: Friday 17:55 is UTC+1, Monday UTC+2.
        ("2026-03-27T16:55", "4 business hours", "2026-03-30T10:55"),
        # And back again: Friday UTC+2, Monday UTC+1.
        ("2026-10-23T15:55", "4 business hours", "2026-10-26T11:55"),
        # Hours of the clock take no notice of any of it.
        ("2026-03-28T12:00", "24 hours", "2026-03-29T12:00"),
        # Days end at the same local time: noon to noon across the change is 23 hours.
        ("2026-03-28T11:00", "1 day", "2026-03-29T10:00"),
        # Business days end when the office closes; the day itself does not count.
        ("2026-06-05T15:55", "1 business day", "2026-06-08T16:00"),
        ("2026-06-06T10:00", "1 business day", "2026-06-08T16:00"),
        ("2026-04-30T08:00", "2 business days", "2026-05-05T16:00"),
        # 29 February of a leap year is a day like any other (Tuesday 29 February 2028, UTC+1).
        ("2028-02-28T16:55", "2 business hours", "2028-02-29T09:55"),
    ],
)
def test_due(handed_over: str, within: str, due: str) -> None:
    assert parse_within(within).due(at(handed_over), BERLIN) == at(due)


def test_a_day_of_23_and_one_of_25_hours_are_as_long_as_they_were() -> None:
    assert ROUND_THE_CLOCK.between(at("2026-03-28T23:00"), at("2026-03-29T22:00")) == dt.timedelta(hours=23)
    assert ROUND_THE_CLOCK.between(at("2026-10-24T22:00"), at("2026-10-25T23:00")) == dt.timedelta(hours=25)
    assert ROUND_THE_CLOCK.add_hours(at("2026-10-24T22:00"), 25) == at("2026-10-25T23:00")


def test_open_time_between_leaves_out_nights_weekends_and_holidays() -> None:
    # Thursday 17:00 to Monday 10:00 over 1 May: one hour and one hour.
    assert BERLIN.between(at("2026-04-30T15:00"), at("2026-05-04T08:00")) == dt.timedelta(hours=2)
    assert BERLIN.between(at("2026-05-04T08:00"), at("2026-04-30T15:00")) == dt.timedelta()


def test_adding_open_time_and_measuring_it_agree() -> None:
    start = at("2026-03-20T03:17")
    for hours in (0.25, 1, 8.75, 9, 9.25, 40, 123.5):
        assert BERLIN.between(start, BERLIN.add_hours(start, hours)) == dt.timedelta(hours=hours)


def test_working_days_of_a_month() -> None:
    assert BERLIN.working_days(dt.date(2026, 5, 1), dt.date(2026, 6, 1)) == 20
    assert BERLIN.working_days(dt.date(2028, 2, 1), dt.date(2028, 3, 1)) == 21


def test_an_office_that_never_opens_is_said() -> None:
    with pytest.raises(LeadlineError, match="never-open"):
        BusinessHours(week=(None,) * 7).add_hours(at("2026-01-01T00:00"), 1)


@pytest.mark.parametrize("text", ["4", "four hours", "0 hours", "1.5 days", "2 weeks", ""])
def test_bad_durations(text: str) -> None:
    with pytest.raises(LeadlineError, match="bad-duration"):
        parse_within(text)


@pytest.mark.parametrize("text", ["9", "25:00", "09:60", "nine"])
def test_bad_clocks(text: str) -> None:
    with pytest.raises(LeadlineError, match="bad-clock"):
        parse_clock(text)


def test_public_holidays_of_a_country_and_a_part_of_it() -> None:
    pytest.importorskip("holidays", reason="needs the extra `holidays`")
    assert dt.date(2026, 10, 3) in public_holidays("DE", "", range(2026, 2027))
    assert dt.date(2026, 1, 6) in public_holidays("DE", "BY", range(2026, 2027))
    assert dt.date(2026, 1, 6) not in public_holidays("DE", "BE", range(2026, 2027))
    with pytest.raises(LeadlineError, match="unknown-subdivision"):
        public_holidays("DE", "XX", range(2026, 2027))
    with pytest.raises(LeadlineError, match="unknown-country"):
        public_holidays("ZZZ", "", range(2026, 2027))
