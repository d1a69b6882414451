"""The lead and the summary of a post: its own first words, without what a portal prints around
them. Invents none."""

from __future__ import annotations

import re
from itertools import pairwise

from service.moments.label import find_moment
from service.text import clean, excerpt, first_sentences, fold

_SUMMARY_CHARS = 400
_LEAD_CHARS = 600
_BODY_CHARS = 20_000  # a lead is not further down
_SHORTEST = 6
_LABEL_CHARS = 60
_CAPTION = re.compile(
    r"[\s(\[*-]*(?:ảnh|hình ảnh|clip|video|nguồn|tác giả|theo|bài và ảnh|bài, ảnh|tin và ảnh|tin, "
    r"ảnh|tin bài"
    r"|lượt xem|đã xem|số lượt xem|quang cảnh|toàn cảnh|một số hình ảnh)"
    r"(?:\s*[:.)]|\s+(?:hội nghị|buổi|lễ|cuộc họp|kỳ họp|đại hội|minh hoạ)\b)"
    r"|.{0,80}\(ảnh\b[^)]*+(?:\)[\s.]*+)?$"
)
_FULL_LINE = 70  # characters: a file's lines have 75 to 95, its headings and labels fewer
_ITEM = re.compile(r"[-–+*•]|\d{1,3}[.)/]|[a-zđ][.)]|[IVX]{1,6}[.)]|[^:]{2,30}:")
_ENDS = (".", "!", "?", "…", ":", ";", "./", "”", '"')


def joined_lines(text: str) -> str:
    """The text of a file with the lines of each paragraph joined, as far as they certainly go on.

    A line goes on where the next begins with a small letter, or where it is a long one that ends
    without a mark and the next is neither an item of a list nor a label.
    """
    lines: list[str] = []
    for line in (stripped for raw in text.split("\n") if (stripped := raw.strip())):
        if lines and _goes_on(lines[-1], line):
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def with_joined_lines(text: str) -> str:
    """The same text, of the same length, in which the end of a line is a space where the paragraph
    certainly goes on: offsets stay."""
    lines = text.split("\n")
    parts = [lines[0]]
    for line, following in pairwise(lines):
        goes_on = bool(line.strip() and following.strip()) and _goes_on(
            line.strip(), following.strip()
        )
        parts.append(" " if goes_on else "\n")
        parts.append(following)
    return "".join(parts)


def _goes_on(line: str, following: str) -> bool:
    if line.endswith((".", ";", ":", "!", "?")) or _ITEM.match(following):
        return False
    if "|" in line or "|" in following:
        return False  # rows of a table
    return following[0].islower() or (
        len(line) >= _FULL_LINE and not line.isupper() and not following.isupper()
    )


def lead_of(text: str, title: str = "") -> str:
    """The beginning of the body, without the title again, date labels, captions and counters."""
    return " ".join(_paragraphs(text, title))[:_LEAD_CHARS]


def summary_of(text: str, title: str = "") -> str:
    """One or two sentences of the post's own, cut between words where they are very long.

    A line that does not end as a sentence does is taken only where no line does: it is a caption or
    a heading.
    """
    paragraphs = _paragraphs(text, title)
    whole = [
        line
        for line in paragraphs
        if line.rstrip("/ ").endswith(_ENDS) or len(line) > _SUMMARY_CHARS
    ]
    sentences = first_sentences("\n".join(whole or paragraphs), 2)
    first = first_sentences(sentences, 1)
    return excerpt(sentences if len(sentences) <= _SUMMARY_CHARS else first, _SUMMARY_CHARS)


def _paragraphs(text: str, title: str) -> list[str]:
    known = fold(title).rstrip(" .")
    return [
        line for line in map(clean, text[:_BODY_CHARS].split("\n")) if not _is_around(line, known)
    ]


def _is_around(line: str, title: str) -> bool:
    """Whether a line stands around the body: the title again, a date label, a caption, a counter, a
    widget."""
    if len(line) < _SHORTEST:
        return True
    if len(line) < _LABEL_CHARS and not line.endswith(".") and find_moment(line):
        return True
    folded = fold(line)
    return folded.rstrip(" .") == title or _CAPTION.match(folded) is not None
