"""Days and hours told from the moment at which a page was made: `3 giờ trước`, `Hôm qua`, `2 days
ago`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from service.moments.date_tokens import Tokens

_ONE = frozenset({"mot", "a", "an"})
_UNITS = {
    "giay": timedelta(seconds=1), "second": timedelta(seconds=1), "seconds": timedelta(seconds=1),
    "sec": timedelta(seconds=1), "secs": timedelta(seconds=1),
    "phut": timedelta(minutes=1), "minute": timedelta(minutes=1), "minutes": timedelta(minutes=1),
    "min": timedelta(minutes=1), "mins": timedelta(minutes=1),
    "gio": timedelta(hours=1), "tieng": timedelta(hours=1), "hour": timedelta(hours=1),
    "hours": timedelta(hours=1),
    "ngay": timedelta(days=1), "day": timedelta(days=1), "days": timedelta(days=1),
    "tuan": timedelta(days=7), "week": timedelta(days=7), "weeks": timedelta(days=7),
    "thang": timedelta(days=30), "month": timedelta(days=30), "months": timedelta(days=30),
    "nam": timedelta(days=365), "year": timedelta(days=365), "years": timedelta(days=365),
}  # fmt: skip
_MOST = 999
_DAYS = {
    ("hom", "nay"): 0, ("sang", "nay"): 0, ("chieu", "nay"): 0, ("trua", "nay"): 0,
    ("toi", "nay"): 0,
    ("hom", "qua"): 1, ("yesterday",): 1, ("sang", "qua"): 1, ("chieu", "qua"): 1,
    ("toi", "qua"): 1,
    ("dem", "qua"): 1, ("hom", "kia"): 2,
}  # fmt: skip
_JUST = (("vua", "xong"), ("vua", "moi"), ("moi", "day"), ("just", "now"), ("vai", "giay", "truoc"))
STARTS = _ONE | {"cach"} | {words[0] for words in (*_DAYS, *_JUST)}
WORDS = (
    STARTS
    | {*_UNITS, "truoc", "ago", "day", "dong", "ho"}
    | {word for words in (*_DAYS, *_JUST) for word in words}
)
"""Every word that such a label can hold."""


@dataclass(frozen=True, slots=True)
class RelativeAge:
    """How long before the page was made, and how exact that is. `is_day`: a day of the calendar so
    many back."""

    end: int
    before: timedelta
    unit: timedelta
    is_day: bool = False


def read_ago(said: Tokens, at: int) -> RelativeAge | None:
    """What is told from now; None where nothing is."""
    word = said.at(at)
    if word.isdecimal() or word in _ONE:
        return _counted(said, at, is_behind=False)
    if word not in STARTS:
        return None
    for words, days in _DAYS.items():
        if _begins(said, at, words):
            return RelativeAge(
                at + len(words), timedelta(days=days), timedelta(days=1), is_day=True
            )
    if any(_begins(said, at, words) for words in _JUST):
        return RelativeAge(at + 2 + _begins(said, at, ("vai",)), timedelta(0), timedelta(minutes=1))
    return _counted(said, at + 2, is_behind=True) if _begins(said, at, ("cach", "day")) else None


def _counted(said: Tokens, at: int, *, is_behind: bool) -> RelativeAge | None:
    """`3 giờ trước`, `1 giờ 20 phút trước`, `an hour ago`, `cách đây 2 ngày`."""
    before, unit, end = timedelta(0), None, at
    for _ in range(2):
        token = said.at(end)
        many = 1 if token in _ONE else said.number(end, 3)
        size = _UNITS.get(said.at(end + 1))
        if many is None or size is None or many > _MOST:
            break
        before, unit, end = before + many * size, size, end + 2
        end += 2 * _begins(said, end, ("dong", "ho"))  # `3 tiếng đồng hồ trước`
    if unit is None:
        return None
    if said.at(end) in ("truoc", "ago"):
        end += 1
    elif not is_behind:
        return None
    return RelativeAge(end, before, unit, is_day=unit == timedelta(days=1))


def _begins(said: Tokens, at: int, words: tuple[str, ...]) -> bool:
    return all(said.at(at + step) == word for step, word in enumerate(words))
