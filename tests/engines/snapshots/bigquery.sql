-- t_revenue t_buyers t_german by channel week 2026-01-05..2026-02-08
SELECT CAST(DATETIME_TRUNC(CAST((ordered_at + INTERVAL 3600 SECOND) - INTERVAL 6 DAY AS DATETIME), ISOWEEK) AS DATE) + INTERVAL 6 DAY AS period, channel, sum(amount) AS m0, count(DISTINCT customer_id) AS m1, CASE WHEN count(CASE WHEN country = 'DE' THEN 1 END) = 0 THEN 0 ELSE sum(CASE WHEN country = 'DE' THEN amount END) END AS m2
FROM fact_order
WHERE ordered_at >= DATETIME '2026-01-04 23:00:00' AND ordered_at < DATETIME '2026-02-08 23:00:00'
GROUP BY 1, 2;

-- t_mean t_p90 t_early t_no_country
SELECT avg(amount) AS m0, (SELECT PERCENTILE_CONT(value, 0.9) OVER () FROM UNNEST(ARRAY_AGG(amount IGNORE NULLS)) AS value LIMIT 1) AS m1, count(CASE WHEN ordered_at < DATETIME '2026-01-13 00:00:00' THEN 1 END) AS m2, count(CASE WHEN country IS NULL THEN 1 END) AS m3
FROM fact_order
HAVING count(*) > 0;

-- t_line t_rate t_discounted t_cost by currency month 2026-Q1
SELECT CAST(DATETIME_TRUNC(CAST(`date` AS DATETIME), MONTH) AS DATE) AS period, currency, currency AS currency_, sum(CAST(amount AS BIGNUMERIC) * planned) AS m0, sum(CAST(amount AS BIGNUMERIC) * 0.25 + 1) AS m2, sum(amount) AS m3
FROM fact_cost
WHERE `date` >= DATE '2026-01-01' AND `date` < DATE '2026-04-01'
GROUP BY 1, 2, 3;
SELECT CAST(DATETIME_TRUNC(CAST(`date` AS DATETIME), MONTH) AS DATE) AS period, currency, sum(CAST(amount AS FLOAT64) / NULLIF(CAST(planned AS FLOAT64), 0)) AS m1
FROM fact_cost
WHERE `date` >= DATE '2026-01-01' AND `date` < DATE '2026-04-01'
GROUP BY 1, 2;

-- t_named t_literal t_quoted t_upper t_long
SELECT count(CASE WHEN survey LIKE 'a\\\\_b%' THEN 1 END) AS m0, count(CASE WHEN survey = 'a\\b' THEN 1 END) AS m1, count(CASE WHEN survey = 'O\'Neil' THEN 1 END) AS m2, count(CASE WHEN upper(survey) = 'ÄÖ' THEN 1 END) AS m3, count(CASE WHEN length(survey) = 2 THEN 1 END) AS m4
FROM fact_survey
HAVING count(*) > 0;

-- t_mrr t_payers month 2026-Q1
SELECT period_start AS period, sum(mrr) AS m0
FROM (
    SELECT DATE '2026-01-01' AS period_start, DATETIME '2026-01-31 23:00:00' AS period_ends
    UNION ALL SELECT DATE '2026-02-01' AS period_start, DATETIME '2026-02-28 23:00:00' AS period_ends
    UNION ALL SELECT DATE '2026-03-01' AS period_start, DATETIME '2026-03-31 22:00:00' AS period_ends
  ) AS period_end
JOIN fact_subscription AS item
  ON started_at < period_ends AND (ended_at IS NULL OR ended_at >= period_ends)
GROUP BY 1;
SELECT period_start AS period, count(DISTINCT customer_id) AS m1
FROM (
    SELECT DATE '2026-01-01' AS period_start, DATETIME '2026-01-31 23:00:00' AS period_ends
    UNION ALL SELECT DATE '2026-02-01' AS period_start, DATETIME '2026-02-28 23:00:00' AS period_ends
    UNION ALL SELECT DATE '2026-03-01' AS period_start, DATETIME '2026-03-31 22:00:00' AS period_ends
  ) AS period_end
JOIN fact_subscription AS item
  ON started_at < period_ends AND (ended_at IS NULL OR ended_at >= period_ends)
GROUP BY 1;

-- t_followers by platform quarter 2026
SELECT period, platform, sum(followers) AS m0
FROM (
  SELECT CAST(DATETIME_TRUNC(CAST(`date` AS DATETIME), QUARTER) AS DATE) AS period, *, row_number() OVER (
    PARTITION BY CAST(DATETIME_TRUNC(CAST(`date` AS DATETIME), QUARTER) AS DATE), platform, profile ORDER BY `date` DESC, _load DESC, _key DESC, _line DESC) AS newest
  FROM fact_post
  WHERE ((`date` >= DATE '2026-01-01' AND `date` < DATE '2026-04-01') OR (`date` >= DATE '2026-04-01' AND `date` < DATE '2026-07-01') OR (`date` >= DATE '2026-07-01' AND `date` < DATE '2026-10-01') OR (`date` >= DATE '2026-10-01' AND `date` < DATE '2027-01-01')) AND followers IS NOT NULL
) AS reading
WHERE newest = 1
GROUP BY 1, 2;
SELECT platform, sum(followers) AS m0
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY platform, profile ORDER BY `date` DESC, _load DESC, _key DESC, _line DESC) AS newest
  FROM fact_post
  WHERE `date` >= DATE '2026-01-01' AND `date` < DATE '2026-03-13' AND followers IS NOT NULL
) AS reading
WHERE newest = 1
GROUP BY 1;

-- t_active t_to_date week 2026-01-05..2026-01-18
SELECT period_start AS period, count(DISTINCT customer_id) AS m0
FROM (
    SELECT DATE '2026-01-04' AS period_start, DATETIME '2026-01-10 23:00:00' - INTERVAL 1209600 SECOND AS window_starts, DATETIME '2026-01-10 23:00:00' AS window_ends
    UNION ALL SELECT DATE '2026-01-11' AS period_start, DATETIME '2026-01-17 23:00:00' - INTERVAL 1209600 SECOND AS window_starts, DATETIME '2026-01-17 23:00:00' AS window_ends
    UNION ALL SELECT DATE '2026-01-18' AS period_start, DATETIME '2026-01-18 23:00:00' - INTERVAL 1209600 SECOND AS window_starts, DATETIME '2026-01-18 23:00:00' AS window_ends
  ) AS trailing_window
JOIN fact_order AS item
  ON ordered_at >= window_starts AND ordered_at < window_ends
GROUP BY 1;
SELECT period_start AS period, sum(amount) AS m1
FROM (
    SELECT DATE '2026-01-04' AS period_start, DATETIME '2025-12-31 23:00:00' AS window_starts, DATETIME '2026-01-10 23:00:00' AS window_ends
    UNION ALL SELECT DATE '2026-01-11' AS period_start, DATETIME '2025-12-31 23:00:00' AS window_starts, DATETIME '2026-01-17 23:00:00' AS window_ends
    UNION ALL SELECT DATE '2026-01-18' AS period_start, DATETIME '2025-12-31 23:00:00' AS window_starts, DATETIME '2026-01-18 23:00:00' AS window_ends
  ) AS trailing_window
JOIN fact_order AS item
  ON ordered_at >= window_starts AND ordered_at < window_ends
GROUP BY 1;

-- t_reach30 by channel month 2026-Q1
WITH started AS (
  SELECT CAST(DATETIME_TRUNC(CAST(entered_at + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) AS period, channel, person_id AS entity, entered_at AS began,
    row_number() OVER (PARTITION BY person_id, CAST(DATETIME_TRUNC(CAST(entered_at + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) ORDER BY entered_at, _key, _line) AS nth
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND entered_at IS NOT NULL AND entered_at >= DATETIME '2025-12-31 23:00:00' AND entered_at < DATETIME '2026-03-31 22:00:00' AND (stage = 'lead' AND is_first)
),
reached AS (
  SELECT person_id AS entity, entered_at AS happened
  FROM fact_stage_entry
  WHERE person_id IS NOT NULL AND stage = 'mql'
),
followed AS (
  SELECT period, channel, started.entity, began, count(happened) > 0 AS in_time
  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began AND happened <= began + INTERVAL 2592000 SECOND
  WHERE nth = 1
  GROUP BY period, channel, started.entity, began
)
SELECT period, channel, count(*) AS m0_started, count(CASE WHEN in_time THEN 1 END) AS m0_reached, count(CASE WHEN NOT in_time AND began + INTERVAL 2592000 SECOND > DATETIME '2026-03-01 00:00:00' THEN 1 END) AS m0_open
FROM followed
GROUP BY 1, 2;

-- t_return month 2026-01
WITH started AS (
  SELECT CAST(DATETIME_TRUNC(CAST(ordered_at + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) AS period, customer_id AS entity, ordered_at AS began,
    row_number() OVER (PARTITION BY customer_id, CAST(DATETIME_TRUNC(CAST(ordered_at + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) ORDER BY ordered_at, _key, _line) AS nth
  FROM fact_order
  WHERE customer_id IS NOT NULL AND ordered_at IS NOT NULL AND ordered_at >= DATETIME '2025-12-31 23:00:00' AND ordered_at < DATETIME '2026-01-31 23:00:00' AND is_first
),
reached AS (
  SELECT customer_id AS entity, ordered_at AS happened
  FROM fact_order
  WHERE customer_id IS NOT NULL AND is_sale
),
followed AS (
  SELECT period, started.entity, began, count(happened) > 0 AS in_time
  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began AND CAST(DATETIME_TRUNC(CAST(happened + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) = CAST(DATETIME_TRUNC(CAST(began + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) + INTERVAL 1 MONTH
  WHERE nth = 1
  GROUP BY period, started.entity, began
)
SELECT period, count(*) AS m0_started, count(CASE WHEN in_time THEN 1 END) AS m0_reached, count(CASE WHEN NOT in_time AND CAST(DATETIME_TRUNC(CAST(began + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) + INTERVAL 2 MONTH > DATETIME '2026-02-03 10:00:00' + INTERVAL 3600 SECOND THEN 1 END) AS m0_open
FROM followed
GROUP BY 1;

-- t_cycle t_hours month 2026-02
SELECT CAST(DATETIME_TRUNC(CAST(won_at + INTERVAL 3600 SECOND AS DATETIME), MONTH) AS DATE) AS period, (SELECT PERCENTILE_CONT(value, 0.5) OVER () FROM UNNEST(ARRAY_AGG(DATETIME_DIFF(CAST(won_at AS DATETIME), CAST(created_at AS DATETIME), MICROSECOND) / 86400000000 IGNORE NULLS)) AS value LIMIT 1) AS m0, avg(DATETIME_DIFF(CAST(won_at AS DATETIME), CAST(created_at AS DATETIME), MICROSECOND) / 3600000000) AS m1
FROM fact_deal
WHERE won_at >= DATETIME '2026-01-31 23:00:00' AND won_at < DATETIME '2026-02-28 23:00:00'
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
  SELECT channel, CASE WHEN arrived IS NOT NULL THEN DATETIME_DIFF(CAST(arrived AS DATETIME), CAST(began AS DATETIME), MICROSECOND) / 86400000000
    ELSE DATETIME_DIFF(CAST(CASE WHEN began > DATETIME '2026-03-01 00:00:00' THEN began ELSE DATETIME '2026-03-01 00:00:00' END AS DATETIME), CAST(began AS DATETIME), MICROSECOND) / 86400000000 END AS took,
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
SELECT channel, (SELECT PERCENTILE_CONT(value, 0.5) OVER () FROM UNNEST(ARRAY_AGG(DATETIME_DIFF(CAST(ordered_at AS DATETIME), CAST(moment_before AS DATETIME), MICROSECOND) / 86400000000 IGNORE NULLS)) AS value LIMIT 1) AS m1
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
SELECT CAST(DATETIME_TRUNC(CAST(ordered_at + INTERVAL 3600 SECOND AS DATETIME), DAY) AS DATE) AS part, count(*) AS of_part
FROM fact_order
WHERE ordered_at >= DATETIME '2025-12-31 23:00:00' AND ordered_at < DATETIME '2026-01-31 23:00:00'
GROUP BY 1
)
SELECT sum(of_part) AS m0
FROM each_part
HAVING count(*) > 0;

-- t_mrr_new t_mrr_lost month 2026-Q1
WITH held AS (
SELECT period_start AS period, customer_id AS entity, coalesce(sum(CASE WHEN started_at < period_opens AND (ended_at IS NULL OR ended_at >= period_opens) THEN mrr END), 0) AS opening, coalesce(sum(CASE WHEN started_at < period_closes AND (ended_at IS NULL OR ended_at >= period_closes) THEN mrr END), 0) AS closing, max(CASE WHEN started_at < period_opens AND mrr > 0 THEN 1 ELSE 0 END) AS held_before
FROM (
    SELECT DATE '2026-01-01' AS period_start, DATETIME '2025-12-31 23:00:00' AS period_opens, DATETIME '2026-01-31 23:00:00' AS period_closes
    UNION ALL SELECT DATE '2026-02-01' AS period_start, DATETIME '2026-01-31 23:00:00' AS period_opens, DATETIME '2026-02-28 23:00:00' AS period_closes
    UNION ALL SELECT DATE '2026-03-01' AS period_start, DATETIME '2026-02-28 23:00:00' AS period_opens, DATETIME '2026-03-31 22:00:00' AS period_closes
  ) AS period_edge
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
  SELECT CAST(DATETIME_TRUNC(CAST(CASE WHEN ordered_at < DATETIME '2026-03-29 01:00:00' THEN ordered_at + INTERVAL 3600 SECOND ELSE ordered_at + INTERVAL 7200 SECOND END AS DATETIME), MONTH) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= DATETIME '2025-12-31 23:00:00' AND ordered_at < DATETIME '2026-03-31 22:00:00'
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
    AND touched_at >= converted_at - INTERVAL 7776000 SECOND
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE 1.0 / touches END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m0
FROM credit
GROUP BY 1, 2;
WITH conversion AS (
  SELECT CAST(DATETIME_TRUNC(CAST(CASE WHEN ordered_at < DATETIME '2026-03-29 01:00:00' THEN ordered_at + INTERVAL 3600 SECOND ELSE ordered_at + INTERVAL 7200 SECOND END AS DATETIME), MONTH) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= DATETIME '2025-12-31 23:00:00' AND ordered_at < DATETIME '2026-03-31 22:00:00'
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
    AND touched_at >= converted_at - INTERVAL 7776000 SECOND
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE CASE WHEN coalesce(touch_order = last_known, nth = touches) THEN 1.0 ELSE 0.0 END END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m1
FROM credit
GROUP BY 1, 2;
WITH conversion AS (
  SELECT CAST(DATETIME_TRUNC(CAST(CASE WHEN ordered_at < DATETIME '2026-03-29 01:00:00' THEN ordered_at + INTERVAL 3600 SECOND ELSE ordered_at + INTERVAL 7200 SECOND END AS DATETIME), MONTH) AS DATE) AS period, customer_id AS person, ordered_at AS converted_at,
    amount AS converted_value,
    row_number() OVER (ORDER BY _source, _key, _line) AS conversion
  FROM fact_order
  WHERE ordered_at IS NOT NULL AND ordered_at >= DATETIME '2025-12-31 23:00:00' AND ordered_at < DATETIME '2026-03-31 22:00:00'
),
touchpoint AS (
  SELECT person_id AS touched, channel, touched_at,
    row_number() OVER (ORDER BY touched_at, _source, _key, _line) AS touch_order
  FROM fact_touch
  WHERE person_id IS NOT NULL
),
path AS (
  SELECT conversion.*, touchpoint.*,
    power(0.5, DATETIME_DIFF(CAST(converted_at AS DATETIME), CAST(touched_at AS DATETIME), MICROSECOND) / 86400000000 / 7.0) AS decay,
    sum(power(0.5, DATETIME_DIFF(CAST(converted_at AS DATETIME), CAST(touched_at AS DATETIME), MICROSECOND) / 86400000000 / 7.0)) OVER (PARTITION BY conversion) AS decay_of_all,
    row_number() OVER (PARTITION BY conversion ORDER BY touch_order) AS nth,
    count(touched_at) OVER (PARTITION BY conversion) AS touches
  FROM conversion LEFT JOIN touchpoint ON touched = person AND touched_at <= converted_at
    AND touched_at >= converted_at - INTERVAL 7776000 SECOND
),
credit AS (
  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE decay / decay_of_all END AS share_of_credit
  FROM path
)
SELECT period, channel, sum(converted_value * share_of_credit) AS m2
FROM credit
GROUP BY 1, 2;

-- t_quantity day 2025-03-29..2025-03-31
SELECT CAST(DATETIME_TRUNC(CAST(CASE WHEN happened_at < DATETIME '2025-03-30 01:00:00' THEN happened_at + INTERVAL 3600 SECOND ELSE happened_at + INTERVAL 7200 SECOND END AS DATETIME), DAY) AS DATE) AS period, sum(quantity) AS m0
FROM fact_product_event
WHERE happened_at >= DATETIME '2025-03-28 23:00:00' AND happened_at < DATETIME '2025-03-31 22:00:00'
GROUP BY 1;
