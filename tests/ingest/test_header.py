"""Headers: spelling, language and currency of the header do not hide a column."""

from __future__ import annotations

import pytest

from leadline.errors import DataError
from leadline.ingest.header import known_headers, match_headers, normalise
from leadline.ingest.source import SourceColumn

KNOWN = known_headers(
    {
        "day": SourceColumn({"en": ["Day", "Date"], "de": ["Tag"]}),
        "spend": SourceColumn({"en": ["Amount spent ({currency})", "Spend"], "fr": ["Montant dépensé ({currency})"]}),
        "link_clicks": SourceColumn({"en": ["Clicks"], "de": ["Klicks"]}),
        "name": SourceColumn({"de": ["Name"], "en": ["Name"]}),
        "plain": SourceColumn(),
    }
)


@pytest.mark.parametrize(
    ("delivered", "same"),
    [
        ("\ufeffDay ", "day"),
        ('"Day"', "DAY"),
        ("Amount\u00a0spent", "amount spent"),
        ("Cou\u0302t", "cou\u0302t"),
        ("Groupe d’annonces", "groupe d'annonces"),
        ("ＣＴＲ", "ctr"),
        ("CTR (%)", "ctr"),
    ],
)
def test_spelling_does_not_matter(delivered: str, same: str) -> None:
    assert normalise(delivered) == normalise(same)


def test_currency_is_taken_from_the_header() -> None:
    headers = match_headers(KNOWN, ["Day", "Amount spent (USD)", "Other"])
    assert headers.columns == {"day": "Day", "spend": "Amount spent (USD)"}
    assert (headers.currency, headers.language) == ("USD", "en")


def test_two_currencies_in_one_header_line_are_refused() -> None:
    known = known_headers(
        {"cost": SourceColumn({"en": ["Cost ({currency})"]}), "value": SourceColumn({"en": ["Value ({currency})"]})}
    )
    with pytest.raises(DataError, match="EUR and USD"):
        match_headers(known, ["Cost (USD)", "Value (EUR)"], "ads.csv")


def test_the_language_of_most_headers_decides() -> None:
    headers = match_headers(KNOWN, ["Tag", "Klicks", "Name"])
    assert headers.language == "de"
    assert headers.columns == {"day": "Tag", "link_clicks": "Klicks", "name": "Name"}


def test_a_header_serves_one_column_and_the_first_alias_wins() -> None:
    assert match_headers(KNOWN, ["Date", "Day"]).columns == {"day": "Day"}


def test_a_column_without_headers_goes_by_its_name() -> None:
    assert match_headers(KNOWN, ["PLAIN"]).columns == {"plain": "PLAIN"}
