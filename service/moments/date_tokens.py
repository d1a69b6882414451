"""A label cut into numbers, words and signs, so that each form of a date is read by looking a few
of them ahead.

Words are compared in lower case and without accents: `Tháng Mười Một` and `thang muoi mot` are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST = 1_000
"""Characters of a text in which a date is looked for: a label is shorter by far."""
_TOKEN = re.compile(r"\d+|[^\W\d_]+|\S")
_LETTERS = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
_PLAIN = str.maketrans(
    {letter: unicodedata.normalize("NFD", letter)[0] for letter in _LETTERS}
    | {"đ": "d", "ð": "d"}
    | dict.fromkeys("‐‑‒–—―−－", "-")
    | {"／": "/", "：": ":", "．": ".", "•": "|", "·": "|", "\u2019": "'", "\u2032": "'"}
)
_NONE = ""


@dataclass(slots=True)
class Tokens:
    """`said[i]` is the i-th token; beyond the last there are empty ones, so that readers may look
    ahead."""

    text: str
    """Where the offsets lead: composed, the white space as it came."""
    said: list[str]
    starts: list[int]

    def at(self, index: int) -> str:
        return self.said[index] if 0 <= index < len(self.said) else _NONE

    def end(self, index: int) -> int:
        """The offset after the token before `index`."""
        return self.starts[index - 1] + len(self.said[index - 1]) if index else 0

    def is_glued(self, index: int) -> bool:
        """Whether no white space stands before this token."""
        return 0 < index < len(self.said) and self.end(index) == self.starts[index]

    def number(self, index: int, longest: int = 2) -> int | None:
        """The value of a number of at most so many digits."""
        token = self.at(index)
        return int(token) if token.isdecimal() and len(token) <= longest else None

    def year(self, index: int) -> int | None:
        token = self.at(index)
        return int(token) if len(token) == 4 and token.isdecimal() else None


def cut(text: str) -> Tokens:
    """The tokens of a text, of its first `MOST` characters."""
    composed = unicodedata.normalize("NFC", text[:MOST])
    plain = composed.lower().translate(_PLAIN)
    if len(plain) != len(composed):  # `İ` grows when it is lowered: no letter of a date
        composed = plain
    found = list(_TOKEN.finditer(plain))
    return Tokens(composed, [one[0] for one in found], [one.start() for one in found])
