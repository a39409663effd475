-- t_revenue t_buyers t_german by channel week 2026-01-05..2026-02-08
SELECT DATEADD('day', 1 - DAYOFWEEKISO((ordered_at + INTERVAL '3600 second') - INTERVAL '6 day'), CAST((ordered_at + INTERVAL '3600 second') - INTERVAL '6 day' AS DATE)) + INTERVAL '6 day' AS period, channel, sum(amount) AS m0, count(DISTINCT customer_id) AS m1, CASE WHEN count(CASE WHEN country = 'DE' THEN 1 END) = 0 THEN 0 ELSE sum(CASE WHEN country = 'DE' THEN amount END) END AS m2
FROM fact_order
WHERE ordered_at >= '2026-01-04 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-02-08 23:00:00'::TIMESTAMP_NTZ
GROUP BY 1, 2;

-- t_mean t_p90 t_early t_no_country
SELECT CAST(avg(amount) AS DOUBLE) AS m0, PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY amount) AS m1, count(CASE WHEN ordered_at < '2026-01-13 00:00:00'::TIMESTAMP_NTZ THEN 1 END) AS m2, count(CASE WHEN country IS NULL THEN 1 END) AS m3
FROM fact_order
HAVING count(*) > 0;

-- t_line t_rate t_discounted t_cost by currency month 2026-Q1
SELECT CAST(DATE_TRUNC('month', "date") AS DATE) AS period, currency, currency AS currency_, sum(CAST(amount AS DECIMAL(38, 6)) * planned) AS m0, sum(CAST(amount AS DECIMAL(38, 6)) * 0.25 + 1) AS m2, sum(amount) AS m3
FROM fact_cost
WHERE "date" >= DATE '2026-01-01' AND "date" < DATE '2026-04-01'
GROUP BY 1, 2, 3;
SELECT CAST(DATE_TRUNC('month', "date") AS DATE) AS period, currency, sum(CAST(amount AS DOUBLE) / NULLIF(CAST(planned AS DOUBLE), 0)) AS m1
FROM fact_cost
WHERE "date" >= DATE '2026-01-01' AND "date" < DATE '2026-04-01'
GROUP BY 1, 2;

-- t_named t_literal t_quoted t_upper t_long
SELECT count(CASE WHEN survey LIKE 'a\\_b%' THEN 1 END) AS m0, count(CASE WHEN survey = 'a\\b' THEN 1 END) AS m1, count(CASE WHEN survey = 'O''Neil' THEN 1 END) AS m2, count(CASE WHEN upper(survey) = 'ÄÖ' THEN 1 END) AS m3, count(CASE WHEN length(survey) = 2 THEN 1 END) AS m4
FROM fact_survey
HAVING count(*) > 0;

-- t_mrr t_payers month 2026-Q1
SELECT period_start AS period, sum(mrr) AS m0
FROM (VALUES
    (DATE '2026-01-01', '2026-01-31 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-02-01', '2026-02-28 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-03-01', '2026-03-31 22:00:00'::TIMESTAMP_NTZ)
  ) AS period_end(period_start, period_ends)
JOIN fact_subscription AS item
  ON started_at < period_ends AND (ended_at IS NULL OR ended_at >= period_ends)
GROUP BY 1;
SELECT period_start AS period, count(DISTINCT customer_id) AS m1
FROM (VALUES
    (DATE '2026-01-01', '2026-01-31 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-02-01', '2026-02-28 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-03-01', '2026-03-31 22:00:00'::TIMESTAMP_NTZ)
  ) AS period_end(period_start, period_ends)
JOIN fact_subscription AS item
  ON started_at < period_ends AND (ended_at IS NULL OR ended_at >= period_ends)
GROUP BY 1;

-- t_followers by platform quarter 2026
SELECT period, platform, sum(followers) AS m0
FROM (
  SELECT CAST(DATE_TRUNC('quarter', "date") AS DATE) AS period, *, row_number() OVER (
    PARTITION BY CAST(DATE_TRUNC('quarter', "date") AS DATE), platform, profile ORDER BY "date" DESC, _load DESC, _key DESC, _line DESC) AS newest
  FROM fact_post
  WHERE (("date" >= DATE '2026-01-01' AND "date" < DATE '2026-04-01') OR ("date" >= DATE '2026-04-01' AND "date" < DATE '2026-07-01') OR ("date" >= DATE '2026-07-01' AND "date" < DATE '2026-10-01') OR ("date" >= DATE '2026-10-01' AND "date" < DATE '2027-01-01')) AND followers IS NOT NULL
) AS reading
WHERE newest = 1
GROUP BY 1, 2;
SELECT platform, sum(followers) AS m0
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY platform, profile ORDER BY "date" DESC, _load DESC, _key DESC, _line DESC) AS newest
  FROM fact_post
  WHERE "date" >= DATE '2026-01-01' AND "date" < DATE '2026-03-13' AND followers IS NOT NULL
) AS reading
WHERE newest = 1
GROUP BY 1;

-- t_active t_to_date week 2026-01-05..2026-01-18
SELECT period_start AS period, count(DISTINCT customer_id) AS m0
FROM (VALUES
    (DATE '2026-01-04', '2026-01-10 23:00:00'::TIMESTAMP_NTZ - INTERVAL '1209600 second', '2026-01-10 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-01-11', '2026-01-17 23:00:00'::TIMESTAMP_NTZ - INTERVAL '1209600 second', '2026-01-17 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-01-18', '2026-01-18 23:00:00'::TIMESTAMP_NTZ - INTERVAL '1209600 second', '2026-01-18 23:00:00'::TIMESTAMP_NTZ)
  ) AS trailing_window(period_start, window_starts, window_ends)
JOIN fact_order AS item
  ON ordered_at >= window_starts AND ordered_at < window_ends
GROUP BY 1;
SELECT period_start AS period, sum(amount) AS m1
FROM (VALUES
    (DATE '2026-01-04', '2025-12-31 23:00:00'::TIMESTAMP_NTZ, '2026-01-10 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-01-11', '2025-12-31 23:00:00'::TIMESTAMP_NTZ, '2026-01-17 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-01-18', '2025-12-31 23:00:00'::TIMESTAMP_NTZ, '2026-01-18 23:00:00'::TIMESTAMP_NTZ)
  ) AS trailing_window(period_start, window_starts, window_ends)
JOIN fact_order AS item
  ON ordered_at >= window_starts AND ordered_at < window_ends
GROUP BY 1;

-- t_reach30 by channel month 2026-Q1
WITH started AS (
  SELECT CAST(DATE_TRUNC('month', entered_at + INTERVAL '3600 second') AS DATE) AS period, channel, person_id AS entity, entered_at AS began,
    row_number() OVER (PARTITION BY person_id, CAST(DATE_TRUNC('month', entered_at + INTERVAL '3600 second') AS DATE) ORDER BY entered_at, _key, _line) AS nth
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND entered_at IS NOT NULL AND entered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND entered_at < '2026-03-31 22:00:00'::TIMESTAMP_NTZ AND (stage = 'lead' AND is_first)
),
reached AS (
  SELECT person_id AS entity, entered_at AS happened
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND stage = 'mql'
),
followed AS (
  SELECT period, channel, started.entity, began, count(happened) > 0 AS in_time
  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began AND happened <= began + INTERVAL '2592000 second'
  WHERE nth = 1
  GROUP BY period, channel, started.entity, began
)
SELECT period, channel, count(*) AS m0_started, count(CASE WHEN in_time THEN 1 END) AS m0_reached, count(CASE WHEN NOT in_time AND began + INTERVAL '2592000 second' > '2026-03-01 00:00:00'::TIMESTAMP_NTZ THEN 1 END) AS m0_open
FROM followed
GROUP BY 1, 2;

-- t_return month 2026-01
WITH started AS (
  SELECT CAST(DATE_TRUNC('month', ordered_at + INTERVAL '3600 second') AS DATE) AS period, customer_id AS entity, ordered_at AS began,
    row_number() OVER (PARTITION BY customer_id, CAST(DATE_TRUNC('month', ordered_at + INTERVAL '3600 second') AS DATE) ORDER BY ordered_at, _key, _line) AS nth
  FROM fact_order
  WHERE customer_id IS NOT NULL AND ordered_at IS NOT NULL AND ordered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-01-31 23:00:00'::TIMESTAMP_NTZ AND is_first
),
reached AS (
  SELECT customer_id AS entity, ordered_at AS happened
  FROM fact_order
  WHERE customer_id IS NOT NULL AND is_sale
),
followed AS (
  SELECT period, started.entity, began, count(happened) > 0 AS in_time
  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began AND CAST(DATE_TRUNC('month', happened + INTERVAL '3600 second') AS DATE) = CAST(DATE_TRUNC('month', began + INTERVAL '3600 second') AS DATE) + INTERVAL '1 month'
  WHERE nth = 1
  GROUP BY period, started.entity, began
)
SELECT period, count(*) AS m0_started, count(CASE WHEN in_time THEN 1 END) AS m0_reached, count(CASE WHEN NOT in_time AND CAST(DATE_TRUNC('month', began + INTERVAL '3600 second') AS DATE) + INTERVAL '2 month' > '2026-02-03 10:00:00'::TIMESTAMP_NTZ + INTERVAL '3600 second' THEN 1 END) AS m0_open
FROM followed
GROUP BY 1;

-- t_cycle t_hours month 2026-02
SELECT CAST(DATE_TRUNC('month', won_at + INTERVAL '3600 second') AS DATE) AS period, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST(DATEDIFF('microsecond', created_at, won_at) AS DOUBLE) / 86400000000) AS m0, CAST(avg(CAST(DATEDIFF('microsecond', created_at, won_at) AS DOUBLE) / 3600000000) AS DOUBLE) AS m1
FROM fact_deal
WHERE won_at >= '2026-01-31 23:00:00'::TIMESTAMP_NTZ AND won_at < '2026-02-28 23:00:00'::TIMESTAMP_NTZ
GROUP BY 1;

-- t_elapsed t_gap by channel
WITH started AS (
  SELECT channel, person_id AS entity, entered_at AS began,
    row_number() OVER (PARTITION BY person_id ORDER BY entered_at, _key, _line) AS nth
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND entered_at IS NOT NULL AND (stage = 'lead' AND is_first)
),
reached AS (
  SELECT person_id AS entity, entered_at AS happened
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND entered_at IS NOT NULL AND stage = 'mql'
),
followed AS (
  SELECT channel, started.entity, began, min(happened) AS arrived
  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began
  WHERE nth = 1
  GROUP BY channel, started.entity, began
),
timed AS (
  SELECT channel, CASE WHEN arrived IS NOT NULL THEN CAST(DATEDIFF('microsecond', began, arrived) AS DOUBLE) / 86400000000
    ELSE CAST(DATEDIFF('microsecond', began, CASE WHEN began > '2026-03-01 00:00:00'::TIMESTAMP_NTZ THEN began ELSE '2026-03-01 00:00:00'::TIMESTAMP_NTZ END) AS DOUBLE) / 86400000000 END AS took,
    CASE WHEN arrived IS NOT NULL THEN 1 ELSE 0 END AS has_arrived
  FROM followed
),
at_time AS (
  SELECT channel, took, sum(has_arrived) AS arrivals, count(*) AS people
  FROM timed
  GROUP BY channel, took
),
risk AS (
  SELECT channel, took, arrivals, people,
    sum(people) OVER (PARTITION BY channel ORDER BY took DESC) AS at_risk
  FROM at_time
),
estimate AS (
  SELECT channel, took, arrivals, people,
    exp(sum(CASE WHEN arrivals = at_risk THEN -1000000.0 ELSE ln(1 - arrivals * 1.0 / at_risk) END)
      OVER (PARTITION BY channel ORDER BY took)) AS under_way
  FROM risk
)
SELECT channel, (min(CASE WHEN arrivals > 0 AND under_way <= 0.500000001 THEN took END) + coalesce(min(CASE WHEN arrivals > 0 AND under_way < 0.499999999 THEN took END), min(CASE WHEN arrivals > 0 AND under_way <= 0.500000001 THEN took END))) / 2 AS m0, min(CASE WHEN people > arrivals THEN took END) AS m0_open
FROM estimate
GROUP BY 1;
SELECT channel, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST(DATEDIFF('microsecond', moment_before, ordered_at) AS DOUBLE) / 86400000000) AS m1
FROM (
  SELECT *, lag(ordered_at) OVER (
    PARTITION BY customer_id ORDER BY ordered_at, _source, _key, _line) AS moment_before
  FROM fact_order
  WHERE customer_id IS NOT NULL AND is_sale
) AS sequence
WHERE moment_before < ordered_at
GROUP BY 1;

-- t_daily 2026-01
WITH each_part AS (
SELECT CAST(DATE_TRUNC('day', ordered_at + INTERVAL '3600 second') AS DATE) AS part, count(*) AS of_part
FROM fact_order
WHERE ordered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-01-31 23:00:00'::TIMESTAMP_NTZ
GROUP BY 1
)
SELECT sum(of_part) AS m0
FROM each_part
HAVING count(*) > 0;

-- t_mrr_new t_mrr_lost month 2026-Q1
WITH held AS (
SELECT period_start AS period, customer_id AS entity, coalesce(sum(CASE WHEN started_at < period_opens AND (ended_at IS NULL OR ended_at >= period_opens) THEN mrr END), 0) AS opening, coalesce(sum(CASE WHEN started_at < period_closes AND (ended_at IS NULL OR ended_at >= period_closes) THEN mrr END), 0) AS closing, max(CASE WHEN started_at < period_opens AND mrr > 0 THEN 1 ELSE 0 END) AS held_before
FROM (VALUES
    (DATE '2026-01-01', '2025-12-31 23:00:00'::TIMESTAMP_NTZ, '2026-01-31 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-02-01', '2026-01-31 23:00:00'::TIMESTAMP_NTZ, '2026-02-28 23:00:00'::TIMESTAMP_NTZ),
    (DATE '2026-03-01', '2026-02-28 23:00:00'::TIMESTAMP_NTZ, '2026-03-31 22:00:00'::TIMESTAMP_NTZ)
  ) AS period_edge(period_start, period_opens, period_closes)
JOIN fact_subscription AS item
  ON started_at < period_closes
WHERE customer_id IS NOT NULL
GROUP BY 1, 2
)
SELECT period, sum(CASE WHEN opening = 0 AND held_before = 0 THEN closing ELSE 0 END) AS m0, sum(CASE WHEN closing = 0 THEN opening ELSE 0 END) AS m1
FROM held
GROUP BY 1;

-- t_linear t_known t_decay by channel month 2026-Q1
WITH conversion AS (
  SELECT CAST(DATE_TRUNC('month', CASE WHEN ordered_at < '2026-03-29 01:00:00'::TIMESTAMP_NTZ THEN ordered_at + INTERVAL '3600 second' ELSE ordered_at + INTERVAL '7200 second' END) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-03-31 22:00:00'::TIMESTAMP_NTZ
),
touchpoint AS (
  SELECT person_id AS touched, channel, touched_at,
    row_number() OVER (ORDER BY touched_at, _source, _key, _line) AS touch_order
  FROM fact_touch
  WHERE person_id IS NOT NULL
),
path AS (
  SELECT conversion.*, touchpoint.*,
    row_number() OVER (PARTITION BY conversion ORDER BY touch_order) AS nth,
    count(touched_at) OVER (PARTITION BY conversion) AS touches
  FROM conversion LEFT JOIN touchpoint ON touched = person AND touched_at <= converted_at
    AND touched_at >= converted_at - INTERVAL '7776000 second'
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE 1.0 / touches END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m0
FROM credit
GROUP BY 1, 2;
WITH conversion AS (
  SELECT CAST(DATE_TRUNC('month', CASE WHEN ordered_at < '2026-03-29 01:00:00'::TIMESTAMP_NTZ THEN ordered_at + INTERVAL '3600 second' ELSE ordered_at + INTERVAL '7200 second' END) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-03-31 22:00:00'::TIMESTAMP_NTZ
),
touchpoint AS (
  SELECT person_id AS touched, channel, touched_at,
    row_number() OVER (ORDER BY touched_at, _source, _key, _line) AS touch_order
  FROM fact_touch
  WHERE person_id IS NOT NULL
),
path AS (
  SELECT conversion.*, touchpoint.*,
    max(CASE WHEN channel IS NULL OR channel <> 'Direct' THEN touch_order END) OVER (PARTITION BY conversion) AS last_known,
    row_number() OVER (PARTITION BY conversion ORDER BY touch_order) AS nth,
    count(touched_at) OVER (PARTITION BY conversion) AS touches
  FROM conversion LEFT JOIN touchpoint ON touched = person AND touched_at <= converted_at
    AND touched_at >= converted_at - INTERVAL '7776000 second'
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE CASE WHEN coalesce(touch_order = last_known, nth = touches) THEN 1.0 ELSE 0.0 END END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m1
FROM credit
GROUP BY 1, 2;
WITH conversion AS (
  SELECT CAST(DATE_TRUNC('month', CASE WHEN ordered_at < '2026-03-29 01:00:00'::TIMESTAMP_NTZ THEN ordered_at + INTERVAL '3600 second' ELSE ordered_at + INTERVAL '7200 second' END) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= '2025-12-31 23:00:00'::TIMESTAMP_NTZ AND ordered_at < '2026-03-31 22:00:00'::TIMESTAMP_NTZ
),
touchpoint AS (
  SELECT person_id AS touched, channel, touched_at,
    row_number() OVER (ORDER BY touched_at, _source, _key, _line) AS touch_order
  FROM fact_touch
  WHERE person_id IS NOT NULL
),
path AS (
  SELECT conversion.*, touchpoint.*,
    power(0.5, CAST(DATEDIFF('microsecond', touched_at, converted_at) AS DOUBLE) / 86400000000 / 7.0) AS decay,
    sum(power(0.5, CAST(DATEDIFF('microsecond', touched_at, converted_at) AS DOUBLE) / 86400000000 / 7.0)) OVER (PARTITION BY conversion) AS decay_of_all,
    row_number() OVER (PARTITION BY conversion ORDER BY touch_order) AS nth,
    count(touched_at) OVER (PARTITION BY conversion) AS touches
  FROM conversion LEFT JOIN touchpoint ON touched = person AND touched_at <= converted_at
    AND touched_at >= converted_at - INTERVAL '7776000 second'
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE decay / decay_of_all END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m2
FROM credit
GROUP BY 1, 2;

-- t_quantity day 2025-03-29..2025-03-31
SELECT CAST(DATE_TRUNC('day', CASE WHEN happened_at < '2025-03-30 01:00:00'::TIMESTAMP_NTZ THEN happened_at + INTERVAL '3600 second' ELSE happened_at + INTERVAL '7200 second' END) AS DATE) AS period, sum(quantity) AS m0
FROM fact_product_event
WHERE happened_at >= '2025-03-28 23:00:00'::TIMESTAMP_NTZ AND happened_at < '2025-03-31 22:00:00'::TIMESTAMP_NTZ
GROUP BY 1;
