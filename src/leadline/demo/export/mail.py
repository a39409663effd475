"""E-mail and webinar exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from leadline.demo.clock import Clock
from leadline.demo.export.text import MONTHS, WEEKDAYS, File, Row, percent, table, utf8
from leadline.demo.world import Mailing, Member, Webinar, World


def mailchimp(world: World) -> Iterator[File]:
    """Campaigns since the two years began: times as `Jun 09, 2026 09:30 pm`, rates as 27.78%."""
    clock = Clock(world.company.timezone)
    opening = clock.midnight(world.company.starts)
    rows: list[Row] = [
        ("Title", "Subject", "List", "Send Date", "Send Weekday", "Total Recipients", "Successful Deliveries",
         "Soft Bounces", "Hard Bounces", "Total Bounces", "Times Forwarded", "Forwarded Opens", "Unique Opens",
         "Open Rate", "Total Opens", "Unique Clicks", "Click Rate", "Total Clicks", "Unsubscribes",
         "Abuse Complaints", "Times Liked on Facebook", "Folder Id", "Unique Id", "Total Orders",
         "Total Gross Sales", "Total Revenue"),
    ]  # fmt: skip
    rows.extend(_mailing(clock, mailing) for mailing in world.mailings if mailing.sent_at >= opening)
    yield "campaigns.csv", utf8(table(rows))


def _mailing(clock: Clock, mailing: Mailing) -> tuple[str, ...]:
    sent = clock.local(mailing.sent_at)
    # Month names and am/pm are spelled here: strftime would use the machine's language.
    when = f"{MONTHS[sent.month - 1][:3]} {sent:%d, %Y} {sent.hour % 12 or 12:02d}:{sent:%M} "
    return (
        mailing.title, mailing.subject, "Everyone" if mailing.kind != "reminder" else "Registered",
        when + ("am" if sent.hour < 12 else "pm"), WEEKDAYS[sent.weekday()], str(mailing.recipients),
        str(mailing.delivered), str(mailing.soft_bounces), str(mailing.hard_bounces),
        str(mailing.soft_bounces + mailing.hard_bounces), "0", "0", str(mailing.opens),
        percent(mailing.opens, mailing.delivered), str(mailing.total_opens), str(mailing.clicks),
        percent(mailing.clicks, mailing.delivered), str(mailing.total_clicks), str(mailing.unsubscribes),
        str(mailing.complaints), "0", "", mailing.id, "0", "0", "0",
    )  # fmt: skip


def zoom(world: World) -> Iterator[File]:
    """An attendee report for each webinar: a block about it, the host, then a row for every time somebody joined."""
    clock = Clock(world.company.timezone)
    opening = clock.midnight(world.company.starts)
    registered: dict[str, list[Member]] = {}
    webinars: dict[str, Webinar] = {}
    for member in world.members:
        if member.webinar.starts_at >= opening:
            registered.setdefault(member.webinar.id, []).append(member)
            webinars[member.webinar.id] = member.webinar
    for webinar in sorted(webinars.values(), key=lambda webinar: webinar.starts_at):
        members = sorted(registered[webinar.id], key=lambda member: (not member.joins, member.registered_at))
        name = f"attendee_{webinar.id}_{clock.local(webinar.starts_at):%Y_%m_%d}.csv"
        yield name, utf8(_attendees(world, clock, webinar, members), mark=True)


def _attendees(world: World, clock: Clock, webinar: Webinar, members: list[Member]) -> str:
    start = webinar.starts_at
    came = [member for member in members if member.joins]
    joins = sum(len(member.joins) for member in members)
    number = f"{webinar.id[:4]} {webinar.id[4:8]} {webinar.id[8:]}"
    host = f"host@{world.company.name.split()[0].lower()}.example"
    rows: list[Row] = [
        ("Attendee Report",),
        ("Report Generated:", _moment(clock, start)),
        ("Topic", "Webinar ID", "Actual Start Time", "Actual Duration (minutes)", "# Registered", "# Cancelled",
         "Unique Viewers", "Total Users", "Max Concurrent Views", "Enable Registration"),
        (webinar.topic, number, _moment(clock, start), str(webinar.minutes), str(len(members)), "0", str(len(came)),
         str(joins + 1), str(len(came)), "Yes"),
        ("Host Details",),
        ("Attended", "User Name (Original Name)", "Email", "Join Time", "Leave Time", "Time in Session (minutes)",
         "Is Guest", "Country/Region Name"),
        ("Yes", "Host", host, _moment(clock, start), _moment(clock, start), str(webinar.minutes), "No", "Germany"),
        ("Attendee Details",),
        ("Attended", "User Name (Original Name)", "First Name", "Last Name", "Email", "Registration Time",
         "Approval Status", "Join Time", "Leave Time", "Time in Session (minutes)", "Is Guest",
         "Country/Region Name", "Source Name"),
    ]  # fmt: skip
    for member in members:
        person = member.person
        # People type their address as they like: one in twenty with capitals.
        email = person.email.title() if int(person.id) % 20 == 1 else person.email
        about = (person.name, person.first, person.last, email, _moment(clock, member.registered_at), "approved")
        for joined, left in member.joins:
            minutes = round((left - joined).total_seconds() / 60)
            rows.append(
                ("Yes", *about, _moment(clock, joined), _moment(clock, left), str(minutes), "Yes", person.country, "")
            )
        if not member.joins:
            rows.append(("No", *about, "--", "--", "--", "--", person.country, ""))
    width = max(map(len, rows))
    return table([(*row, *[""] * (width - len(row))) for row in rows])


def _moment(clock: Clock, moment: datetime) -> str:
    """A local moment as 04/26/2026 10:45:17 AM."""
    local = clock.local(moment)
    half = "AM" if local.hour < 12 else "PM"
    return f"{local:%m/%d/%Y} {local.hour % 12 or 12:02d}:{local:%M:%S} {half}"
