"""Currency: which one a file's amounts are in, by its headers, its cells, its source or the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.ingest.record import Record
from leadline.ingest.source import Finding
from leadline.sql.name import literal

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

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


def findings(con: Connection, record: Record) -> list[Finding]:
    """What the signs in amount cells say against the currency the amounts are taken to be in.

    Two signs in one column, or a sign of another currency, are errors: the amounts would be added raw. When no source
    or header says the currency, a note tells that the workspace's was taken.
    """
    delivery = record.delivery
    source = delivery.definition.source
    mapped = any("currency" in fact_map.columns for fact_map in source.facts)
    found: list[Finding] = []
    amounts = [key for key, variant in record.variants.items() if key[1] == "decimal"]
    money = [record.fields[name] for name, _ in amounts if record.fields[name].native == "VARCHAR"]
    money = [field for field in money if field.raw != "NULL" and not field.raw.startswith("'")]
    if money and not mapped:
        signs = "|".join(sign.replace("$", r"\$") for sign in SIGNS)
        lists = ", ".join(
            f"list(DISTINCT regexp_extract({field.raw}, {literal(f'[A-Z]{{3}}|{signs}')})) "
            f"FILTER (TRY_CAST({field.raw} AS DOUBLE) IS NULL AND {field.raw} IS NOT NULL)"
            for field in money
        )
        row = con.execute(f"SELECT {lists} FROM {delivery.table.relation}").fetchone() or ()
        seen = {sign: field.shown for field, texts in zip(money, row, strict=True) for sign in texts or () if sign}
        seen = {sign: column for sign, column in seen.items() if sign in SIGNS or sign.isupper()}
        codes = [set(SIGNS.get(sign, (sign,))) for sign in seen]
        shown = ", ".join(sorted(seen))
        if codes and not set.intersection(*codes):
            found.append(
                Finding("error", "two-currencies", delivery.table.file, f"amounts are in several currencies ({shown})",
                        "export one currency per file, or map a currency column", column=next(iter(seen.values())), value=shown)
            )  # fmt: skip
        elif codes and delivery.currency and delivery.currency not in set.intersection(*codes):
            found.append(
                Finding("error", "currency-contradicted", delivery.table.file,
                        f"amounts are marked {shown}, but would be taken as {delivery.currency}",
                        "say the currency with `currency:` in the source", column=next(iter(seen.values())), value=shown)
            )  # fmt: skip
    if not mapped and not delivery.currency_known and delivery.currency and _has_money(record):
        found.append(
            Finding("note", "currency-assumed", delivery.table.file,
                    f"amounts are taken to be in {delivery.currency}, the workspace's currency",
                    "say the currency with `currency:` in the source")
        )  # fmt: skip
    return found


def _has_money(record: Record) -> bool:
    source = record.delivery.definition.source
    names = {"spend", "amount", "revenue", "mrr", "fee", "unit_price", "conversion_value", "reward", "planned"}
    return any(names & set(fact_map.columns) for fact_map in source.facts)
