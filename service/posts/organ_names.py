"""Where the name of an organ ends: role, organ, area, read word by word along the table of
`organs`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from service.posts.organs import (
    AREAS,
    END,
    NAMED,
    OPEN,
    ORGANS,
    ROLES,
    STOPS,
    TOKEN,
    Trie,
    table_entries,
)
from service.text import fold

_LOOKED_AT = 300  # characters: the longest name with its roles and areas has under 200
_NAME_WORDS = 5  # of an area: Krông Pắk, Thừa Thiên Huế, Bà Rịa - Vũng Tàu
_OPEN_WORDS = 16
_AREAS = 3  # xã, huyện, tỉnh
_SURNAMES = frozenset(
    table_entries(
        "nguyễn; trần; lê; phạm; hoàng; huỳnh; phan; vũ; võ; đặng; bùi; đỗ; hồ; ngô; dương; lý; "
        "trịnh; đinh; lương;"
        " mai; đoàn; tạ"
    )
)
_ENDING = frozenset({"về", "gửi", "ngày", "yêu", "triển", "v"})
"""In a title of capitals these end a name; no place is called so."""
_ROMAN = frozenset("IVX")
_MIDDLE_NAMES = frozenset(
    table_entries(
        "văn; thị; đức; xuân; hữu; đình; quang; ngọc; công; bá; duy; hồng; mạnh; tiến; thế; "
        "trọng; viết;"
        " minh; anh; thanh"
    )
)
_PLACES_LIKE_PERSONS = frozenset({"trần văn thời", "nguyễn bỉnh khiêm", "phan đình phùng"})
_CLOSING = frozenset('.;:()[]|/"“”')


@dataclass(frozen=True, slots=True)
class _Word:
    raw: str
    folded: str
    start: int
    end: int
    is_new_line: bool
    """Whether an end of line stands before it."""

    @property
    def is_capital(self) -> bool:
        return self.raw[0].isupper()


def read_organ(text: str, start: int, *, is_heading: bool = False) -> int | None:
    """Where the organ ends whose name begins at `start`; None where none does, or its end is in
    doubt.

    `is_heading`: the text is in capitals, and a proper name goes on to the end of its line.
    """
    first = TOKEN.match(text, start, start + _LOOKED_AT)
    if first is None or not first[0][0].isupper() or not _may_begin(_folded(first[0])):
        return None
    words = _words(text, start)
    end = _OrganReader(words, is_heading).organ()
    return words[end - 1].end if end else None


def written(name: str) -> str:
    """An organ's name that stands in capitals as it is written elsewhere: `Ủy ban nhân dân xã Tiên
    Trang`."""
    words = _words(name, 0)
    reader = _OrganReader(words, is_heading=True)
    parts: list[str] = []
    at = 0
    while at < len(words):
        part, at = reader.part(at)
        parts.append(part)
    return " ".join(parts)


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    return fold(word).rstrip(".") or "."


def _may_begin(word: str) -> bool:
    return word in ORGANS or word in ROLES or word in OPEN or word in NAMED


def _words(text: str, start: int) -> list[_Word]:
    words: list[_Word] = []
    last = start
    for match in islice(TOKEN.finditer(text, start, start + _LOOKED_AT), 60):
        raw = match[0]
        # A full stop belongs to a word only in `TP.`; elsewhere it ends the sentence.
        is_after_line = last == match.start() == 0 or "\n" in text[max(last - 1, 0) : match.start()]
        if raw.endswith(".") and len(raw) > 1 and raw.casefold() != "tp.":
            words.append(
                _Word(raw[:-1], _folded(raw[:-1]), match.start(), match.end() - 1, is_after_line)
            )
            words.append(_Word(".", ".", match.end() - 1, match.end(), False))
        else:
            words.append(_Word(raw, _folded(raw), match.start(), match.end(), is_after_line))
        last = match.end()
    return words


class _OrganReader:
    """Reads one name; positions are indices of words, an end is the index after the last."""

    def __init__(self, words: list[_Word], is_heading: bool) -> None:
        self.words = words
        self.is_heading = is_heading

    def organ(self) -> int | None:
        at, roles = 0, 0
        while roles < 3:
            core = self._closed(at) or self._open(at)
            end = self._longest(ROLES, at)
            if core is not None and (end is None or core > end):
                return self._with_areas(core)
            if end is None:
                return None
            at, roles = end, roles + 1
        return None

    def part(self, at: int) -> tuple[str, int]:
        """The words that the table knows as they are written there, any other with a capital; and
        what follows."""
        for trie in (ORGANS, NAMED, ROLES, AREAS, OPEN):
            end = self._longest(trie, at)
            if end is not None:
                node = trie
                for word in self.words[at:end]:
                    node = node[word.folded]
                return next(iter(node[END])), end
        raw = self.words[at].raw
        return (raw if set(raw) <= _ROMAN else raw.capitalize()), at + 1

    def _longest(self, trie: Trie, at: int) -> int | None:
        """Where the longest name of a trie ends that begins at a word, which has to be a capital
        one."""
        if at >= len(self.words) or not self.words[at].is_capital:
            return None
        node, found = trie, None
        for i in range(at, len(self.words)):
            following = node.get(self.words[i].folded)
            if following is None:
                break
            node = following
            if END in node:
                found = i + 1
        return found

    def _closed(self, at: int) -> int | None:
        end = self._longest(ORGANS, at)
        if end is None and self.is_heading:
            end = self._longest(NAMED, at)
            return self._proper(end) if end else None
        if end is None:
            return None
        goes_on = (
            self._is(end, "và", "-")
            and end + 1 < len(self.words)
            and self.words[end + 1].is_capital
        )
        is_other = goes_on and (
            self._longest(ORGANS, end + 1) or self._longest(OPEN, end + 1) or self._area(end + 1)
        )
        if goes_on and not is_other and not self.is_heading:
            return self._open(at)  # a field that the table does not know whole
        return None if self._is(end, "các") else end

    def _open(self, at: int) -> int | None:
        """A name of the open list, up to where it has certainly ended; None in doubt."""
        end = self._longest(OPEN, at)
        if end is None:
            return None
        if self.is_heading:
            return self._line(at, end)
        first = end
        while end < len(self.words) and end - at <= _OPEN_WORDS:
            word = self.words[end]
            if self._stops(end):
                break
            if word.raw == "," or word.raw in "-–—":
                follower = self.words[end + 1] if end + 1 < len(self.words) else None
                if word.raw == ",":
                    if (
                        follower is not None
                        and follower.raw[0].islower()
                        and not self._stops(end + 1)
                    ):
                        return None
                    break
                if follower is None or not follower.is_capital:
                    break
            end += 1
        else:
            if end < len(self.words):
                return None
        return end if end > first else None

    def _line(self, at: int, head: int) -> int | None:
        """In a heading a name of the open list has a line of its own, and goes on to its end."""
        if not self.words[at].is_new_line:
            return None
        end = head
        while end < len(self.words) and end - at <= _OPEN_WORDS and not self._stops(end):
            end += 1
        is_whole = end == len(self.words) or self.words[end].is_new_line
        return end if is_whole and end > head else None

    def _stops(self, at: int) -> bool:
        word = self.words[at]
        if word.is_new_line or word.raw in _CLOSING:
            return True
        if not word.raw[0].islower():
            return False
        following = self.words[at + 1].folded if at + 1 < len(self.words) else ""
        if word.folded == "số":
            return not (following.isdecimal() and not self._is(at + 2, "/", "-"))
        return word.folded in STOPS or f"{word.folded} {following}" in STOPS

    def _with_areas(self, end: int) -> int | None:
        if self._is(end, "các"):
            return None
        parent = self._longest(ORGANS, end)
        if (
            parent is not None and not self.words[end].is_new_line
        ):  # Ban Tổ chức Tỉnh ủy, Ủy ban Kiểm tra Đảng ủy xã
            end = parent
        start = end
        for _ in range(_AREAS):
            area = self._area(end)
            if area is None:
                break
            end = area
        return self._proper(end) if end == start else end

    def _area(self, at: int) -> int | None:
        """`tỉnh Thanh Hóa`, `xã`, `khu vực 5 - Thanh Hóa`; a kind of area may stand without a
        name."""
        kind = self._area_kind(at)
        return self._proper(kind, is_kind_before=True) if kind else None

    def _proper(self, at: int, *, is_kind_before: bool = False) -> int:
        """Where a proper name of an area ends that begins here; a person's name after it is no part
        of it."""
        end = at
        while end < len(self.words) and end - at < _NAME_WORDS and self._is_of_name(end, at):
            end += 1
        while end > at and self.words[end - 1].raw in "-–—":
            end -= 1
        return end if self.is_heading else self._before_person(at, end, is_kind_before)

    def _before_person(self, at: int, end: int, is_kind_before: bool) -> int:
        """The end of an area's name without the person's that follows it."""
        for i in range(at, end - 1):
            if self.words[i].folded not in _SURNAMES or i == at + 1:
                continue
            if i > at:
                return i
            is_person = end - at > 2 and self.words[at + 1].folded in _MIDDLE_NAMES
            if (
                is_person
                and " ".join(word.folded for word in self.words[at:end]) not in _PLACES_LIKE_PERSONS
            ):
                return i
            if end - at > 2 and not is_kind_before:
                return i
        return end

    def _is_of_name(self, at: int, first: int) -> bool:
        word = self.words[at]
        if word.is_new_line and not (self.is_heading and at == first):
            return False
        if word.raw in "-–—":
            return at > first and at + 1 < len(self.words) and self.words[at + 1].is_capital
        if word.raw.isupper() and word.folded in _ENDING:
            return False
        if self._longest(ORGANS, at) or (
            (self.is_heading or not word.is_capital) and self._area_kind(at)
        ):
            return False
        if self.is_heading and (self._longest(OPEN, at) or self._longest(ROLES, at)):
            return False
        is_number = word.raw.isdecimal() and len(word.raw) <= 2 and not self._is(at + 1, "/")
        return word.is_capital or (is_number and at == first)

    def _area_kind(self, at: int) -> int | None:
        node, kind = AREAS, None
        for i in range(at, min(at + 2, len(self.words))):
            following = node.get(self.words[i].folded)
            if following is None:
                break
            node = following
            kind = i + 1 if END in node else kind
        return kind

    def _is(self, at: int, *folded: str) -> bool:
        return at < len(self.words) and self.words[at].folded in folded
