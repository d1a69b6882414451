"""Documents that a text names by their kind and day alone: `thay thế kế hoạch ban hành ngày
03/7/2025`, `Ngày 05/11/2026, UBND xã có công văn yêu cầu …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from service.posts.issuer import DAY, organ_after
from service.posts.kinds import KIND_OF_NAME, NOUN
from service.posts.numbers import NumberMatch
from service.text import find_dates, fold

_OF_DAY = re.compile(
    rf"(?<!\w)(?P<kind>{NOUN})(?!\w)(?! (?:số|này|trên|nêu))(?:\s(?!số |này|của"
    rf"|ngày)[^\W\d_]{{1,12}}){{0,4}}"
    rf"\s(?:đề )?(?=ngày\s{{1,2}}(?:{DAY}|\d))",
    re.IGNORECASE,
)
_SENT = re.compile(
    rf"(?:^|[.;\n]\s{{0,3}})ngày (?P<day>[^,;.]{{6,30}}?),?\s[^.;,]{{3,80}}?"
    rf"\s(?:có|ban hành|gửi|phát hành)\s(?P<kind>{NOUN})(?!\w)(?! (?:số|này))",
    re.IGNORECASE,
)
_DAY_WORDS = 24


def find_unnumbered(text: str, near: date | None) -> Iterator[NumberMatch]:
    """Each with an empty number; its offsets are those of its day, or of what follows its noun."""
    for match in _OF_DAY.finditer(text):
        start = match.end()
        dates = find_dates(text[start : start + _DAY_WORDS + 8], near)
        if not dates or dates[0][1] > len("ngày  "):
            continue
        end = start + dates[0][2]
        organ = organ_after(text, end)
        issuer = organ[0] if organ is not None else None
        yield NumberMatch(_kind(match), "", dates[0][0], issuer, start, end, 0)
    for match in _SENT.finditer(text):
        dates = find_dates(match["day"], near)
        if dates and dates[0][1] == 0:
            end = match.end()
            yield NumberMatch(_kind(match), "", dates[0][0], None, end, end, 0)


def _kind(match: re.Match[str]) -> str:
    return KIND_OF_NAME[fold(match["kind"])]
