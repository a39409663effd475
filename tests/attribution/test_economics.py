"""Cost beside credit (004-09): $1,000 of SEO for 100 customers is $10 each."""

from __future__ import annotations

import pytest

from leadline.attribution.credit import Credit
from leadline.attribution.economics import return_ranges, returns
from leadline.errors import UsageError


def test_cpa_cac_roas_roi() -> None:
    credit = Credit("linear", {"seo": 100.0, "ads": 20.0}, {"seo": 5000.0, "ads": 3000.0}, 4.0, 200.0)
    customers = Credit("linear", {"seo": 50.0, "ads": 10.0}, {"seo": 0.0, "ads": 0.0}, 1.0, 0.0)
    seo, ads, events, rest = returns(credit, {"seo": 1000, "ads": 2000, "events": 300}, customers=customers, margin=0.5)
    assert (seo.channel, seo.cpa, seo.cac, seo.roas, seo.roi) == ("seo", 10, 20, 5, 1.5)
    assert (ads.cpa, ads.cac, ads.roas, ads.roi) == (100, 200, 1.5, -0.25)
    assert (events.cpa, events.cac, events.roas, events.roi) == (None, None, 0, -1)
    assert (rest.channel, rest.conversions, rest.value, rest.roas) == ("Unattributed", 4, 200, None)
    lines = [seo, ads, events, rest]
    assert sum(line.conversions for line in lines) == credit.total
    assert sum(line.value for line in lines) == credit.total_value
    assert sum(line.cost for line in lines) == 3300


def test_ranges_over_models() -> None:
    models = [
        Credit("first", {"a": 10.0, "b": 0.0}, {"a": 100.0, "b": 0.0}, 0.0, 0.0),
        Credit("last", {"a": 5.0, "b": 5.0}, {"a": 50.0, "b": 50.0}, 0.0, 0.0),
    ]
    found = return_ranges(models, {"a": 50, "b": 20})
    assert found["a"] == {"cpa": (5, 10), "roas": (1, 2), "roi": (0, 1)}
    assert found["b"] == {"cpa": (4, 4), "roas": (0, 2.5), "roi": (-1, 1.5)}


def test_two_models_are_not_mixed() -> None:
    one, other = (Credit(model, {}, {}, 0.0, 0.0) for model in ("first", "last"))
    with pytest.raises(UsageError, match="models-differ"):
        returns(one, {}, customers=other)
