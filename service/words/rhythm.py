"""How what comes again and again is said: the rules of `posts.due_recurring` in words."""

from __future__ import annotations

_DAYS = {
    "MO": ("thứ Hai", "Monday"), "TU": ("thứ Ba", "Tuesday"), "WE": ("thứ Tư", "Wednesday"),
    "TH": ("thứ Năm", "Thursday"), "FR": ("thứ Sáu", "Friday"), "SA": ("thứ Bảy", "Saturday"),
    "SU": ("Chủ nhật", "Sunday"),
}  # fmt: skip


def say_rhythm(rule: str, language: str) -> str:
    """
    >>> say_rhythm("FREQ=MONTHLY;BYMONTHDAY=20", "vi")
    'ngày 20 hằng tháng'
    """
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    vi, en = _said(parts)
    if "BYHOUR" in parts:
        clock = f"{int(parts['BYHOUR']):02}:{int(parts.get('BYMINUTE', 0)):02}"
        vi, en = f"{clock} {vi}", f"{clock}, {en}"
    return en if language == "en" else vi


def _said(parts: dict[str, str]) -> tuple[str, str]:
    day = parts.get("BYMONTHDAY", "")
    if parts["FREQ"] == "DAILY":
        return "hằng ngày", "every day"
    if parts["FREQ"] == "WEEKLY":
        vi, en = _DAYS[parts["BYDAY"]]
        return f"{vi} hằng tuần", f"every {en}"
    if parts["FREQ"] == "MONTHLY":
        return f"ngày {day} hằng tháng", f"day {day} of every month"
    months = parts["BYMONTH"].split(",")
    vi = (
        f"ngày {day} các tháng {', '.join(months)}"
        if len(months) > 1
        else f"ngày {day}/{months[0]} hằng năm"
    )
    return vi, f"day {day} of month {', '.join(months)} of every year"
