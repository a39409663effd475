"""The text of a proposal: its parts as lines, and what a person should check in each."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.ingest.currency import SIGNS
from leadline.ingest.expression import IMPURE
from leadline.ingest.guess import Guess, Look, Seen, stage_columns
from leadline.ingest.header import normalise
from leadline.ingest.source import ValueType
from leadline.ingest.synonym import fold
from leadline.sql.name import literal

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read import Table
    from leadline.ingest.total_row import TotalRow

_CODES = re.compile(
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MAD|MXN|MYR|NOK|NZD|PEN|PHP"
    "|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_LATIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_WON = re.compile(r"\bwon\b|gewonnen|gagn[eé]|ganad|kazan[ıi]l|thắng|赢|成交|closedwon", re.IGNORECASE)
_LOST = re.compile(r"\blost\b|verloren|perdu|perdid|kaybed|thua|输|流失|丢单|closedlost", re.IGNORECASE)
_NO_SALE = re.compile(
    r"cancel|storn|annul|fail|declin|void|refus|refund|return|retour|rembours|reembols|devuel|unpaid|pending|draft"
    r"|expired|abandon|offen|ausstehend|abgebrochen|en attente|pendiente|geannuleerd|iptal|iade|bekl|hủy|hoàn|chờ"
    r"|取消|退|失败|未付|待付|关闭",
    re.IGNORECASE,
)
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "order": (("order_id",), ("order_id", "line_id"), ("order_id", "product_id"), ("order_id", "product")),
    "deal": (("deal_id",),),
    "subscription": (("subscription_id",), ("subscription_id", "started_at"), ("customer_id", "started_at")),
    "stage_entry": (("person_id", "stage", "entered_at"),),
    "session": (("session_id",),),
    "email": (("campaign_id",), ("campaign_id", "sent_at"), ("campaign", "sent_at"), ("sent_at", "subject")),
    "survey": (("person_id", "answered_at"),),
    "product_event": (("event_id",), ("person_id", "event", "happened_at")),
    "event_member": (("event_id", "person_id"), ("event", "person_id"), ("person_id", "event_at")),
    "referral": (("referral_id",), ("referrer_id", "referred_id")),
    "sales_touch": (("person_id", "touched_at", "kind"),),
}
_ALL_DIMENSIONS = ("ad", "cost", "session")
_ID = re.compile(r"(?:^| )(?:id|uuid|key|nr|no|number)$|编号$")
_MANY = 30


def stem_of(path: Path) -> str:
    """A file's name without its endings, those of compression included."""
    suffixes = {".gz", ".zip", path.suffix.lower()}
    stem = path.name
    while Path(stem).suffix.lower() in suffixes and Path(stem).suffix:
        stem = Path(stem).stem
        suffixes.add(Path(stem).suffix.lower() if len(Path(stem).suffix) in (4, 5) else "")
    return stem


def latin_name(text: str) -> str:
    """A text as a name of small latin letters, digits and underscores; empty when it has too few of them."""
    name = re.sub(r"[^a-z0-9]+", "_", fold(text.translate(_LATIN))).strip("_")
    return name if re.search(r"[a-z]{2}", name) else ""


def _scalar(text: str) -> str:
    """A text as a YAML scalar that also stands within braces."""
    plain = re.fullmatch(r"[^\W_][\w .\-/()€£$]*(?<! )", text) and text.lower() not in (
        "null",
        "true",
        "false",
        "yes",
        "no",
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def _shown(texts: Sequence[str], limit: int = 12) -> str:
    """Some texts for a comment, on one line."""
    cut = [" ".join(text.split())[:40] for text in sorted(texts)]
    return ", ".join(cut[:limit]) + (f" … ({len(cut)} in all)" if len(cut) > limit else "")


class Draft:
    """A proposal being written: each part adds its lines, and what a person should check."""

    def __init__(
        self, con: Connection, table: Table, look: Look, guess: Guess | None, path: Path, name: str, currency: str,
        several: bool,
    ) -> None:  # fmt: skip
        self.con = con
        self.table = table
        self.look = look
        self.guess = guess
        self.path = path
        self.name = name
        self.currency = currency
        self.several = several
        self.seen = {seen.header: seen for seen in look.columns}
        self.checks: list[str] = []
        self.names = self._names()
        self.derived: dict[str, str] = {}
        self.mapped: dict[str, tuple[str, str]] = {}
        """Expression and comment by fact column."""
        self.totals: list[str] = []

    def leave_out(self, total: TotalRow, sums: Sequence[str]) -> None:
        """Leave out a totals row, and hold it against the sums of these columns."""
        name = self.names[total.header]
        self.totals = ["totals:  # rows that repeat the others: left out, and held against their sums"]
        if self._type(total.header)[0] == "text":
            condition = f"{self.names[total.empty]} is null and trim({name}) = {literal(total.label)}"
            self.totals.append(f"  where: {_folded(condition)}")
        else:
            self.totals += [f"  columns: [{name}]", f"  pattern: {json.dumps(f'^{re.escape(total.label)}$')}"]
        if sums:
            self.totals.append(f"  sums: [{', '.join(self.names[header] for header in sums)}]")
        held = f"held against the sums of {_shown(sums)}" if sums else "but its numbers are no sums of the rows"
        self.checks.append(f"line {total.line} ({total.label}) is a totals row: left out, {held}.")

    def text(self) -> str:
        """The whole definition."""
        facts = self._facts() if self.guess else self._skeleton()
        parts = [self._head(), self._columns(), self._derived(), self.totals, facts, self._unmapped()]
        return "\n".join(line for part in parts for line in part) + "\n"

    def message(self) -> str:
        """What was written, why, what to check, and what to do next."""
        lines, load = [f"Wrote sources/{self.name}.yaml."], f"leadline load {shlex.quote(str(self.path))}"
        if self.guess:
            because = ", ".join(f"{header} → {column}" for column, header in list(self.guess.columns.items())[:6])
            lines.append(f"Its rows look like fact `{self.guess.fact.name}`: {because or 'dates of stages'}.")
            lines += [f"Check: {check}" for check in self.checks]
            lines.append(f"Next: look through it, then {load}")
        else:
            lines.append("No fact could be guessed from its columns; the file says which facts could take them.")
            lines.append(f"Next: finish it (until then no load reads it), then {load}")
        return "\n".join(lines)

    def _names(self) -> dict[str, str]:
        """Our name of each of the file's columns."""
        row = self.con.execute(
            "SELECT list(keyword_name) FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchone()
        taken = {*(row[0] if row else ()), *IMPURE, "deal_status"}
        columns = {header: column for column, header in self.guess.columns.items()} if self.guess else {}
        names: dict[str, str] = {}
        for number, header in enumerate(self.table.columns, 1):
            others = {normalise(other) for other in self.table.columns if other != header}
            given = latin_name(header)
            choices = [given, columns.get(header, ""), f"{given}_column" if given else "", f"column_{number}"]
            fits = (name for name in choices if re.match(r"[a-z]", name) and not name.startswith("raw_")
                    and name not in taken | others)  # fmt: skip
            names[header] = name = next(fits, f"column_{number}_")
            taken.add(name)
        return names

    def _head(self) -> list[str]:
        pattern = re.sub(r"[\[\]*?]", "?", re.sub(r"\d[\d_.\- ]*\d", "*", stem_of(self.path)))
        pattern = re.sub(r"\*+", "*", f"*{pattern}*{self.path.suffix}")
        # A sheet or a member of an archive is named like a file within its file.
        patterns = [pattern, f"{pattern}/*"] if self.table.file != self.path.name else [pattern]
        lines = [
            f"# A first proposal, from the columns of {' '.join(self.path.name.split())}. Read it and correct it.",
            f"title: {_scalar(self.name.replace('_', ' ').capitalize())}",
            f"files: {json.dumps(patterns, ensure_ascii=False)}  # names of the files this source reads",
            "# timezone: Europe/Berlin  # of times without one; the workspace's when left out",
        ]
        if self.several and self.table.name and self.table.kind in ("excel", "sqlite", "duckdb"):
            field = "sheet" if self.table.kind == "excel" else "table"
            lines.append(f"{field}: {_scalar(self.table.name)}  # the largest of several")
        if self.look.decimal:
            lines.append(self._style("decimal", self.look.decimal, "1,234 can be read in two ways"))
        if self.look.dates:
            lines.append(self._style("dates", self.look.dates, "no date shows whether day or month comes first"))
        return [*lines, *self._currency()]

    def _style(self, field: str, value: str, doubt: str) -> str:
        if field not in self.look.unsure:
            return f'{field}: "{value}"  # as its cells show'
        self.checks.append(f"`{field}:` is a guess: {doubt}.")
        return f'{field}: "{value}"  # WARNING: a guess, for {doubt}. Check it.'

    def _currency(self) -> list[str]:
        if not self.guess or not self.guess.fact.has_currency:
            return []
        header = self.guess.columns.get("currency")
        if header and all(re.fullmatch(r"[A-Za-z]{3}", text) for text in self.seen[header].texts):
            return []
        money = [name for name, at in self.guess.columns.items() if self.guess.fact.column(name).unit == "money" and at]
        code, why = self._currency_of([self.seen[self.guess.columns[name]] for name in money])
        if code:
            return [f"currency: {code}  # {why}"]
        if money:
            self.checks.append(
                f"the currency: nothing in the file says it, so the workspace's ({self.currency}) is used."
            )
            return ["# currency: EUR  # nothing in the file says it; the workspace's is used when left out"]
        return []

    def _currency_of(self, columns: Sequence[Seen]) -> tuple[str, str]:
        for seen in columns:
            for token in re.findall(r"[A-Za-z]{3}|[€£₫₺₹$¥￥元]", seen.header.replace("_", " ")):
                if re.search(rf"(?<![A-Za-z]){re.escape(token)}(?![A-Za-z])", seen.header.replace("_", " ")):
                    code = self._sign(token)
                    if code:
                        return code, f"as the header {_shown([seen.header])} says"
            found = {hit for text in seen.texts for hit in re.findall(r"[A-Z]{3}|[€£₫₺₹$¥￥元đ]|RM", text)}
            codes = {self._sign(hit) for hit in found} - {""}
            if len(codes) == 1:
                several = any(len(SIGNS.get(hit, ())) > 1 for hit in found)
                if several:
                    self.checks.append(
                        f"the currency: {_shown(list(found))} stands for several, taken as {next(iter(codes))}."
                    )
                return next(iter(codes)), f"as its cells say ({_shown(list(found))})"
        return "", ""

    def _sign(self, mark: str) -> str:
        if mark == "元":
            return "CNY"
        codes = SIGNS.get(mark, (mark.upper(),) if _CODES.fullmatch(mark.upper()) else ())
        return self.currency if self.currency in codes else next(iter(codes), "")

    def _columns(self) -> list[str]:
        lines = ["columns:"]
        width = max((len(name) for name in self.names.values()), default=0) + 1
        for header, name in self.names.items():
            kind, scale = self._type(header)
            kept = "" if kind == "text" else f", type: {kind}"
            if scale > 1:
                kept += f", scale: {scale}"
            line = f"  {name + ':':<{width}} {{headers: {_scalar(header)}{kept}}}"
            bad = self.seen[header].bad
            if bad:
                line += f"  # {bad} cells are not of this type; their rows go to quarantine"
                self.checks.append(f"column {header}: {bad} cells are no {kind}.")
            elif scale > 1:
                line += f"  # the header says so: divided by {scale}"
            lines.append(line)
        return lines

    def _type(self, header: str) -> tuple[ValueType, int]:
        seen = self.seen[header]
        fact = self.guess.fact if self.guess else None
        name = next((name for name, at in self.guess.columns.items() if at == header), "") if self.guess else ""
        if fact is None or not name:
            is_id = _ID.search(fold(header)) or (self.guess and header == self.guess.email)
            return ("text" if is_id and seen.kind == "integer" else seen.kind), 1
        column = fact.column(name)
        if column.type == "text":
            return "text", 1
        if column.type == "boolean":
            return "boolean", 1
        if column.unit == "money":
            cents = re.search(r"\bcents?\b|\bminor\b|（?分）", header, re.IGNORECASE)
            micros = re.search(r"\bmicros?\b", header, re.IGNORECASE)
            return "money", 100 if cents else 1_000_000 if micros else 1
        return seen.kind, 1

    def _derived(self) -> list[str]:
        return (
            ["derived:", *(f"  {name}: {_folded(sql)}" for name, sql in self.derived.items())] if self.derived else []
        )

    def _facts(self) -> list[str]:
        assert self.guess is not None
        stages = stage_columns(self.look) if self.guess.fact.name == "stage_entry" else {}
        if stages and "stage" not in self.guess.columns:
            return self._stage_maps(stages)
        self._map_columns()
        key, why = self._key()
        lines = ["facts:", f"  - fact: {self.guess.fact.name}  # {self.guess.fact.doc.split(': ')[0].rstrip('.')}"]
        lines.append(f"    key: {_list(key)}  # {why}")
        return [*lines, "    columns:", *self._mapped_lines()]

    def _mapped_lines(self) -> list[str]:
        return [f"      {column}: {_folded(sql)}" + (f"  # {why}" if why else "")
                for column, (sql, why) in self.mapped.items()]  # fmt: skip

    def _map_columns(self) -> None:
        """The fact's columns as expressions, in the fact's own order."""
        assert self.guess is not None
        fact, columns = self.guess.fact, dict(self.guess.columns)
        for name, header in columns.items():
            self.mapped[name] = (self.names[header], "")
        self._person()
        if fact.name == "order":
            self._order()
        elif fact.name == "deal":
            self._deal()
        elif fact.name in ("ad", "session") and fact.has("platform") and "platform" not in self.mapped:
            self.mapped["platform"] = (literal(self.name), "a name for the platform that reports")
            self.checks.append("`platform` is named after the file.")
        elif fact.name == "survey" and fact.has("kind"):
            nps = "nps" in fold(f"{self.path.stem} {' '.join(self.table.columns)}").split()
            self.mapped["kind"] = (literal("nps" if nps else "csat"), "nps, csat, ces or awareness")
            self.checks.append(f"the survey is taken to be {'NPS' if nps else 'CSAT'}.")
        if "clicks" in self.mapped and fact.has("link_clicks"):
            self.mapped.setdefault("link_clicks", (self.mapped["clicks"][0], "the file has no other clicks"))
        currency = columns.get("currency")
        if currency and not all(re.fullmatch(r"[A-Za-z]{3}", text) for text in self.seen[currency].texts):
            del self.mapped["currency"]
            self.checks.append(f"column {currency} holds no three-letter codes and is not mapped.")
        order = [column.name for column in fact.columns]
        self.mapped = dict(sorted(self.mapped.items(), key=lambda item: order.index(item[0])))

    def _person(self) -> None:
        assert self.guess is not None
        fact, email = self.guess.fact, self.guess.email
        name = next((name for name in ("customer_id", "person_id") if fact.has(name)), "")
        if not email or not name:
            return
        given = self.mapped.get(name, (self.names[email], ""))[0]
        self.mapped[name] = (
            f"person({self.names[email]}, {given})",
            "the same person in every source that knows the address",
        )
        if fact.has("email"):
            self.mapped.setdefault("email", (self.names[email], ""))

    def _order(self) -> None:
        columns = self.guess.columns if self.guess else {}
        if "amount" not in columns and {"quantity", "unit_price"} <= set(columns):
            sql = f"{self.names[columns['quantity']]} * {self.names[columns['unit_price']]}"
            self.mapped["amount"] = (sql, "no column of amounts: units times price")
            self.checks.append("`amount` is quantity times unit price.")
        status = self.seen.get(columns.get("status", ""))
        if status is None or status.distinct > _MANY:
            amount = self.mapped.get("amount", ("1", ""))[0]
            self.mapped["is_sale"] = (f"{amount} > 0", "no status column: every positive amount counts as a sale")
            self.checks.append("`is_sale`: every row with a positive amount counts as a sale.")
            return
        bad = [text for text in status.texts if _NO_SALE.search(text)]
        good = [text for text in status.texts if text not in bad] or list(status.texts)
        sql = f"{self.names[status.header]} in ({', '.join(literal(text) for text in sorted(good))})"
        self.mapped["is_sale"] = (sql, f"values seen: {_shown(status.texts)}")
        self.checks.append(f"`is_sale`: these values of {status.header} count as sales: {_shown(good)}.")

    def _deal(self) -> None:
        columns = self.guess.columns if self.guess else {}
        candidates = [self.seen[columns[name]] for name in ("status", "stage") if name in columns]
        column = next(
            (seen for seen in candidates if any(_WON.search(text) or _LOST.search(text) for text in seen.texts)), None
        )
        if column is None or column.distinct > 200:
            self.checks.append("`status`: no column says which deals are won or lost; add it.")
            self.mapped.pop("status", None)
            return
        won = sorted(text for text in column.texts if _WON.search(text))
        lost = sorted(text for text in column.texts if _LOST.search(text))
        name = self.names[column.header]
        whens = [f"when {name} in ({', '.join(map(literal, texts))}) then '{word}'"
                 for word, texts in (("won", won), ("lost", lost)) if texts]  # fmt: skip
        self.derived["deal_status"] = f"case {' '.join(whens)} else 'open' end"
        self.mapped["status"] = ("deal_status", f"values of {column.header} seen: {_shown(column.texts)}")
        self.checks.append(f"won are {_shown(won) or 'none'}, lost are {_shown(lost) or 'none'} in {column.header}.")
        closed = self.mapped.get("closed_at", ("", ""))[0]
        if closed:
            self.mapped["closed_at"] = (f"case when deal_status <> 'open' then {closed} end", "")
            self.mapped.setdefault("won_at", (f"case when deal_status = 'won' then {closed} end", ""))
            self.mapped.setdefault("lost_at", (f"case when deal_status = 'lost' then {closed} end", ""))
            self.mapped.setdefault("expected_close_at", (f"case when deal_status = 'open' then {closed} end", ""))

    def _key(self) -> tuple[list[str], str]:
        """What tells rows apart: the first of the usual columns that do so in this file, else the line."""
        assert self.guess is not None
        fact, columns = self.guess.fact, self.guess.columns
        sources = dict(columns)
        if self.guess.email:
            sources.setdefault("customer_id" if fact.has("customer_id") else "person_id", self.guess.email)
        candidates = [[sources[name] for name in names] for names in _KEYS.get(fact.name, ())
                      if all(name in sources for name in names)]  # fmt: skip
        free = [header for header in self.table.columns if header not in columns.values() and _ID.search(fold(header))]
        candidates += [[header] for header in free]
        if fact.name in _ALL_DIMENSIONS:
            dimensions = [at for name, at in columns.items() if fact.column(name).role in ("time", "dimension", "id")]
            candidates.append(sorted(dimensions, key=lambda at: at != columns.get(fact.time)))
        for headers in candidates:
            if headers and self._tells_apart(headers):
                return [self.names[header] for header in headers], "tells rows apart in this file"
        self.checks.append("nothing in the file tells one row from another, so the key is the line.")
        return ["_line"], "nothing tells rows apart: an export with its lines in another order is taken as changes"

    def _tells_apart(self, headers: Sequence[str]) -> bool:
        parts = [self.seen[header].sql for header in headers]
        row = self.con.execute(
            f"SELECT count(*), count(DISTINCT ({', '.join(parts)}, 0)), "
            f"count(*) FILTER ({parts[0]} IS NULL OR {parts[0]} = '') "
            f"FROM {self.table.relation}"
        ).fetchone()
        return row is not None and row[0] == row[1] and not row[2]

    def _stage_maps(self, stages: Mapping[str, str]) -> list[str]:
        """One map a stage: each date column says when the person reached it."""
        assert self.guess is not None
        self._map_columns()
        for name in ("entered_at", "stage"):
            self.mapped.pop(name, None)
        person = self.guess.columns.get("person_id") or self.guess.email
        free = [header for header in self.table.columns if _ID.search(fold(header))]
        keys = [header for header in (*free, person) if header and self._tells_apart([header])]
        key = self.names[keys[0]] if keys else "_line"
        shared = dict(self.mapped)
        lines = ["facts:"]
        for stage, header in stages.items():
            name = self.names[header]
            self.mapped = {"entered_at": (name, ""), "stage": (f"'{stage}'", ""), **shared}
            lines += ["  - fact: stage_entry", f"    key: [{key}, \"'{stage}'\"]", f"    where: {name} is not null",
                      "    columns:", *self._mapped_lines()]  # fmt: skip
        self.checks.append(
            f"stages by their date columns: {', '.join(f'{at} → {stage}' for stage, at in stages.items())}."
        )
        return lines

    def _skeleton(self) -> list[str]:
        from leadline.model.facts import FACTS

        lines = ["", "# No fact could be guessed. Facts that could take these rows, by what they are:"]
        lines += [f"#   {fact.name}: {' '.join(fact.doc.split())}" for fact in FACTS.values()]
        lines += ["# Their columns: leadline facts. Then take the `#` away here, and fill in:"]
        first = next(iter(self.names.values()), "id")
        lines += ["# facts:", "#   - fact: order", f"#     key: {first}  # what tells one row from another, or _line",
                  "#     columns:", "#       ordered_at: …", f"#       order_id: {first}"]  # fmt: skip
        return lines

    def _unmapped(self) -> list[str]:
        if not self.guess:
            return []
        used = " ".join([*(sql for sql, _ in self.mapped.values()), *self.derived.values()])
        stages = set(stage_columns(self.look).values()) if self.guess.fact.name == "stage_entry" else set()
        left = [name for header, name in self.names.items()
                if not re.search(rf"\b{re.escape(name)}\b", used) and header not in stages]  # fmt: skip
        if not left:
            return []
        return [
            f"# Not mapped: {', '.join(left)}.",
            f"# Columns of fact {self.guess.fact.name}: leadline facts {self.guess.fact.name}",
        ]


def _list(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _folded(sql: str) -> str:
    """An expression as a YAML scalar."""
    risky = re.search(r": |\s#|[\n\\]", sql) or sql[0] in "'\"[{>|*&!%@`-?" or not sql.isprintable()
    return json.dumps(sql, ensure_ascii=False) if risky else sql
