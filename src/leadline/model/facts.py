"""The facts, in the field's own words: the one place where a column is named, typed and explained.

Timestamps are UTC; dates are calendar days of the account or workspace that reported them. Money is DECIMAL(18,6) in
the row's `currency`. `leadline facts` and the documentation are generated from here.
"""

from __future__ import annotations

from leadline.model.fact import Column, ColumnType, Fact


def _dim(name: str, doc: str, type: ColumnType = "text", *, personal: bool = False) -> Column:
    return Column(name, type, doc, role="dimension", personal=personal)


def _id(name: str, doc: str, *, personal: bool = False) -> Column:
    return Column(name, "text", doc, role="id", personal=personal)


def _count(name: str, doc: str, unit: str = "count", *, additive: bool = True) -> Column:
    return Column(name, "integer", doc, role="measure", unit=unit, additive=additive)


def _number(name: str, doc: str, unit: str, *, additive: bool = True) -> Column:
    return Column(name, "decimal", doc, role="measure", unit=unit, additive=additive)


def _money(name: str, doc: str) -> Column:
    return Column(name, "decimal", doc, role="measure", unit="money")


def _day(name: str, doc: str) -> Column:
    return Column(name, "date", doc, role="time")


def _time(name: str, doc: str) -> Column:
    return Column(name, "timestamp", doc, role="time")


def _flag(name: str, doc: str) -> Column:
    return Column(name, "boolean", doc, role="dimension")


def _text(name: str, doc: str, *, personal: bool = False) -> Column:
    return Column(name, "text", doc, personal=personal)


CURRENCY = _dim("currency", "ISO 4217 code of every amount in the row")
CHANNEL = _dim("channel", "marketing channel, as a default channel group names it (Paid Search, Email, …)")
CAMPAIGN = _dim("campaign", "campaign name")
PRODUCT = _dim("product", "product or service name")
REGION = _dim("region", "sales region")
COUNTRY = _dim("country", "country, as the source names it")
OWNER = _dim("owner", "the salesperson or team responsible")
PERSON = _id("person_id", "the person; the same id in every fact once sources agree on an e-mail")
ACCOUNT = _id("account_id", "the company the person belongs to")
PLATFORM = _dim("platform", "the platform that reports: google_ads, meta_ads, linkedin_ads, …")

AD = Fact(
    "ad",
    "Delivery and cost of advertising: one row a day, campaign and whatever finer level the report has.",
    fed_by="a report of an advertising platform by day (Google Ads, Meta, LinkedIn, …)",
    time="date",
    columns=(
        _day("date", "day of delivery in the ad account's own time zone"),
        PLATFORM,
        _dim("level", "finest level of the row: account, campaign, ad_group, ad, keyword"),
        _dim("account", "ad account name"),
        _id("account_id", "ad account id"),
        CHANNEL,
        CAMPAIGN,
        _id("campaign_id", "campaign id"),
        _dim("campaign_type", "kind of campaign as the platform names it (Search, Video, …)"),
        _dim("ad_group", "ad group or ad set name"),
        _id("ad_group_id", "ad group or ad set id"),
        _dim("ad", "ad name"),
        _id("ad_id", "ad id"),
        _dim("keyword", "keyword text"),
        _dim("match_type", "keyword match type"),
        _dim("device", "device class"),
        _dim("network", "ad network or placement"),
        COUNTRY,
        REGION,
        PRODUCT,
        CURRENCY,
        _count("impressions", "times an ad was displayed (served, not viewable)", "impressions"),
        _count("clicks", "clicks, by the platform's own definition of all clicks", "clicks"),
        _count("link_clicks", "clicks that lead to the site; equals clicks where the platform has no others", "clicks"),
        _money("spend", "what the platform charged, before agency fees and tax"),
        _number("conversions", "conversions the platform claims for itself", "conversions"),
        _money("conversion_value", "revenue the platform claims for itself"),
        _number("leads", "lead forms the platform counts", "leads"),
        _count(
            "reach",
            "people reached, in the report's own window: never add over days or campaigns",
            "people",
            additive=False,
        ),
        _count("engagements", "interactions of any kind with the ad", "engagements"),
        _count("video_views", "video views by the platform's own rule", "views"),
        _count("video_starts", "videos started", "views"),
        _count("video_completes", "videos watched to the end", "views"),
        _number("eligible_impressions", "impressions the ad could have had, estimated by the platform", "impressions"),
        _number("eligible_lost_budget", "eligible impressions lost to budget", "impressions"),
        _number("eligible_lost_rank", "eligible impressions lost to rank", "impressions"),
        _count("viewable_impressions", "impressions that met the viewability standard", "impressions"),
        _count("measurable_impressions", "impressions whose viewability could be measured", "impressions"),
    ),
)

SEARCH = Fact(
    "search",
    "Search results: organic rows of Search Console and search terms of ads, a day each.",
    fed_by="a Search Console export or an ad platform's search terms",
    time="date",
    columns=(
        _day("date", "day in the reporting tool's time zone"),
        _dim("kind", "organic (Search Console) or paid (search terms of ads)"),
        _dim("level", "what the row aggregates: property, query, page, country, device"),
        PLATFORM,
        _dim("query", "search query; anonymised queries are missing from query rows"),
        _dim("page", "landing page address"),
        CAMPAIGN,
        _dim("ad_group", "ad group name, for paid terms"),
        _dim("keyword", "keyword that matched, for paid terms"),
        _dim("match_type", "how the keyword matched, for paid terms"),
        COUNTRY,
        _dim("device", "device class"),
        CURRENCY,
        _flag("is_branded", "the query names the own brand"),
        _count("impressions", "times a result or ad was shown", "impressions"),
        _count("clicks", "clicks on it", "clicks"),
        _number("position", "average position of the row; weight by impressions", "rank", additive=False),
        _money("spend", "cost of paid terms"),
        _number("conversions", "conversions the platform claims, for paid terms", "conversions"),
        _money("click_value", "what the organic clicks would have cost as ads, as an SEO tool reckons"),
    ),
)

SESSION = Fact(
    "session",
    "Website visits: one row a session, or one row a day and channel of an aggregated report (`sessions` counts them).",
    fed_by="a web analytics report by day (GA4), or visits one by one from the collector",
    time="date",
    entity="visitor_id",
    columns=(
        _day("date", "day the session began, in the reporting time zone"),
        Column("started_at", "timestamp", "moment it began, where the source has sessions one by one"),
        _id("session_id", "session id, where the source has sessions one by one"),
        _id("visitor_id", "browser or device id"),
        PERSON,
        CHANNEL,
        _dim("traffic_source", "utm_source or referrer"),
        _dim("medium", "utm_medium"),
        CAMPAIGN,
        _dim("landing_page", "first page, path and query"),
        _dim("landing_type", "kind of the first page: home, blog, product, pricing, event, …"),
        COUNTRY,
        REGION,
        _dim("device", "device class"),
        PRODUCT,
        CURRENCY,
        _count("sessions", "how many sessions the row stands for; 1 for a single session", "sessions"),
        _count(
            "engaged_sessions",
            "of these, engaged by the source's rule (GA4: over 10 s, a key event or 2 views)",
            "sessions",
        ),
        _number("engaged_seconds", "seconds in the foreground", "seconds"),
        _count("page_views", "pages seen in the session", "views"),
        _count("events", "events in the session", "events"),
        _number("key_events", "key events (conversions) in the session", "events"),
        _count("users", "active users of an aggregated row: never add over days or channels", "people", additive=False),
        _count("new_users", "first-time visitors", "people"),
        _count("form_starts", "forms begun", "forms"),
        _count("form_submits", "forms sent", "forms"),
        _money("revenue", "revenue the web analytics tool claims"),
    ),
)

PAGE_VIEW = Fact(
    "page_view",
    "Pages seen, one row each.",
    fed_by="page views one by one, from the collector or a web analytics raw export",
    time="viewed_at",
    entity="visitor_id",
    columns=(
        _time("viewed_at", "moment the page was shown"),
        _id("visitor_id", "browser or device id"),
        PERSON,
        _id("session_id", "session the view belongs to"),
        _dim("page", "path"),
        _dim(
            "content_type",
            "kind of page: home, product, pricing; of content blog, guide, case study, podcast, video, …",
        ),
        CHANNEL,
        CAMPAIGN,
        COUNTRY,
        _dim("device", "device class"),
        PRODUCT,
        _number("engaged_seconds", "seconds in the foreground", "seconds"),
        _number("scroll_share", "deepest point reached, 0 to 1", "share", additive=False),
    ),
)

POST = Fact(
    "post",
    "Social and content posts: one row a post and reading.",
    fed_by="a social network's or video platform's post export, or readings of audience sizes",
    time="date",
    balance_of=("platform", "profile"),
    columns=(
        _day("date", "day of publication or of the daily reading"),
        _day("published_on", "day of publication, also in later readings of the post"),
        PLATFORM,
        _id("post_id", "post id"),
        _dim("profile", "own profile or page that posted"),
        _dim("content_type", "image, video, link, blog, podcast, newsletter, …"),
        CAMPAIGN,
        CHANNEL,
        _count("impressions", "displays", "impressions"),
        _count("reach", "people reached: never add over posts or days", "people", additive=False),
        _count("likes", "likes, favourites, reactions", "likes"),
        _count("comments", "comments by others", "comments"),
        _count("shares", "shares and reposts", "shares"),
        _count("saves", "saves and bookmarks", "saves"),
        _count("link_clicks", "clicks on the post's link", "clicks"),
        _count("video_views", "video views by the platform's own rule", "views"),
        _count("video_plays", "times the video began to play", "plays"),
        _count("video_hooks", "of these, played on past the third second", "plays"),
        _number("watch_seconds", "seconds watched", "seconds"),
        _count(
            "followers",
            "followers of the profile at that time: a balance, never added over time",
            "people",
            additive=False,
        ),
    ),
)

EMAIL = Fact(
    "email",
    "E-mail sends: one row a campaign send (or a person's send), with what happened to it.",
    fed_by="an e-mail tool's campaign export (Mailchimp, Klaviyo, …)",
    time="sent_at",
    entity="person_id",
    columns=(
        _time("sent_at", "moment of sending"),
        _id("campaign_id", "campaign or message id"),
        CAMPAIGN,
        _dim("subject", "subject line"),
        _dim("list", "list, audience or segment it went to"),
        _dim("kind", "campaign, automation, reminder, invitation, …"),
        CHANNEL,
        PERSON,
        PLATFORM,
        PRODUCT,
        CURRENCY,
        _count("sent", "recipients", "e-mails"),
        _count("delivered", "recipients whose server took it", "e-mails"),
        _count("hard_bounces", "permanent failures", "e-mails"),
        _count("soft_bounces", "temporary failures", "e-mails"),
        _count("bounces", "all failures", "e-mails"),
        _count("opens", "recipients who opened at least once; inflated by mail privacy proxies", "people"),
        _count("total_opens", "opens, repeated ones too", "opens"),
        _count("clicks", "recipients who clicked at least once", "people"),
        _count("total_clicks", "clicks, repeated ones too", "clicks"),
        _count("unsubscribes", "recipients who unsubscribed", "people"),
        _count("complaints", "recipients who marked it as spam", "people"),
        _count("orders", "orders the e-mail tool claims", "orders"),
        _money("revenue", "revenue the e-mail tool claims"),
    ),
)

EVENT_MEMBER = Fact(
    "event_member",
    "People at webinars and events: one row a person and event, whatever the number of joins.",
    fed_by="a webinar tool's attendee report or an event's guest list",
    time="event_at",
    entity="person_id",
    columns=(
        _time("event_at", "start of the event"),
        _time("registered_at", "moment of registration"),
        _id("event_id", "event id"),
        _dim("event", "event or webinar name"),
        _dim("kind", "webinar, conference, dinner, …"),
        PERSON,
        ACCOUNT,
        _text("email", "e-mail address as given", personal=True),
        CHANNEL,
        CAMPAIGN,
        COUNTRY,
        REGION,
        PRODUCT,
        OWNER,
        _dim("status", "registration status: approved, pending, denied, cancelled"),
        _flag("invited", "was invited"),
        _flag("registered", "registered"),
        _flag("attended", "was there, live"),
        _flag("reminded", "was sent a reminder"),
        _flag("opened_reminder", "opened a reminder"),
        _flag("watched_replay", "watched the recording"),
        _number("minutes", "minutes present, all joins together, overlaps once", "minutes"),
        _count("interactions", "polls, questions and chats", "interactions"),
    ),
)

STAGE_ENTRY = Fact(
    "stage_entry",
    "A person (or deal) entered a stage of the journey: one row an entry.",
    fed_by="a CRM's export of contacts with the dates of their stages (HubSpot, Salesforce)",
    time="entered_at",
    entity="person_id",
    first_by=("person_id", "stage"),
    columns=(
        _time("entered_at", "moment of entry"),
        _dim(
            "stage",
            "stage id: contact, subscriber, lead, mql, cql, sal, rejected, sql, opportunity, customer, signup, pql, "
            "churned, reactivated, advocate, …",
        ),
        PERSON,
        ACCOUNT,
        _text("email", "e-mail address as the source has it", personal=True),
        _flag("is_first", "first entry of this person into this stage; derived when loading"),
        CHANNEL,
        _dim("lead_source", "source as the CRM names it"),
        CAMPAIGN,
        OWNER,
        REGION,
        COUNTRY,
        PRODUCT,
        _dim("segment", "customer segment, for example by company size"),
        _flag("is_icp", "fits the ideal customer profile, by the rule both teams agreed"),
        _dim("reason", "reason of a rejection or recycling"),
    ),
)

SALES_TOUCH = Fact(
    "sales_touch",
    "What sales did with a lead: calls, e-mails, meetings.",
    fed_by="a CRM's export of calls, e-mails and meetings",
    time="touched_at",
    entity="person_id",
    columns=(
        _time("touched_at", "moment of the touch"),
        PERSON,
        ACCOUNT,
        _id("deal_id", "deal it belongs to"),
        _dim("kind", "call, email, meeting, task"),
        _dim("outcome", "outcome as recorded"),
        _flag("is_automated", "sent by a sequence, not by a person"),
        OWNER,
        REGION,
        CHANNEL,
    ),
)

DEAL = Fact(
    "deal",
    "Sales opportunities: one row a deal, in its newest state.",
    fed_by="a CRM's export of deals or opportunities",
    time="created_at",
    starts="created_at",
    ends="closed_at",
    entity="deal_id",
    columns=(
        _time("created_at", "moment the deal was opened"),
        _time("first_touch_at", "moment of the first interaction with the person or company"),
        _time("won_at", "moment it was won; empty otherwise"),
        _time("lost_at", "moment it was lost; empty otherwise"),
        _time("closed_at", "moment it was won or lost; empty while open"),
        _time("expected_close_at", "close date as planned by the owner"),
        _id("deal_id", "deal id"),
        _text("name", "deal name"),
        PERSON,
        ACCOUNT,
        _dim("account", "company name"),
        _dim("status", "open, won or lost"),
        _dim("stage", "pipeline stage as the CRM names it"),
        _dim("pipeline", "pipeline name"),
        _dim("kind", "new business, expansion, renewal"),
        CHANNEL,
        _dim("lead_source", "source as the CRM names it"),
        CAMPAIGN,
        OWNER,
        _dim("team", "team or manager of the owner"),
        REGION,
        COUNTRY,
        PRODUCT,
        _dim("segment", "industry or size segment of the company"),
        _dim("loss_reason", "why it was lost"),
        CURRENCY,
        _money("amount", "value of the deal: the won value once won, the planned value before"),
        _money("annual_value", "value of one year of the contract"),
        _number("probability", "chance of winning as the CRM states it, 0 to 1", "share", additive=False),
    ),
)

ORDER = Fact(
    "order",
    "Orders: one row an order line, or one row an order or payment where the source has no lines.",
    fed_by="a shop's orders (Shopify) or a payment provider's charges (Stripe)",
    time="ordered_at",
    entity="customer_id",
    first_by=("customer_id",),
    first_where="is_sale",
    columns=(
        _time("ordered_at", "moment of the order or payment"),
        _id("order_id", "order, invoice or payment id"),
        _id("line_id", "line within the order"),
        _id("customer_id", "the buyer; the person's id once sources agree on an e-mail"),
        _text("email", "e-mail address of the buyer", personal=True),
        _dim("status", "status as the source names it"),
        _flag("is_sale", "a completed sale: not cancelled, failed, returned or an adjustment"),
        _flag("is_first", "belongs to the buyer's first sale; derived when loading"),
        CHANNEL,
        CAMPAIGN,
        PRODUCT,
        _id("product_id", "product id"),
        _dim("category", "product category"),
        COUNTRY,
        REGION,
        OWNER,
        CURRENCY,
        _number("quantity", "units", "units"),
        _money("unit_price", "price of one unit"),
        _money("amount", "revenue of the row: net of discounts and cancellations, before refunds made later"),
        _money("refunded", "refunded later"),
        _money("fee", "payment provider's fee"),
        _money("discount", "discount given"),
        _money("tax", "tax, where the amount includes it"),
        _money("cost_of_goods", "cost of the goods sold"),
    ),
)

SUBSCRIPTION = Fact(
    "subscription",
    "Subscriptions: one row a stretch of time with one monthly value; open-ended while it lasts.",
    fed_by="a billing system's export of subscriptions (Stripe)",
    time="started_at",
    starts="started_at",
    ends="ended_at",
    entity="customer_id",
    columns=(
        _time("started_at", "moment the stretch began"),
        _time("ended_at", "moment service ended (not of notice); empty while it lasts"),
        _time("canceled_at", "moment of notice"),
        _time("trial_started_at", "start of a free trial"),
        _time("trial_ended_at", "end of a free trial"),
        _id("subscription_id", "subscription id"),
        _id("customer_id", "the paying account or person"),
        _text("email", "e-mail address of the customer", personal=True),
        _dim("plan", "plan or tier"),
        PRODUCT,
        _dim("interval", "billing interval: month, year"),
        _dim("status", "status as the source names it"),
        _dim("contract", "contract term"),
        _flag("is_trial", "a free trial: worth nothing yet"),
        _flag("is_churned", "ended and did not come back"),
        _dim("reason", "reason of cancellation"),
        CHANNEL,
        COUNTRY,
        REGION,
        _dim("segment", "industry or size segment of the customer"),
        CURRENCY,
        _money("mrr", "monthly recurring value: yearly plans divided by 12, trials 0"),
        _number("seats", "seats", "seats"),
    ),
)

COST = Fact(
    "cost",
    "Money spent on marketing and sales, media and all else.",
    fed_by="the bookings of finance, by day or month, team and category",
    time="date",
    columns=(
        _day("date", "day the cost belongs to"),
        _dim("team", "marketing or sales"),
        _dim("category", "media, salaries, tools, events, agency, referral, …"),
        CHANNEL,
        CAMPAIGN,
        _dim("vendor", "who was paid"),
        PRODUCT,
        REGION,
        COUNTRY,
        CURRENCY,
        _money("amount", "amount spent"),
        _money("planned", "amount budgeted"),
    ),
)

TOUCH = Fact(
    "touch",
    "Marketing touches of known people: what may earn credit for a conversion.",
    fed_by="marketing touches of known people, from marketing automation, a CRM's campaign members or the collector",
    time="touched_at",
    entity="person_id",
    columns=(
        _time("touched_at", "moment of the touch"),
        PERSON,
        ACCOUNT,
        CHANNEL,
        _dim("traffic_source", "utm_source or referrer"),
        _dim("medium", "utm_medium"),
        CAMPAIGN,
        _dim("kind", "visit, click, form, download, chat, event, email, referral, …"),
        _dim("content", "what was seen, downloaded, attended or talked about"),
        COUNTRY,
        REGION,
        PRODUCT,
    ),
)

SURVEY = Fact(
    "survey",
    "Answers to surveys, one row an answer.",
    fed_by="a survey tool's answers, one row each",
    time="answered_at",
    entity="person_id",
    columns=(
        _time("answered_at", "moment of the answer"),
        PERSON,
        ACCOUNT,
        _dim("kind", "nps, csat, ces, awareness"),
        _dim("survey", "survey name"),
        _number("score", "answer on the survey's scale", "points", additive=False),
        _number("scale_max", "top of the scale", "points", additive=False),
        PRODUCT,
        COUNTRY,
        REGION,
        _dim("segment", "customer segment"),
    ),
)

PRODUCT_EVENT = Fact(
    "product_event",
    "What people do in the product, one row an event.",
    fed_by="the product's own events, from the collector or an analytics export",
    time="happened_at",
    entity="person_id",
    columns=(
        _time("happened_at", "moment of the event"),
        _id("event_id", "event id, for counting each once"),
        PERSON,
        ACCOUNT,
        _dim(
            "event",
            "event name: signup, activated, key_action, onboarding_started, onboarding_completed, shared, …",
        ),
        _dim("feature", "feature used"),
        _dim("plan", "plan or tier at that time"),
        CHANNEL,
        CAMPAIGN,
        COUNTRY,
        _dim("device", "device class"),
        PRODUCT,
        _count("quantity", "how many times, where the source adds up", "events"),
        _number("seconds", "seconds spent", "seconds"),
    ),
)

REFERRAL = Fact(
    "referral",
    "Invitations and referrals by customers.",
    fed_by="the referral programme's invitations",
    time="invited_at",
    entity="referrer_id",
    columns=(
        _time("invited_at", "moment of the invitation"),
        _time("accepted_at", "moment it was accepted"),
        _time("converted_at", "moment the invited became a customer"),
        _time("referrer_joined_at", "moment the one who invited had signed up"),
        _id("referral_id", "invitation id"),
        _id("referrer_id", "who invited"),
        _id("referred_id", "who was invited"),
        CHANNEL,
        _dim("program", "referral programme"),
        COUNTRY,
        CURRENCY,
        _money("reward", "reward paid"),
    ),
)

COLLAB = Fact(
    "collab",
    "Work with influencers: one row a piece of content.",
    fed_by="the list of work with influencers, one row a piece",
    time="date",
    columns=(
        _day("date", "day of publication"),
        PLATFORM,
        _dim("influencer", "influencer's name"),
        CAMPAIGN,
        PRODUCT,
        COUNTRY,
        CURRENCY,
        _count("followers", "followers when it was published", "people"),
        _count("impressions", "displays, often self-reported", "impressions"),
        _count("engagements", "likes, comments, shares, saves", "engagements"),
        _money("fee", "fee paid"),
        _money("product_cost", "value of products given"),
        _money("boost_spend", "paid promotion of the piece"),
        _count("conversions", "orders or leads with the piece's code or tagged link, from own records", "conversions"),
        _money("revenue", "revenue of those orders, from own records"),
        _money("rate_card", "price of one engagement in the own rate card"),
    ),
)

GOAL = Fact(
    "goal",
    "Targets per metric and period.",
    fed_by="a table of goals by metric and period",
    time="date",
    columns=(
        _day("date", "first day of the goal's period"),
        Column("ends", "date", "day after the goal's period"),
        _dim("metric", "metric id"),
        _dim("segment", "segment the goal is for, empty for all"),
        OWNER,
        REGION,
        CHANNEL,
        PRODUCT,
        CURRENCY,
        _number("target", "value to reach", "as metric"),
        _number("forecast", "value foreseen for the period when it began", "as metric"),
        _number("actual", "value that came about, once the period has ended", "as metric"),
    ),
)

FX_RATE = Fact(
    "fx_rate",
    "Exchange rates of a day.",
    fed_by="a table of exchange rates by day",
    time="date",
    columns=(
        _day("date", "day the rate holds"),
        _dim("currency", "currency converted from"),
        _dim("to_currency", "currency converted to"),
        _number("rate", "units of `to_currency` for one of `currency`", "rate", additive=False),
    ),
)

MENTION = Fact(
    "mention",
    "What others say in public: mentions of the own and of other brands, press and reviews; one row each, or one row a "
    "day and kind of an aggregated report (`mentions` counts them).",
    fed_by="a media-monitoring tool's mentions or a review site's export",
    time="mentioned_at",
    columns=(
        _time("mentioned_at", "moment of publication"),
        _id("mention_id", "mention or review id"),
        _dim("kind", "social, forum, press, podcast, review, …"),
        PLATFORM,
        _dim("outlet", "newspaper, review site, profile"),
        _dim("tier", "class of the outlet, as the own press list has it"),
        _dim("brand", "brand that is named"),
        _flag("is_own", "the brand is the own one, not a competitor's"),
        _flag("by_influencer", "from a profile the brand counts as an influencer"),
        _flag("is_syndicated", "a copy of a piece published elsewhere"),
        _dim("sentiment", "positive, neutral or negative; empty when not classified"),
        _text("author", "who wrote it", personal=True),
        _dim("language", "language of the text"),
        COUNTRY,
        REGION,
        PRODUCT,
        CAMPAIGN,
        _count("mentions", "how many mentions the row stands for; 1 for a single one", "mentions"),
        _count("impressions", "displays, as the tool estimates", "impressions"),
        _number("stars", "stars given by a review", "stars", additive=False),
    ),
)

READING = Fact(
    "reading",
    "Readings of a figure that no own record adds up to: ranks, backlinks, market research, scores of other systems.",
    fed_by="a table of readings: rank tracker, backlink tool, market research, customer-success scores",
    time="date",
    balance_of=("figure", "subject", "brand", "platform", "country", "region", "product"),
    columns=(
        _day("date", "day the reading is for; of a figure for a month, quarter or year its last day"),
        _dim(
            "figure",
            "what is read: keyword_rank, referring_domains, search_volume, market_revenue, target_population, "
            "health_score, …",
        ),
        _dim("subject", "what it is about: keyword, domain, account, market"),
        _dim("brand", "brand it is about"),
        _flag("is_own", "the brand is the own one, not a competitor's"),
        PLATFORM,
        COUNTRY,
        REGION,
        PRODUCT,
        OWNER,
        _dim("segment", "customer or market segment"),
        CURRENCY,
        _number("value", "the figure, when it is no money", "as figure", additive=False),
        _money("amount", "the figure, when it is money"),
    ),
)

DELIVERY = Fact(
    "delivery",
    "What loads brought: one row a load and fact, written by Leadline itself.",
    fed_by="every load writes it; nothing needs to be mapped",
    time="loaded_at",
    columns=(
        _time("loaded_at", "moment the load ended"),
        _time("through", "newest moment the source covered then; of sources by day the beginning of that day"),
        _dim("source", "source that delivered"),
        _dim("filled", "fact that received rows"),
        _count("inserted", "rows that were new", "rows"),
        _count("updated", "rows that replaced another version", "rows"),
        _count("unchanged", "rows delivered before and still the same", "rows"),
    ),
)

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        AD, SEARCH, SESSION, PAGE_VIEW, POST, EMAIL, EVENT_MEMBER, STAGE_ENTRY, SALES_TOUCH, DEAL, ORDER, SUBSCRIPTION,
        COST, TOUCH, SURVEY, PRODUCT_EVENT, REFERRAL, COLLAB, GOAL, FX_RATE,
        MENTION, READING, DELIVERY,
    )
}  # fmt: skip
