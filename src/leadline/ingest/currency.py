"""Currency: which one a file's amounts are in, by its headers, its cells, its source or the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.ingest.record import Record
from leadline.ingest.source import Finding
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
    mapped = any("currency" in fact_map.columns for fact_map in source.facts)
    found: list[Finding] = []
    amounts = [
        text.strip(' "').lower()
        for fact_map in source.facts
        for name, text in fact_map.columns.items()
        if facts[fact_map.fact].column(name).unit == "money"
    ]
    fields = [record.fields[name] for name in dict.fromkeys(amounts) if name in record.fields]
    money = [field for field in fields if field.native == "VARCHAR" and field.raw != "NULL" and field.raw[0] != "'"]
    if money and not mapped:
        signs = "|".join(sign.replace("$", r"\$") for sign in SIGNS)
        lists = ", ".join(
            f"list(DISTINCT CASE WHEN TRY_CAST({field.raw} AS DOUBLE) IS NULL "
            f"THEN regexp_extract({field.raw}, {literal(f'[A-Z]{{3}}|{signs}')}) END)"
            for field in money
        )
        row = con.execute(f"SELECT {lists} FROM {delivery.table.relation}").fetchone() or ()
        seen = {sign: field.shown for field, texts in zip(money, row, strict=True) for sign in texts or () if sign}
        seen = {sign: column for sign, column in seen.items() if sign in SIGNS or sign.isupper()}
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
    if amounts and not mapped and not delivery.currency_known and delivery.currency:
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
