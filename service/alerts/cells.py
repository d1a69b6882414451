"""Cells of tables that spreadsheets open: none of them is ever calculated."""

from __future__ import annotations

import unicodedata

_CALCULATED = frozenset("=+-@|\u2212")
"""With these begins what spreadsheets calculate or hand to other programs; wide and small forms are
folded."""

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def plain_cell(cell: str) -> str:
    """A cell that a spreadsheet might calculate is made text by an apostrophe, whatever invisible
    stands before.

    >>> plain_cell("=1+1"), plain_cell("＝1"), plain_cell("\\t@x"), plain_cell("a=b")
    ("'=1+1", "'＝1", "'\\t@x", 'a=b')
    """
    if cell[:1] in ("\t", "\r", "\n"):
        return f"'{cell}"
    for char in cell:
        if unicodedata.category(char) not in _INVISIBLE:
            return f"'{cell}" if unicodedata.normalize("NFKC", char)[:1] in _CALCULATED else cell
    return cell
