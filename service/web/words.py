"""How instants, days and sizes are said on pages, in each language.

Labels live in `service.words`; sentences of one page in its template, both languages side by side.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from service.values import Language, Locale
from service.words import say_at, say_day

LANGUAGES: dict[Language, str] = {"vi": "Tiếng Việt", "en": "English"}


_WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")


def say_instant(at: datetime, locale: Locale) -> str:
    """`09:16 ngày 28/01/2024`; `09:16 on 28 January 2024`: as mails say it."""
    return say_at(at, locale.language, locale.zone)


def say_instant_fully(at: datetime, locale: Locale) -> str:
    """With the day of the week: `09:16 Chủ nhật, ngày 28/01/2024`."""
    local = locale.at(at)
    if locale.language == "vi":
        day = say_day(local.date(), "vi")
        return f"{local:%H:%M} {_WEEKDAYS[local.weekday()]}, ngày {day}"
    return f"{local:%H:%M on %A}, {say_day(local.date(), 'en')}"


def say_bytes(size: int | None, language: str) -> str:
    """`1,4 MB`, in English `1.4 MB`; empty where the size is unknown."""
    if size is None:
        return ""
    for unit, scale in (("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= scale:
            said = f"{size / scale:.1f} {unit}"
            return said if language == "en" else said.replace(".", ",")
    return f"{size} B"


def say_duration(lasting: timedelta, language: str) -> str:
    """`2 ngày 5 giờ`, `3 hours`, `40 phút`: in days and hours, from three days on in
    days alone.

    >>> say_duration(timedelta(hours=29), "en"), say_duration(timedelta(days=9, hours=3), "vi")
    ('1 day 5 hours', '9 ngày')
    """
    minutes = max(0, int(lasting.total_seconds()) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days >= _DAYS_ALONE:
        parts = [(days, "ngày", "day")]
    elif minutes >= 60:
        parts = [(days, "ngày", "day"), (hours, "giờ", "hour")]
    else:
        parts = [(minutes, "phút", "minute")]
    said = [
        f"{n} {vi}" if language == "vi" else f"{n} {en}{'' if n == 1 else 's'}"
        for n, vi, en in parts
        if n or len(parts) == 1
    ]
    return " ".join(said)


_DAYS_ALONE = 3
