"""Tables that spreadsheets open: none of their cells is ever calculated, whatever a stranger wrote
into it and whatever the program that opens it takes for the end of a cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_CALCULATED = frozenset("=+-@|\u2212")
"""With these begins what spreadsheets calculate or hand to other programs; wide and small forms are
folded."""

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})

_QUOTED = re.compile('[,;\t\r\n"]')
_OTHER_END = re.compile(r"[;\t\r\n]")
"""Ends a cell where the program was told another separator: a semicolon is that of many countries,
and LibreOffice takes all three at once."""

Row = Iterable[str]


def csv_table(heads: Row, rows: Iterable[Row]) -> bytes:
    """CSV (RFC 4180) in UTF-8, with a byte order mark, without which Excel takes it for another
    encoding."""
    lines = (",".join(map(_written, row)) + "\r\n" for row in (heads, *rows))
    return b"\xef\xbb\xbf" + "".join(lines).encode("utf-8", "replace")


def _written(cell: str) -> str:
    plain = plain_cell(cell)
    return '"' + plain.replace('"', '""') + '"' if _QUOTED.search(plain) else plain


def plain_cell(cell: str) -> str:
    """A cell that a spreadsheet might calculate is made text by an apostrophe, whatever invisible
    stands before; so is what follows in it where a cell might end for another separator.

    >>> plain_cell("=1+1"), plain_cell("＝1"), plain_cell("\\t@x"), plain_cell("a=b")
    ("'=1+1", "'＝1", "'\\t@x", 'a=b')
    >>> plain_cell("a;=1"), plain_cell("a; b")
    ("a;'=1", 'a; b')
    """
    shown = len(cell) - len(_without_invisible(cell))
    mark = "'" if cell[:1] in ("\t", "\r", "\n") or _is_calculated(cell[shown:]) else ""
    parts = _OTHER_END.split(cell[shown:])
    if len(parts) == 1:
        return mark + cell
    at = shown + len(parts[0])
    made = [mark, cell[:at]]
    for part in parts[1:]:
        is_marked = _is_calculated(_without_invisible(part))
        made += [cell[at], "'" if is_marked else "", part]
        at += 1 + len(part)
    return "".join(made)


def _without_invisible(text: str) -> str:
    """From its first visible character on."""
    return next((text[n:] for n, char in enumerate(text) if not _is_invisible(char)), "")


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE


def _is_calculated(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1])[:1] in _CALCULATED if text else False
