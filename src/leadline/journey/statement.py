"""Channel rules as one SQL expression, for relations whose rows have a source, a medium and a campaign.

Plain CASE and IN; what engines say differently (small letters, ends of texts, regular expressions) their renderers say.
It answers what `leadline.journey.channel.decide` answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from leadline.journey.channel import otherwise_id
from leadline.journey.rule import Rules, Test
from leadline.sql.dialect import Dialect


def channel_case(
    rules: Rules,
    *,
    source: str = "traffic_source",
    medium: str = "medium",
    campaign: str = "campaign",
    answer: Literal["channel", "rule"] = "channel",
    words: Dialect | None = None,
) -> str:
    """A CASE expression for the channel (or the id of the rule that names it).

    The first arguments are SQL expressions; `words` are those of the engine, DuckDB's unless given.
    """
    words = words or Dialect()
    columns = {name: words.apply("lower", f"coalesce({text}, '')") for name, text in
               (("source", source), ("medium", medium), ("campaign", campaign))}  # fmt: skip
    branches = []
    for rule in rules.rules:
        clauses = []
        for clause in rule.when:
            tests = [_test(name, test, rules, columns, words) for name, test in clause.items()]
            clauses.append(" AND ".join(tests))
        # Parentheses only where two clauses meet.
        condition = clauses[0] if len(clauses) == 1 else " OR ".join(f"({clause})" for clause in clauses)
        branches.append(f"  WHEN {condition}\n    THEN {words.text(rule.channel if answer == 'channel' else rule.id)}")
    last = rules.otherwise if answer == "channel" else otherwise_id(rules)
    return "CASE\n" + "\n".join(branches) + f"\n  ELSE {words.text(last)}\nEND"


def _test(name: str, test: Test, rules: Rules, columns: dict[str, str], words: Dialect) -> str:
    if name == "category":
        return _category(test, rules, columns["source"], words)
    text = columns[name]
    wanted = []
    if test.one_of:
        wanted.append(_among(text, test.one_of, words))
    wanted += [words.contains(text, part) for part in test.contains]
    wanted += [words.starts(text, part) for part in test.starts]
    wanted += [words.ends(text, part) for part in test.ends]
    if test.matches:
        wanted.append(words.whole_match(text, test.matches))
    parts = [wanted[0] if len(wanted) == 1 else f"({' OR '.join(wanted)})"] if wanted else []
    if test.none_of:
        parts.append(f"NOT {_among(text, test.none_of, words)}")
    return " AND ".join(parts)


def _category(test: Test, rules: Rules, source: str, words: Dialect) -> str:
    """A test of the category as the list of the sources whose category passes it."""
    known = sorted(name for name, category in rules.categories.items() if test.holds(category))
    if not test.holds(""):
        return _among(source, known, words) if known else "1 = 0"
    others = sorted(name for name in rules.categories if name not in set(known))
    return f"NOT {_among(source, others, words)}" if others else "1 = 1"


def _among(text: str, values: Sequence[str], words: Dialect) -> str:
    if len(values) == 1:
        return f"({text} = {words.text(values[0])})"
    return f"({text} IN ({', '.join(map(words.text, values))}))"
