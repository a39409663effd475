"""The simulated world as export files in the shapes that real tools deliver, quirks and all."""

from __future__ import annotations

from pathlib import Path

from leadline.demo.export import ads, around, billing, crm, mail, own, public, web
from leadline.demo.world import World

PREFIX = "simulated_"
WRITERS = (
    ads.google_ads,
    ads.microsoft_ads,
    ads.meta_ads,
    ads.linkedin_ads,
    web.ga4,
    web.search_console,
    crm.contacts,
    crm.deals,
    mail.mailchimp,
    mail.zoom,
    billing.payments,
    billing.subscriptions,
    own.costs,
    own.sales_activities,
    own.survey,
    own.product_events,
    around.touches,
    around.stage_log,
    around.invitations,
    around.replies,
    around.goals,
    public.social_posts,
    public.audiences,
    public.influencers,
    public.mentions,
    public.readings,
    public.search_queries,
    public.pages,
)


def write(world: World, folder: Path) -> list[Path]:
    """Write every export file into `folder`; their paths, in the order in which they should be loaded.

    Each name says that the data is simulated: most of the formats have no place for a word of warning inside.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for writer in WRITERS:
        for name, content in writer(world):
            path = folder / f"{PREFIX}{name}"
            path.write_bytes(content)
            paths.append(path)
    return paths
