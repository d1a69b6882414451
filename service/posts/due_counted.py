"""Days that are counted from another: `trong thời hạn 05 ngày làm việc kể từ ngày ký`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta

from service.posts.due_words import GOES_ON, Due, clause_before
from service.text import clean, find_dates, fold

_PAPER = (
    r"(?:văn bản|công văn|thông báo|kế hoạch|quyết định|công điện|chỉ thị|hướng dẫn|nghị "
    r"quyết|giấy mời|kết luận"
    r"|quy chế|quy định)"
)
_COUNTED = re.compile(
    r"(?<!\w)(?:(?:trong|chậm nhất|muộn nhất|thời hạn|không quá)\s"
    r"|(?:thời hạn|thời gian)(?:\s[^\W\d_]{1,10}){0,3}\s?:\s)(?:(?:thời hạn|vòng|thời "
    r"gian|là|sau"
    r"|không quá|tối đa)\s){0,3}"
    r"(?P<n>\d{1,3})\s?(?:\([^)\d]{1,30}\)\s?)?ngày(?P<working>\slàm việc)?[\s,]{0,3}(?:tính\s)?"
    r"(?:kể\s)?(?:từ|sau)\s(?:ngày|khi)\s"
    rf"(?:(?P<received>(?:nhận|tiếp "
    rf"nhận)(?:\sđược)?\s(?:{_PAPER})(?:\s(?:này|trên))?(?![^\S\n]+của))"
    rf"|(?P<issued>(?:được\s)?(?:ký|ban hành|phát hành|ra)(?:\sban "
    rf"hành)?(?:\s{_PAPER}(?:\snày)?|(?=\s?[,.;:)\n]|\s?$))"
    rf"|{_PAPER}(?:\snày)?\s(?:được\s)?(?:ký|ban hành|phát hành)"
    rf"|(?P<effect>{_PAPER}\snày\scó hiệu lực))(?!\w)|(?P<day>(?=\d)))",
    re.IGNORECASE,
)
_FROM_SIGNING = re.compile(r"hiệu lực (?:thi hành )?(?:kể )?từ ngày (?:ký|ban hành)")
_SAID_AFTER = re.compile(r"[\s,(]{1,3}(?:cho )?(?:đến|tới)(?!\w)")
"""The last day stands there itself."""
_PAYS = re.compile(r"(?<!\w)(?:nộp|trả|gửi)(?!\w)")
_COUNTS = ("từ ngày", "từ khi", "sau ngày", "sau khi")
"""A text without them costs no search."""


def find_counted(
    text: str, near: date | None, issued_on: date | None, days_off: Collection[date]
) -> Iterator[Due]:
    """The day from which is counted is none of them; `near` counts as that of the receipt."""
    for match in _COUNTED.finditer(text) if any(words in text for words in _COUNTS) else ():
        end = match.end()
        since = near if match["received"] else issued_on
        if match["effect"] and not _FROM_SIGNING.search(text):
            continue
        if match["day"] is not None:
            explicit = find_dates(text[end : end + 40])
            since = explicit[0][0] if explicit and explicit[0][1] == 0 else None
            end += explicit[0][2] if explicit else 0
        if _SAID_AFTER.match(text, end):
            continue
        said = fold(clause_before(text, match.start()))
        if since is None or (GOES_ON.search(said) and not _PAYS.search(said)):
            continue
        on = _after(since, int(match["n"]), days_off if match["working"] else None)
        words = clean(text[match.start() : end])
        yield Due(on, None, words, start=match.start(), end=end)


def _after(since: date, days: int, days_off: Collection[date] | None) -> date:
    """The day that comes `days` after another; where days off are given, those and week-ends are
    not counted."""
    if days_off is None:
        return since + timedelta(days=days)
    on = since
    while days:
        on += timedelta(days=1)
        days -= on.weekday() < 5 and on not in days_off
    return on
