"""Channel rules as one SQL expression, for relations whose rows have a source, a medium and a campaign.

Plain CASE, IN and substring functions that DuckDB, PostgreSQL, ClickHouse and Spark read alike; only the regular
expression is said differently and comes from `matches`. It answers what `leadline.journey.channel.decide` answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from leadline.journey.channel import otherwise_id
from leadline.journey.rule import Rules, Test
from leadline.sql.name import literal


def duckdb_matches(text: str, pattern: str) -> str:
    """Whether a whole text matches a pattern, in DuckDB."""
    return f"regexp_full_match({text}, {literal(pattern)})"


def postgres_matches(text: str, pattern: str) -> str:
    return f"({text} ~ {literal(f'^(?:{pattern})$')})"


def clickhouse_matches(text: str, pattern: str) -> str:
    return f"match({text}, {literal(f'^(?:{pattern})$'.replace(_BACKSLASH, _BACKSLASH * 2))})"


def spark_matches(text: str, pattern: str) -> str:
    return f"({text} RLIKE {literal(f'^(?:{pattern})$'.replace(_BACKSLASH, _BACKSLASH * 2))})"


_BACKSLASH = "\\"


def channel_case(
    rules: Rules,
    *,
    source: str = "traffic_source",
    medium: str = "medium",
    campaign: str = "campaign",
    answer: Literal["channel", "rule"] = "channel",
    matches: Callable[[str, str], str] = duckdb_matches,
) -> str:
    """A CASE expression for the channel (or the id of the rule that names it); the arguments are SQL expressions."""
    columns = {name: f"lower(coalesce({text}, ''))" for name, text in
               (("source", source), ("medium", medium), ("campaign", campaign))}  # fmt: skip
    branches = []
    for rule in rules.rules:
        clauses = []
        for clause in rule.when:
            tests = [_test(name, test, rules, columns, matches) for name, test in clause.items()]
            clauses.append(" AND ".join(tests))
        # Parentheses only where two clauses meet.
        condition = clauses[0] if len(clauses) == 1 else " OR ".join(f"({clause})" for clause in clauses)
        branches.append(f"  WHEN {condition}\n    THEN {literal(rule.channel if answer == 'channel' else rule.id)}")
    last = rules.otherwise if answer == "channel" else otherwise_id(rules)
    return "CASE\n" + "\n".join(branches) + f"\n  ELSE {literal(last)}\nEND"


def _test(name: str, test: Test, rules: Rules, columns: dict[str, str], matches: Callable[[str, str], str]) -> str:
    if name == "category":
        return _category(test, rules, columns["source"])
    text = columns[name]
    wanted = []
    if test.one_of:
        wanted.append(_among(text, test.one_of))
    wanted += [f"position({literal(part)} IN {text}) > 0" for part in test.contains]
    wanted += [f"left({text}, {len(part)}) = {literal(part)}" for part in test.starts]
    wanted += [f"right({text}, {len(part)}) = {literal(part)}" for part in test.ends]
    if test.matches:
        wanted.append(matches(text, test.matches))
    parts = [wanted[0] if len(wanted) == 1 else f"({' OR '.join(wanted)})"] if wanted else []
    if test.none_of:
        parts.append(f"NOT {_among(text, test.none_of)}")
    return " AND ".join(parts)


def _category(test: Test, rules: Rules, source: str) -> str:
    """A test of the category as the list of the sources whose category passes it."""
    known = sorted(name for name, category in rules.categories.items() if test.holds(category))
    if not test.holds(""):
        return _among(source, known) if known else "1 = 0"
    others = sorted(name for name in rules.categories if name not in set(known))
    return f"NOT {_among(source, others)}" if others else "1 = 1"


def _among(text: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"({text} = {literal(values[0])})"
    return f"({text} IN ({', '.join(map(literal, values))}))"
