"""Vietnamese text: how it is shown and compared, and the dates that running text names.

Labels that are dates are `moments`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

# --- display and matching ---------------------------------------------------------------------

_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# How UTF-8 begins the rarer ones of them, and of white space: none of these letters is Vietnamese.
_RARE_STARTS = bytes({*range(32), 0x7F, 0xCD, 0xD8, 0xE3, 0xEF, 0xF3} - set(b"\t\n\r"))
_RARE_LATIN = re.compile(rb"\xc2[\x80-\xa0\xad]")
_RARE_PUNCTUATION = re.compile(rb"\xe2(?:\x80[\x80-\x8f\xa8-\xaf]|\x81[\x9f-\xaf])")
_RARE_LETTERS = "\u115f\u1160\u1680\u17b4\u17b5\u180e"
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_MANY_BREAKS = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """One line that is safe to show: NFC, no control, zero-width or surrogate characters, single
    spaces.

    >>> clean(" Hội\\u00a0nghị\\u200b \\n giao ban ")
    'Hội nghị giao ban'
    """
    return unicodedata.normalize("NFC", " ".join(_UNSHOWABLE.sub("", text).split()))


def clean_text(text: str) -> str:
    """Like `clean`, but paragraphs stay: lines are kept, no more than one empty line between
    two."""
    joined = "\n".join(clean_lines(text))
    return (_MANY_BREAKS.sub("\n\n", joined) if "\n\n\n" in joined else joined).strip()


def clean_lines(text: str, *, is_known_showable: bool = False) -> list[str]:
    """Each line of a text as `clean` gives it; an end of line is what Unicode calls one."""
    whole = text.replace("\u00a0", " ").replace("\t", " ")
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    if not (is_known_showable or is_showable(whole)):
        whole = _UNSHOWABLE.sub("", "\n".join(whole.splitlines()))
        return [" ".join(line.split()) for line in unicodedata.normalize("NFC", whole).split("\n")]
    whole = unicodedata.normalize("NFC", whole)
    while "  " in whole:
        whole = whole.replace("  ", " ")
    return [line.strip() for line in whole.split("\n")]


def is_showable(text: str) -> bool:
    """Whether it is certain that no character is to be taken out, and no white space is a rare one.

    Told mostly from the bytes, at half the cost of looking at characters.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    if len(data.translate(None, _RARE_STARTS)) != len(data) or _RARE_LATIN.search(data):
        return False
    return not _RARE_PUNCTUATION.search(data) and not any(
        letter in text for letter in _RARE_LETTERS
    )


# Đ is written with three code points that look alike; dashes, quotes and spaces with many more.
_LOOKALIKES = str.maketrans(
    {"ð": "đ", "ɖ": "đ"}
    | dict.fromkeys("‐‑‒–—―−－", "-")
    | dict.fromkeys("“”„‟«»＂″", '"')
    | dict.fromkeys("‘’‚‛`´′", "'")
    | {"…": "...", "／": "/", "：": ":"}
)
_LOOKALIKE = re.compile(
    "[" + re.escape("".join(map(chr, _LOOKALIKES))) + "]"
)  # a tenth of the cost of translating
# The tone mark of oa, oe and uy stands on either vowel, by old or new custom: both become the new
# one.
_OLD_TONES = re.compile("[òóỏõọ][ae]|[ùúủũụ]y")
_NEW_TONES = {
    old_first + second: first + new_second
    for first, olds, second, news in (
        ("o", "òóỏõọ", "a", "àáảãạ"),
        ("o", "òóỏõọ", "e", "èéẻẽẹ"),
        ("u", "ùúủũụ", "y", "ỳýỷỹỵ"),
    )
    for old_first, new_second in zip(olds, news, strict=True)
}


def fold(text: str) -> str:
    """The form in which texts are compared: case, composition, tone placement, Đ, dashes, quotes
    and spaces.

    Never accents: họp and hợp stay two words.

    >>> fold("ỦY BAN  hoá – Ðảng")
    'uỷ ban hoá - đảng'
    """
    lowered = unicodedata.normalize("NFC", _UNSHOWABLE.sub("", text)).lower()
    if _LOOKALIKE.search(lowered):
        lowered = lowered.translate(_LOOKALIKES)
    return _OLD_TONES.sub(lambda match: _NEW_TONES[match[0]], " ".join(lowered.split()))


def fold_beside(text: str) -> tuple[str, str]:
    """The text with its capitals, and as `fold` has it: letter by letter beside each other, but
    where a letter has no capital of one letter.

    >>> fold_beside("UBND xã  Hoà Bình")
    ('UBND xã Hoà Bình', 'ubnd xã hoà bình')
    """
    shown = " ".join(unicodedata.normalize("NFC", _UNSHOWABLE.sub("", text)).split())
    if "…" in shown:
        shown = shown.replace("…", "...")
    return shown, fold(shown)


def fold_plain(text: str) -> str:
    """`fold` without accents, for search: `Hội nghị` becomes `hoi nghi`."""
    decomposed = unicodedata.normalize("NFD", fold(text))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("đ", "d")


def slugify(text: str) -> str:
    """ASCII letters and digits joined by single dashes: `Xã Quảng Hòa` becomes `xa-quang-hoa`."""
    return _NOT_IN_A_SLUG.sub("-", fold_plain(text)).strip("-")


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words and then marked with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    if not text[len(head)].isspace():
        head = head[: max(head.rfind(" "), 0)] or head
    return head.rstrip(" ,;:-–—.") + "…"


_ABBREVIATIONS = frozenset(
    {
        "tp",
        "tt",
        "tx",
        "th",
        "ths",
        "ts",
        "pgs",
        "gs",
        "bs",
        "cn",
        "ks",
        "kts",
        "pts",
        "ubnd",
        "hđnd",
        "mttq",
        "v.v",
        "đ/c",
        "đc",
        "ô",
        "b",
        "tr",
        "st",
        "no",
        "mr",
        "ms",
        "dr",
        "q",
        "p",
        "h",
        "x",
        "nxb",
    }
)
_SENTENCE_END = re.compile(r"(?:(?<![.!?])[.!?]++|…)[\"'”’»)\]]*+(?=\s|$)")


_NEAR = 40  # what stands further away than a long word says nothing of a full stop


def _is_end(paragraph: str, match: re.Match[str]) -> bool:
    rest = paragraph[match.end() : match.end() + _NEAR].lstrip(" \"'“‘«([-–—")
    if rest and not (rest[0].isupper() or rest[0].isdigit()):
        return False
    if not match[0].startswith(".") or match[0].startswith("..") or not rest:
        return True
    word = (
        paragraph[max(match.start() - _NEAR, 0) : match.start()]
        .rsplit(" ", 1)[-1]
        .lstrip("\"'“‘«([")
    )
    is_initial = len(word) == 1 and word.isupper()
    is_numbering = word.isdigit() and len(word) <= 2 and match.start() == len(word)
    return not (is_initial or is_numbering or word.lower() in _ABBREVIATIONS)


def first_sentences(text: str, n: int) -> str:
    """The first `n` sentences as they stand, joined by a space. The end of a line ends a
    sentence."""
    sentences: list[str] = []
    for line in clean_text(text).split("\n"):
        start = 0
        for match in _SENTENCE_END.finditer(line):
            if _is_end(line, match):
                sentences.append(line[start : match.end()].strip())
                start = match.end()
        sentences.append(line[start:].strip())
        sentences = [sentence for sentence in sentences if sentence]
        if len(sentences) >= n:
            break
    return " ".join(sentences[:n])


# --- dates ------------------------------------------------------------------------------------

# Since June 1975 the whole country keeps +07:00; older years on a portal are a database's zero, not
# a date.
_FIRST_YEAR, _LAST_YEAR = 1976, 2100


def checked_date(year: int, month: int, day: int, first_year: int = _FIRST_YEAR) -> date | None:
    """The date, where the calendar has it and a portal could mean it."""
    if not first_year <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


_RUNNING_DATE = re.compile(
    r"(?<![\w/.\-–])(?:"
    r"(?P<d>\d{1,2})(?:\s*(?P<s>[/\-–])\s*|\.)(?P<m>\d{1,2})"
    r"(?:(?(s)\s*(?P=s)\s*|\.)(?P<y>\d{4}))?(?![\d/]|[.\-–]\d|%)"
    r"|(?P<d2>\d{1,2})\s*(?:tháng|/\s*tháng)\s*(?P<m2>\d{1,2})\b(?:\s*+(?:,\s*+)?(?:/\s*+)?năm\s*+(?P<y2>\d{4}))?(?!\d))",
    re.IGNORECASE,
)
_BEFORE_A_DAY = re.compile(
    r"(?:ngày|sáng|trưa|chiều|tối|đêm|hôm nay|hôm qua)\s*\(?$", re.IGNORECASE
)
_FIRST_RUNNING_YEAR = 1900  # a text may speak of history


def find_dates(
    text: str, near: date | None = None, before_day: re.Pattern[str] = _BEFORE_A_DAY
) -> list[tuple[date, int, int]]:
    """Every date in running text with the offsets of its words.

    A day without a year (`sáng 16.6`) counts only after a word for a day, which `before_day` finds
    at its end, and takes the year that brings it closest to `near`; without `near` it is left out.
    """
    found: list[tuple[date, int, int]] = []
    for match in _RUNNING_DATE.finditer(text):
        day, month = int(match["d"] or match["d2"]), int(match["m"] or match["m2"])
        year = match["y"] or match["y2"]
        if year:
            when = checked_date(int(year), month, day, _FIRST_RUNNING_YEAR)
        elif near and before_day.search(text, max(match.start() - 12, 0), match.start()):
            when = _closest(month, day, near)
        else:
            continue
        if when:
            found.append((when, match.start(), match.end()))
    return found


def _closest(month: int, day: int, near: date) -> date | None:
    candidates = (
        checked_date(near.year + step, month, day, _FIRST_RUNNING_YEAR) for step in (0, -1, 1)
    )
    return min((c for c in candidates if c), key=lambda c: abs(c - near), default=None)
