"""Funnels as SQL: a row a person who entered, by the rules of `leadline.timeline.reference.funnel`.

Columns: `person`, `level` (-1: out), `t1`, `t2`, … (microseconds of each step reached), `open`, `group_value`.
"""

from __future__ import annotations

from leadline.errors import RefusedError
from leadline.timeline.question import FOREVER, Breakdown, FunnelQuestion, Match
from leadline.timeline.relational.condition import column, meets


def funnel_sql(question: FunnelQuestion, relation: str) -> str:
    """One statement that follows every entry. Lists hold the events used at one moment (arrays elsewhere)."""
    question = question.checked()
    body = _any_order(question, relation) if question.order == "any" else _chains(question, relation)
    steps = range(1, len(question.steps) + 1)
    moments = ", ".join(f"best.t{k}" for k in steps)
    group = "CAST(NULL AS VARCHAR)" if question.by is None else "touch.value"
    ctes, join = "", ""
    if question.by is not None:
        ctes, join = _touch(question.by, question), " LEFT JOIN touch ON touch.person = best.person"
        if question.by.at == "step":
            join += " AND touch.place = best.touch_place"
    return (
        f"WITH {body}{ctes}\nSELECT best.person, best.level, {moments}, best.open, {group} AS group_value "
        f"FROM best{join}"
    )


def levels_sql(question: FunnelQuestion, relation: str) -> str:
    """The plain ordered funnel of steps that share no event, by running maxima over one sort: `person`, `level`.

    The latest entry at each step is all that matters, as in the kernel; events of one moment count in step order.
    """
    question = question.checked()
    if question.order != "ordered" or question.gaps or question.exclusions or not _disjoint(question.steps):
        raise RefusedError(
            "funnel-levels", "This funnel has to be followed entry by entry.", fix="use funnel_sql instead"
        )
    steps = range(1, len(question.steps) + 1)
    number = " ".join(f"WHEN {meets(step)} THEN {k}" for k, step in zip(steps, question.steps, strict=True))
    over = "OVER (PARTITION BY person ORDER BY ts, step ROWS UNBOUNDED PRECEDING)"
    inside = f"ts >= {question.since} AND ts < {question.until}"
    ctes = [f"step AS (SELECT person, ts, CASE {number} END AS step FROM {relation})"]
    ctes.append(
        f"entered1 AS (SELECT *, max(CASE WHEN step = 1 AND {inside} THEN ts END) {over} AS e1 "
        "FROM step WHERE step IS NOT NULL)"
    )
    for k in steps[1:]:
        reached = f"CASE WHEN step = {k} AND ts - e{k - 1} <= {question.window} THEN e{k - 1} END"
        ctes.append(f"entered{k} AS (SELECT *, max({reached}) {over} AS e{k} FROM entered{k - 1})")
    level = " ".join(f"WHEN max(e{k}) IS NOT NULL THEN {k}" for k in reversed(steps))
    chosen = f"SELECT person, CASE {level} END AS level FROM entered{steps[-1]}"
    return "WITH " + ",\n".join(ctes) + f"\n{chosen} GROUP BY person HAVING max(e1) IS NOT NULL"


def _disjoint(steps: tuple[Match, ...]) -> bool:
    names = [set(step.events) for step in steps]
    if not all(names):
        return len(steps) == 1
    return all(not one & other for i, one in enumerate(names) for other in names[i + 1 :])


def _events(question: FunnelQuestion, relation: str) -> str:
    flags = [f"{meets(step)} AS s{k}" for k, step in enumerate(question.steps, start=1)]
    flags += [f"{meets(item.match)} AS x{k}" for k, item in enumerate(question.exclusions, start=1)]
    value = f", {column(question.by.property)} AS touched" if question.by else ""
    return (
        "-- every event with the steps and exclusions it matches\n"
        "numbered AS (SELECT person, ts, row_number() OVER (PARTITION BY person ORDER BY ts, id) AS place, "
        "count(*) OVER (PARTITION BY person ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto, "
        f"count(*) OVER (PARTITION BY person, ts) AS at_once, {', '.join(flags)}{value} FROM {relation})"
    )


def _chains(question: FunnelQuestion, relation: str) -> str:
    count = len(question.steps)
    strict = question.order == "strict"
    gaps = [FOREVER, *(question.gaps or (FOREVER,) * (count - 1))]
    stepped = any(gap < FOREVER for gap in gaps[1:])
    ctes = [
        _events(question, relation),
        "-- entries: events of step 1 in the period\n"
        "chain1 AS (SELECT person, place AS entry, ts AS begun, upto AS entry_upto, ts AS moment, [place] AS used, "
        "0 AS inside, 0 AS here, ts AS t1, place AS p1 "
        f"FROM numbered WHERE s1 AND ts >= {question.since} AND ts < {question.until})",
    ]
    for k in range(2, count + 1):
        before = ", ".join(f"chain.t{i}, chain.p{i}" for i in range(1, k))
        canonical = ", ".join([*(f"chain.t{i}" for i in range(k - 1, 0, -1)), *(f"chain.p{i}" for i in range(1, k))])
        now_used = "CASE WHEN e.ts = chain.moment THEN list_sort(list_append(chain.used, e.place)) ELSE [e.place] END"
        conditions = [
            "e.person = chain.person",
            f"e.s{k}",
            "e.ts >= chain.moment",
            f"e.ts - chain.begun <= {question.window}",
            f"e.ts - chain.moment <= {gaps[k - 1]}",
            "NOT list_contains(chain.used, e.place)",
        ]
        done = "chain.inside + CASE WHEN e.ts > chain.moment THEN chain.here ELSE 0 END"
        if strict:
            # All events after the first moment and before this one must be in the chain.
            conditions.append(f"(e.ts = chain.begun OR e.upto - e.at_once - chain.entry_upto = {done})")
        keep = [
            f"row_number() OVER (PARTITION BY chain.person, chain.entry, e.place, {now_used} ORDER BY {canonical}) = 1"
        ]
        if not stepped and not strict:
            # Without windows between steps the earliest event of a step can do what any later one can.
            keep.append("e.ts = min(e.ts) OVER (PARTITION BY chain.person, chain.entry)")
        ctes.append(
            f"-- chains that reach step {k}\n"
            f"chain{k} AS (SELECT chain.person, chain.entry, chain.begun, chain.entry_upto, e.ts AS moment, "
            f"{now_used} AS used, {done} AS inside, "
            "CASE WHEN e.ts > chain.begun THEN CASE WHEN e.ts = chain.moment THEN chain.here + 1 ELSE 1 END ELSE 0 END "
            f"AS here, {before}, e.ts AS t{k}, e.place AS p{k} "
            f"FROM chain{k - 1} AS chain JOIN numbered AS e ON {' AND '.join(conditions)} QUALIFY {' AND '.join(keep)})"
        )
    all_chains = " UNION ALL ".join(
        f"SELECT person, entry, begun, {k} AS level, moment, "
        + ", ".join(f"{f't{i}' if i <= k else 'NULL'} AS t{i}, {f'p{i}' if i <= k else 'NULL'} AS p{i}"
                    for i in range(1, count + 1))
        + f" FROM chain{k}"
        for k in range(1, count + 1)
    )  # fmt: skip
    ctes.append(f"chains AS ({all_chains})")
    reached = ", ".join(f"min(moment) FILTER (level = {k}) AS r{k}" for k in range(1, count + 1))
    ctes.append(
        f"-- when each entry first reached each step\nentries AS (SELECT person, entry, begun, max(level) AS level, "
        f"{reached} FROM chains GROUP BY person, entry, begun)"
    )
    ctes.append(_void(question, gaps, stepped))
    ctes.append(_best(question))
    return ",\n".join(ctes)


def _void(question: FunnelQuestion, gaps: list[int], stepped: bool) -> str:
    """The entries that an excluded event meets."""
    if not question.exclusions:
        return "void AS (SELECT person, entry FROM entries WHERE false)"
    count = len(question.steps)
    stands = " ".join(f"WHEN e.ts >= entries.r{k} THEN {k}" for k in range(count, 0, -1))
    met = " OR ".join(
        f"(x{k} AND stands >= {item.after} AND stands < {item.before} AND r{item.after} < ts)"
        for k, item in enumerate(question.exclusions, start=1)
    )
    waits = ""
    if stepped:
        gap = " ".join(f"WHEN {k} THEN {gaps[k]}" for k in range(1, count))
        waits = (
            " AND ts - (SELECT max(chains.moment) FROM chains WHERE chains.person = met.person AND "
            "chains.entry = met.entry AND chains.level = met.stands AND chains.moment <= met.ts) "
            f"<= CASE stands {gap} ELSE 0 END"
        )
    flags = ", ".join(f"e.x{k}" for k in range(1, len(question.exclusions) + 1))
    return (
        f"-- where each entry stood when something excluded happened\n"
        f"met AS (SELECT entries.*, e.ts, {flags}, CASE {stands} END AS stands FROM entries "
        f"JOIN numbered AS e ON e.person = entries.person AND e.ts >= entries.begun "
        f"AND e.ts - entries.begun <= {question.window} "
        f"AND ({' OR '.join(f'e.x{k}' for k in range(1, len(question.exclusions) + 1))})),\n"
        f"void AS (SELECT DISTINCT person, entry FROM met WHERE ({met}){waits})"
    )


def _best(question: FunnelQuestion) -> str:
    count = len(question.steps)
    steps = range(1, count + 1)
    order = ", ".join([
        "entries.level DESC", "moment", "entries.begun DESC", "entries.entry",
        *(f"t{i}" for i in range(count, 0, -1)), *(f"p{i}" for i in steps),
    ])  # fmt: skip
    place = f"p{question.by.step}" if question.by is not None and question.by.at == "step" else "NULL"
    moments = ", ".join(f"t{i}" for i in steps)
    nothing = ", ".join(f"NULL AS t{i}" for i in steps)
    return (
        "-- the entry each person counts with\n"
        "clean AS (SELECT entries.* FROM entries ANTI JOIN void USING (person, entry)),\n"
        f"still AS (SELECT person, bool_or(begun + {question.window} > {question.now}) AS waiting "
        "FROM clean GROUP BY person),\n"
        f"best AS (SELECT entries.person, entries.level, {moments}, "
        f"still.waiting AND entries.level < {count} AS open, {place} AS touch_place "
        "FROM clean AS entries JOIN still USING (person) "
        "JOIN chains ON chains.person = entries.person AND chains.entry = entries.entry "
        "AND chains.level = entries.level "
        f"QUALIFY row_number() OVER (PARTITION BY entries.person ORDER BY {order}) = 1\n"
        f"UNION ALL SELECT person, -1 AS level, {nothing}, false AS open, NULL AS touch_place "
        "FROM (SELECT DISTINCT person FROM entries ANTI JOIN clean USING (person)))"
    )


def _any_order(question: FunnelQuestion, relation: str) -> str:
    classes = list(dict.fromkeys(question.steps))
    if not _disjoint(tuple(classes)):
        raise RefusedError(
            "funnel-any-order-sql",
            "In SQL, steps in any order must be the same or share no event.",
            why="which event is used for which step is a matching problem",
            fix="name different events for each step, or ask the timeline",
        )
    count = len(question.steps)
    numbers = {step: question.steps.index(step) + 1 for step in classes}
    room = " ".join(f"WHEN {numbers[step]} THEN {question.steps.count(step)}" for step in classes)
    kind = " ".join(f"WHEN s{numbers[step]} THEN {numbers[step]}" for step in classes)
    moments = ", ".join(f"max(ts) FILTER (nth = {k}) AS t{k}" for k in range(1, count + 1))
    return ",\n".join([
        _events(question, relation),
        f"matching AS (SELECT person, ts, place, CASE {kind} END AS kind FROM numbered "
        f"WHERE {' OR '.join(f's{number}' for number in numbers.values())})",
        "-- a window opens at every moment with an event of any step\n"
        "windows AS (SELECT DISTINCT person, ts AS begun FROM matching "
        f"WHERE ts >= {question.since} AND ts < {question.until})",
        "-- of each kind as many events count as there are such steps\n"
        "ranked AS (SELECT w.person, w.begun, m.ts, m.place, m.kind, "
        "row_number() OVER (PARTITION BY w.person, w.begun, m.kind ORDER BY m.ts, m.place) AS rank "
        f"FROM windows AS w JOIN matching AS m ON m.person = w.person AND m.ts >= w.begun "
        f"AND m.ts - w.begun <= {question.window})",
        "used AS (SELECT *, row_number() OVER (PARTITION BY person, begun ORDER BY ts, place) AS nth "
        f"FROM ranked WHERE rank <= CASE kind {room} END)",
        f"entries AS (SELECT person, begun, count(*) AS level, max(ts) AS moment, {moments} "
        "FROM used GROUP BY person, begun)",
        f"best AS (SELECT *, level < {count} AND bool_or(begun + {question.window} > {question.now}) "
        "OVER (PARTITION BY person) AS open, NULL AS touch_place FROM entries "
        "QUALIFY row_number() OVER (PARTITION BY person ORDER BY level DESC, moment, begun DESC) = 1)",
    ])  # fmt: skip


def _touch(by: Breakdown, question: FunnelQuestion) -> str:
    if by.at == "step":
        return ",\ntouch AS (SELECT person, place, touched AS value FROM numbered)"
    steps = " OR ".join(f"s{k}" for k in range(1, len(question.steps) + 1))
    which = "true" if by.at == "first event" else steps
    order = "ts DESC, place DESC" if by.at == "last touch" else "ts, place"
    return (
        f",\ntouch AS (SELECT person, touched AS value FROM numbered WHERE touched IS NOT NULL AND ({which}) "
        f"QUALIFY row_number() OVER (PARTITION BY person ORDER BY {order}) = 1)"
    )
