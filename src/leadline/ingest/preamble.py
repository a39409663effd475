"""The lines above a header: which days a report says it covers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadline.ingest.style.span import Span, parse_range, preamble_range

_ASIDE = re.compile(r"\(GMT|last completed", re.IGNORECASE)
_REPORT_TIME = re.compile(
    r"^\W*(report time|berichtszeit|heure du rapport|rapporttijd|hora del informe|rapor zamanı|报告时间|报表时间)\s*:",
    re.IGNORECASE,
)


def stated_range(preamble: Sequence[str], language: str = "") -> Span | None:
    """The days that the lines above a header name as the report's; None when they name none.

    English dates in digits are read month first, as the vendors write them for the United States.
    """
    spoken = {"en": "en-US"}.get(language, language) or None
    # Two dates may be kept apart by nothing but a comma; times with a zone date something else.
    lines = [re.sub(r"(?<=\d),(?=\d{1,4}[-./])", " - ", line) for line in preamble if not _ASIDE.search(line)]
    for line in lines:
        if _REPORT_TIME.match(line):
            return parse_range(_REPORT_TIME.sub("", line).strip(' "'), spoken)
    return preamble_range(lines, spoken)
