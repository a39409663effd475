"""Currency: which one a file's amounts are in, by its headers, its cells, its source or the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.ingest.record import Record
from leadline.ingest.source import Finding, Source
from leadline.sql.name import literal

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.model.fact import Fact

SIGNS: dict[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "£": ("GBP", "EGP", "SYP", "LBP"),
    "₫": ("VND",),
    "đ": ("VND",),
    "₺": ("TRY",),
    "₹": ("INR",),
    "RM": ("MYR",),
    "R$": ("BRL",),
    "Rp": ("IDR",),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "Kč": ("CZK",),
    "zł": ("PLN",),
    "Fr": ("CHF",),
    "₩": ("KRW",),
    "₽": ("RUB",),
    "₴": ("UAH",),
    "฿": ("THB",),
    "₪": ("ILS",),
    "₦": ("NGN",),
    "₱": ("PHP",),
    "₸": ("KZT",),
    "₾": ("GEL",),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "BRL", "ARS", "CLP", "COP"),
}


def findings(con: Connection, record: Record, facts: Mapping[str, Fact]) -> list[Finding]:
    """What the signs in amount cells say against the currency the amounts are taken to be in.

    Two signs in one column, or a sign of another currency, are errors: the amounts would be added raw. When no source
    or header says the currency, a note tells that the workspace's was taken.
    """
    delivery = record.delivery
    source = delivery.definition.source
    found: list[Finding] = []
    fields = [record.fields[name] for name in _amounts(source, facts) if name in record.fields]
    money = [field for field in fields if field.native == "VARCHAR" and field.raw != "NULL" and field.raw[0] != "'"]
    if money and not _names_currency(source):
        seen: dict[str, str] = {}
        for field in money:
            texts = con.execute(
                f"SELECT DISTINCT {_sign(field.raw)} FROM {delivery.table.shown[0]} WHERE {_dressed(field.raw)}"
            ).fetchall()
            seen |= {sign: field.shown for (sign,) in texts if sign}
        codes = [set(SIGNS.get(sign, (sign,))) for sign in seen]
        shown = ", ".join(sorted(seen))
        if codes and not set.intersection(*codes):
            found.append(
                Finding(
                    "error",
                    "two-currencies",
                    delivery.table.file,
                    f"amounts are in several currencies ({shown})",
                    "export one currency per file, or map a currency column",
                    column=next(iter(seen.values())),
                    value=shown,
                )
            )
        elif codes and delivery.currency and delivery.currency not in set.intersection(*codes):
            found.append(
                Finding(
                    "error",
                    "currency-contradicted",
                    delivery.table.file,
                    f"amounts are marked {shown}, but would be taken as {delivery.currency}",
                    "say the currency with `currency:` in the source",
                    column=next(iter(seen.values())),
                    value=shown,
                )
            )
    if _amounts(source, facts) and not _names_currency(source) and not delivery.currency_known and delivery.currency:
        found.append(
            Finding(
                "note",
                "currency-assumed",
                delivery.table.file,
                f"amounts are taken to be in {delivery.currency}, the workspace's currency",
                "say the currency with `currency:` in the source",
            )
        )
    return found


def _amounts(source: Source, facts: Mapping[str, Fact]) -> list[str]:
    """Names of the columns that go straight into money columns of facts, each once."""
    texts = [
        text.strip(' "').lower()
        for fact_map in source.facts
        for name, text in fact_map.columns.items()
        if facts[fact_map.fact].column(name).unit == "money"
    ]
    return list(dict.fromkeys(texts))


def _names_currency(source: Source) -> bool:
    return any("currency" in fact_map.columns for fact_map in source.facts)


def _dressed(raw: str) -> str:
    """Whether a cell is a number with something around it: words and error values (`NULL`, `#DIV/0!`) have no sign."""
    number = f"regexp_matches({raw}, '^[^#\\d]*\\d')"
    return f"{raw} IS NOT NULL AND TRY_CAST({raw} AS DOUBLE) IS NULL AND {number}"


def _sign(raw: str) -> str:
    signs = "|".join(sign.replace("$", r"\$") for sign in SIGNS)
    return f"regexp_extract({raw}, {literal(f'[A-Z]{{3}}|{signs}')})"
