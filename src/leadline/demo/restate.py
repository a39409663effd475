"""A platform that thinks again: the same days, other conversions, as platforms restate them weeks later."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from leadline.demo.dice import Dice
from leadline.demo.world import World


def restate(world: World, platform: str, month: date, seed: int) -> World:
    """The world as a platform tells it later: the conversions it claims in a month are others, the rest as it was.

    Each campaign's day gains or loses up to a fifth; the same seed gives the same restatement.
    """
    dice = Dice(seed, f"restate:{platform}:{month}")
    ads = tuple(
        replace(ad, claimed=ad.claimed * dice.randint(80, 120) // 100)
        if ad.campaign.platform == platform and ad.day.replace(day=1) == month
        else ad
        for ad in world.ads
    )
    return replace(world, ads=ads)
