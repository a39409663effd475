"""What stands beside the CRM: touches, the stage log, invitations, further surveys and goals."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.demo.export.text import File, Row, money, table, utf8
from leadline.demo.world import Target, World


def touches(world: World) -> Iterator[File]:
    """Touches of known people, from marketing automation, in UTC."""
    rows: list[Row] = [("Touch ID", "Time (UTC)", "Email", "Channel", "Campaign", "Type", "Content")]
    rows.extend(
        (one.id, f"{one.at:%Y-%m-%d %H:%M}", one.person.email, one.channel, one.campaign, one.kind, one.content)
        for one in world.contacts
    )
    yield "marketing_touches.csv", utf8(table(rows))


def stage_log(world: World) -> Iterator[File]:
    """Stages that other systems than the CRM keep, in UTC."""
    rows: list[Row] = [("Entry ID", "Time (UTC)", "Email", "Stage", "Reason", "Source", "Owner")]
    rows.extend(
        (one.id, f"{one.at:%Y-%m-%d %H:%M}", one.person.email, one.stage, one.reason, one.person.channel,
         one.person.owner)
        for one in world.entries
    )  # fmt: skip
    yield "stage_log.csv", utf8(table(rows))


def invitations(world: World) -> Iterator[File]:
    """Invitations of the referral programme, in UTC; the invited is known once the invitation was taken up."""
    rows: list[Row] = [
        ("Invitation", "Sent (UTC)", "Customer", "Customer since (UTC)", "Guest", "Accepted (UTC)", "Bought (UTC)",
         "Reward (EUR)"),
    ]  # fmt: skip
    for one in world.invitations:
        rows.append(
            (one.id, f"{one.at:%Y-%m-%d %H:%M}", one.host.email, f"{one.host_since:%Y-%m-%d %H:%M}",
             one.guest.email if one.guest else "",
             f"{one.accepted_at:%Y-%m-%d %H:%M}" if one.accepted_at else "",
             f"{one.converted_at:%Y-%m-%d %H:%M}" if one.converted_at else "",
             money(one.reward) if one.reward else "")
        )  # fmt: skip
    yield "referral_program.csv", utf8(table(rows))


def replies(world: World) -> Iterator[File]:
    """Answers to the surveys on satisfaction, effort and awareness, in UTC; strangers have no address."""
    rows: list[Row] = [("Answer ID", "Answered (UTC)", "Kind", "Survey", "Email", "Score", "Out of")]
    rows.extend(
        (one.id, f"{one.at:%Y-%m-%d %H:%M}", one.kind, one.survey, one.email, str(one.score), str(one.scale))
        for one in world.replies
    )
    yield "survey_answers.csv", utf8(table(rows))


def goals(world: World) -> Iterator[File]:
    """Goals and quotas by month, with the forecast made and what came about."""
    rows: list[Row] = [("From", "Until", "Metric", "Salesperson", "Goal", "Forecast", "Actual")]
    for one in world.targets:
        rows.append(
            (f"{one.first}", f"{one.ends}", one.metric, one.owner, _value(one, one.target), _value(one, one.forecast),
             _value(one, one.actual))
        )  # fmt: skip
    yield "goals.csv", utf8(table(rows))


def _value(target: Target, value: int | None) -> str:
    if value is None:
        return ""
    return money(value) if target.is_money else str(value)
