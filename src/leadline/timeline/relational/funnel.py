"""Funnels as SQL: a row a person who entered, by the rules of `leadline.timeline.reference.funnel`.

Columns: `person`, `level` (-1: out), `t1`, `t2`, … (microseconds of each step reached), `open`, `group_value`.
"""

from __future__ import annotations

from leadline.errors import RefusedError
from leadline.timeline.question import FOREVER, Breakdown, FunnelQuestion, Match
from leadline.timeline.relational.condition import column, meets
from leadline.timeline.relational.dialect import DUCKDB, Dialect

SEPARATOR = "\x1f"


def funnel_sql(question: FunnelQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """One statement that follows every entry."""
    question = question.checked()
    follow = _any_order if question.order == "any" else _chains
    ctes = [_events(question, relation, dialect), *follow(question, dialect)]
    moments = ", ".join(f"best.t{k} AS t{k}" for k in range(1, len(question.steps) + 1))
    person, group, join = "best.person", dialect.nothing("text"), ""
    if question.by is not None:
        ctes.append(_touch(question.by, question))
        group, join = "touch.value", " LEFT JOIN touch ON touch.person = best.person"
        if question.by.at == "every event":
            person = "touch.owner"
        if question.by.at == "step":
            join += " AND touch.place = best.touch_place"
    return dialect.statement(
        "WITH " + ",\n".join(ctes) + f"\nSELECT {person} AS person, best.level AS level, {moments}, "
        f"best.waiting = 1 AND best.level < {len(question.steps)} AS open, {group} AS group_value FROM best{join}"
    )


def levels_sql(question: FunnelQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """The plain ordered funnel of steps that share no event: `person`, `level`.

    By running maxima over one sort, as the latest entry at each step is all that matters, or by the engine's own
    function where its meaning is ours; that one takes repeated steps too. Events of one moment count in step order.
    """
    question = question.checked()
    steps = tuple(dict.fromkeys(question.steps)) if dialect.window_funnel else question.steps
    if question.order != "ordered" or question.gaps or question.exclusions or not _disjoint(steps):
        raise RefusedError(
            "funnel-levels", "This funnel has to be followed entry by entry.", fix="use funnel_sql instead"
        )
    conditions = [meets(step, dialect) for step in question.steps]
    inside = f"ts >= {question.since} AND ts < {question.until}"
    if dialect.window_funnel:
        # A step 1 outside the period enters nobody, but may be a later step of the same name.
        entered = f"({conditions[0]}) AND {inside}"
        level = dialect.window_funnel.format(window=question.window, steps=", ".join([entered, *conditions[1:]]))
        met = " OR ".join(f"({condition})" for condition in dict.fromkeys(conditions))
        return dialect.statement(
            f"SELECT person, level FROM (SELECT person, {level} AS level FROM {relation} WHERE {met} GROUP BY person) "
            "AS followed WHERE level > 0"
        )
    numbers = range(1, len(question.steps) + 1)
    number = " ".join(f"WHEN {condition} THEN {k}" for k, condition in zip(numbers, conditions, strict=True))
    over = "OVER (PARTITION BY person ORDER BY ts, step ROWS UNBOUNDED PRECEDING)"
    ctes = [
        f"stepped AS (SELECT person, ts, CASE {number} END AS step FROM {relation})",
        f"entered1 AS (SELECT *, max(CASE WHEN step = 1 AND {inside} THEN ts END) {over} AS e1 "
        "FROM stepped WHERE step IS NOT NULL)",
    ]
    for k in numbers[1:]:
        reached = f"CASE WHEN step = {k} AND ts - e{k - 1} <= {question.window} THEN e{k - 1} END"
        ctes.append(f"entered{k} AS (SELECT *, max({reached}) {over} AS e{k} FROM entered{k - 1})")
    level = " ".join(f"WHEN max(e{k}) IS NOT NULL THEN {k}" for k in reversed(numbers))
    chosen = f"SELECT person, CASE {level} END AS level FROM entered{numbers[-1]}"
    return dialect.statement(
        "WITH " + ",\n".join(ctes) + f"\n{chosen} GROUP BY person HAVING max(e1) IS NOT NULL"
    )  # fmt: skip


def _disjoint(steps: tuple[Match, ...]) -> bool:
    names = [set(step.events) for step in steps]
    if not all(names):
        return len(steps) == 1
    return all(not one & other for i, one in enumerate(names) for other in names[i + 1 :])


def _events(question: FunnelQuestion, relation: str, dialect: Dialect) -> str:
    flags = [f"{meets(step, dialect)} AS s{k}" for k, step in enumerate(question.steps, start=1)]
    flags += [f"{meets(item.match, dialect)} AS x{k}" for k, item in enumerate(question.exclusions, start=1)]
    if question.order == "strict":
        flags += [
            "count(*) OVER (PARTITION BY person ORDER BY ts) AS upto",
            "count(*) OVER (PARTITION BY person, ts) AS at_once",
        ]
    if question.by:
        flags.append(f"{column(question.by.property)} AS touched")
        if question.by.at == "every event":
            # Who has two values is followed twice, under two names.
            flags.append("owner")
            value = column(question.by.property)
            told = f"CASE WHEN {value} IS NULL THEN '0' ELSE concat('1', {value}) END"
            named = f"concat(person, {dialect.text(SEPARATOR)}, {told})"
            columns = ", ".join(["ts", "id", *_read(question)])
            relation = f"(SELECT {named} AS person, person AS owner, {columns} FROM {relation}) AS divided"
    place = f"CAST(row_number() OVER (PARTITION BY person ORDER BY ts, id) AS {dialect.number_type})"
    return (
        "-- every event with the steps and exclusions it matches\n"
        f"numbered AS (SELECT person, ts, {place} AS place, {', '.join(flags)} FROM {relation})"
    )


def _read(question: FunnelQuestion) -> list[str]:
    """The columns of events that a question reads, besides whose they are and when."""
    matches = [*question.steps, *(item.match for item in question.exclusions)]
    names = {column(where.property) for match in matches for where in match.where}
    names |= {column(question.by.property)} if question.by else set()
    return sorted({"event", *names})


def _chains(question: FunnelQuestion, dialect: Dialect) -> list[str]:
    count = len(question.steps)
    gaps = [FOREVER, *(question.gaps or (FOREVER,) * (count - 1))]
    stepped = any(gap < FOREVER for gap in gaps[1:])
    strict = ", upto AS entry_upto, 0 AS inside, 0 AS here" if question.order == "strict" else ""
    ctes = [
        "-- entries: events of step 1 in the period\n"
        f"chain1 AS (SELECT person, place AS entry, ts AS begun, ts AS moment{strict}, ts AS t1, place AS p1 "
        f"FROM numbered WHERE s1 AND ts >= {question.since} AND ts < {question.until})",
        *(_longer(question, dialect, k, gaps[k - 1], alone=not stepped) for k in range(2, count + 1)),
    ]
    nothing = dialect.nothing("number")
    all_chains = " UNION ALL ".join(
        f"SELECT person, entry, begun, {k} AS level, moment, "
        + ", ".join(f"{f't{i}' if i <= k else nothing} AS t{i}, {f'p{i}' if i <= k else nothing} AS p{i}"
                    for i in range(1, count + 1))
        + f" FROM chain{k}"
        for k in range(1, count + 1)
    )  # fmt: skip
    ctes.append(f"chains AS ({all_chains})")
    if question.exclusions:
        ctes += _void(question, gaps, stepped)
    return [*ctes, *_best(question, dialect)]


def _longer(question: FunnelQuestion, dialect: Dialect, k: int, gap: int, *, alone: bool) -> str:
    """Chains of k steps, from those of one less; of those that used the same events at one moment, one.

    `alone`: no window between steps is asked for.
    """
    strict = question.order == "strict"
    before = range(1, k)
    conditions = [
        f"e.s{k}",
        "e.ts >= chain.moment",
        f"e.ts - chain.begun <= {question.window}",
        *([f"e.ts - chain.moment <= {gap}"] if gap < FOREVER else []),
        *(f"e.place <> chain.p{i}" for i in before),
    ]
    columns = ["chain.person AS person", "chain.entry AS entry", "chain.begun AS begun", "e.ts AS moment"]
    if strict:
        # All events after the first moment and before this one must be in the chain.
        done = "chain.inside + CASE WHEN e.ts > chain.moment THEN chain.here ELSE 0 END"
        conditions.append(f"(e.ts = chain.begun OR e.upto - e.at_once - chain.entry_upto = {done})")
        columns += [
            "chain.entry_upto AS entry_upto",
            f"{done} AS inside",
            "CASE WHEN e.ts = chain.begun THEN 0 WHEN e.ts = chain.moment THEN chain.here + 1 ELSE 1 END AS here",
        ]
    columns += [f"chain.t{i} AS t{i}, chain.p{i} AS p{i}" for i in before]
    columns += [f"e.ts AS t{k}, e.place AS p{k}"]
    used = [*(f"CASE WHEN chain.t{i} = e.ts THEN chain.p{i} ELSE 0 END" for i in before), "e.place"]
    at_once = dialect.in_order.format(items=", ".join(used))
    order = ", ".join([*(f"chain.t{i}" for i in reversed(before)), *(f"chain.p{i}" for i in before)])
    columns.append(
        f"row_number() OVER (PARTITION BY chain.person, chain.entry, e.place, {at_once} ORDER BY {order}) AS nth"
    )
    keep = "nth = 1"
    if alone and not strict:
        # Without windows between steps the earliest event of a step can do what any later one can.
        columns.append("min(e.ts) OVER (PARTITION BY chain.person, chain.entry) AS soonest")
        keep += " AND moment = soonest"
    return (
        f"-- chains that reach step {k}\n"
        f"chain{k} AS (SELECT * FROM (SELECT {', '.join(columns)} FROM chain{k - 1} AS chain "
        f"JOIN numbered AS e ON e.person = chain.person WHERE {' AND '.join(conditions)}) AS found WHERE {keep})"
    )


def _void(question: FunnelQuestion, gaps: list[int], stepped: bool) -> list[str]:
    """The entries that an excluded event meets."""
    count = len(question.steps)
    flags = range(1, len(question.exclusions) + 1)
    reached = ", ".join(f"min(CASE WHEN level = {k} THEN moment END) AS r{k}" for k in range(1, count + 1))
    stands = " ".join(f"WHEN e.ts >= n.r{k} THEN {k}" for k in range(count, 0, -1))
    met = " OR ".join(
        f"(x{k} AND stands >= {item.after} AND stands < {item.before} AND r{item.after} < ts)"
        for k, item in zip(flags, question.exclusions, strict=True)
    )
    ctes = [
        "-- when each entry first reached each step\n"
        f"entries AS (SELECT person, entry, begun, {reached} FROM chains GROUP BY person, entry, begun)",
        "-- where each entry stood when something excluded happened\n"
        "standing AS (SELECT n.person AS person, n.entry AS entry, e.ts AS ts, "
        f"{', '.join(f'n.r{k} AS r{k}' for k in range(1, count + 1))}, {', '.join(f'e.x{k} AS x{k}' for k in flags)}, "
        f"CASE {stands} END AS stands FROM entries AS n JOIN numbered AS e ON e.person = n.person "
        f"WHERE e.ts >= n.begun AND e.ts - n.begun <= {question.window} "
        f"AND ({' OR '.join(f'e.x{k}' for k in flags)}))",
        f"met AS (SELECT DISTINCT person, entry, ts, stands FROM standing WHERE {met})",
    ]
    if not stepped:
        return [*ctes, "void AS (SELECT DISTINCT person, entry, 1 AS is_void FROM met)"]
    gap = " ".join(f"WHEN {k} THEN {gaps[k]}" for k in range(1, count))
    return [
        *ctes,
        "-- it counts only while the entry could still go on\n"
        "newest AS (SELECT m.person AS person, m.entry AS entry, m.ts AS ts, m.stands AS stands, "
        "max(c.moment) AS moment FROM met AS m JOIN chains AS c "
        "ON c.person = m.person AND c.entry = m.entry AND c.level = m.stands "
        "WHERE c.moment <= m.ts GROUP BY m.person, m.entry, m.ts, m.stands)",
        "void AS (SELECT DISTINCT person, entry, 1 AS is_void FROM newest "
        f"WHERE ts - moment <= CASE stands {gap} ELSE 0 END)",
    ]


def _best(question: FunnelQuestion, dialect: Dialect) -> list[str]:
    """The chain each person counts with; of a person all of whose entries are void a void one, which counts as -1."""
    steps = range(1, len(question.steps) + 1)
    nothing = dialect.nothing("number")
    columns = ", ".join(["c.person AS person", "c.entry AS entry", "c.begun AS begun", "c.level AS level",
                         "c.moment AS moment", *(f"c.t{i} AS t{i}, c.p{i} AS p{i}" for i in steps)])  # fmt: skip
    judged = (
        f"judged AS (SELECT {columns}, coalesce(v.is_void, 0) AS is_void FROM chains AS c "
        "LEFT JOIN void AS v ON v.person = c.person AND v.entry = c.entry)"
        if question.exclusions
        else "judged AS (SELECT *, 0 AS is_void FROM chains)"
    )
    order = ", ".join([
        "is_void", "level DESC", "moment", "begun DESC", "entry",
        *(f"t{i}" for i in reversed(steps)), *(f"p{i}" for i in steps),
    ])  # fmt: skip
    still = f"CASE WHEN is_void = 0 AND begun + {question.window} > {question.now} THEN 1 ELSE 0 END"
    by_step = question.by is not None and question.by.at == "step"
    place = f"p{question.by.step}" if question.by is not None and by_step else nothing
    kept = ", ".join(f"CASE WHEN is_void = 0 THEN t{i} END AS t{i}" for i in steps)
    return [
        judged,
        "-- the chain of the entry each person counts with\n"
        f"ranked AS (SELECT *, max({still}) OVER (PARTITION BY person) AS waiting, "
        f"row_number() OVER (PARTITION BY person ORDER BY {order}) AS nth FROM judged)",
        f"best AS (SELECT person, CASE WHEN is_void = 0 THEN level ELSE -1 END AS level, {kept}, waiting, "
        f"CASE WHEN is_void = 0 THEN {place} END AS touch_place FROM ranked WHERE nth = 1)",
    ]


def _any_order(question: FunnelQuestion, dialect: Dialect) -> list[str]:
    classes = list(dict.fromkeys(question.steps))
    if not _disjoint(tuple(classes)):
        raise RefusedError(
            "funnel-any-order-sql",
            "In SQL, steps in any order must be the same or share no event.",
            why="which event is used for which step is a matching problem",
            fix="name different events for each step, or ask the timeline",
        )
    steps = range(1, len(question.steps) + 1)
    numbers = {step: question.steps.index(step) + 1 for step in classes}
    room = " ".join(f"WHEN {numbers[step]} THEN {question.steps.count(step)}" for step in classes)
    kind = " ".join(f"WHEN s{numbers[step]} THEN {numbers[step]}" for step in classes)
    moments = ", ".join(f"max(CASE WHEN nth = {k} THEN ts END) AS t{k}" for k in steps)
    listed = ", ".join(f"t{k}" for k in steps)
    return [
        f"matching AS (SELECT person, ts, place, CASE {kind} END AS kind FROM numbered "
        f"WHERE {' OR '.join(f's{number}' for number in numbers.values())})",
        "-- a window opens at every moment with an event of any step\n"
        "openings AS (SELECT DISTINCT person, ts AS begun FROM matching "
        f"WHERE ts >= {question.since} AND ts < {question.until})",
        "-- of each kind as many events count as there are such steps\n"
        "queued AS (SELECT w.person AS person, w.begun AS begun, m.ts AS ts, m.place AS place, m.kind AS kind, "
        "row_number() OVER (PARTITION BY w.person, w.begun, m.kind ORDER BY m.ts, m.place) AS queue "
        "FROM openings AS w JOIN matching AS m ON m.person = w.person "
        f"WHERE m.ts >= w.begun AND m.ts - w.begun <= {question.window})",
        "used AS (SELECT person, begun, ts, row_number() OVER (PARTITION BY person, begun ORDER BY ts, place) AS nth "
        f"FROM queued WHERE queue <= CASE kind {room} END)",
        f"entries AS (SELECT person, begun, count(*) AS level, max(ts) AS moment, {moments} "
        "FROM used GROUP BY person, begun)",
        f"ranked AS (SELECT person, level, {listed}, "
        f"max(CASE WHEN begun + {question.window} > {question.now} THEN 1 ELSE 0 END) OVER (PARTITION BY person) "
        "AS waiting, row_number() OVER (PARTITION BY person ORDER BY level DESC, moment, begun DESC) AS nth "
        "FROM entries)",
        f"best AS (SELECT person, level, {listed}, waiting, {dialect.nothing('number')} AS touch_place "
        "FROM ranked WHERE nth = 1)",
    ]


def _touch(by: Breakdown, question: FunnelQuestion) -> str:
    if by.at == "step":
        return "touch AS (SELECT person, place, touched AS value FROM numbered)"
    if by.at == "every event":
        return "touch AS (SELECT person, min(owner) AS owner, min(touched) AS value FROM numbered GROUP BY person)"
    steps = " OR ".join(f"s{k}" for k in range(1, len(question.steps) + 1))
    which = "" if by.at == "first event" else f" AND ({steps})"
    order = "ts DESC, place DESC" if by.at == "last touch" else "ts, place"
    return (
        "touch AS (SELECT person, touched AS value FROM (SELECT person, touched, "
        f"row_number() OVER (PARTITION BY person ORDER BY {order}) AS nth "
        f"FROM numbered WHERE touched IS NOT NULL{which}) AS touches WHERE nth = 1)"
    )
