"""Where a text names communes. Never a name alone: `Quảng Ninh` is also a province, `trung tâm` a
word.

A search starts from the kind word and looks the next words up, so that its cost does not grow with
the number of names. Of several units of one name and kind the one is meant that lies in what is
named after it (`huyện Y`, `tỉnh X`), else in the portal's province, that held on the day, that lies
in the portal's own district; none where more than one remains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from service.posts.place_units import GazetteerUnit, PortalArea, UnitArea, without_kind
from service.text import fold_beside

Named = Callable[[str], Sequence[GazetteerUnit]]
"""The units of a folded name without its kind."""

_KIND = re.compile(
    r"(?<!\w)(?<!thị )(?<!hợp tác )(xã|phường|thị trấn|đặc khu|tt\.?)(?:\s?+:)?\s++(?=\w)"
)
_WORD = re.compile(r"[^\W_]++")
_LIST_GOES_ON = re.compile(r"\s?+(?:[,;]|(?:,\s?+)?và|-)\s?+(xã\s)?(?=\w)")
_AREA_AFTER = re.compile(
    r"\s?+(?:[,(-]\s?+)?(?:thuộc\s?+)?(huyện|thị xã|thành phố|tp\.?|quận|tỉnh)\s++"
)
_NAME_CHARS = 60  # the longest name has 24
_PLAIN_WORDS = frozenset(
    {
        "an bình", "an toàn", "anh dũng", "bình an", "bình minh", "cần kiệm", "chính nghĩa",
        "công lý", "cộng hoà", "dân chủ", "đông", "đồng tâm", "độc lập", "đoàn kết", "hạnh phúc",
        "hiệp hoà", "hoà bình", "hoà thuận", "hợp nhất", "hợp tiến", "hưng thịnh", "kháng chiến",
        "liên hợp", "nông trường", "quyết tâm", "quyết thắng", "thanh bình", "thành công",
        "thắng lợi", "thịnh vượng", "thống nhất", "tiên tiến", "tiến bộ", "tiền phong",
        "trung tâm", "trung thành", "tự do", "tự lập", "văn hoá", "văn minh", "vinh quang",
    }
)  # fmt: skip
"""Names of communes that are words too: without a capital they are words."""


@dataclass(frozen=True, slots=True)
class _PlaceMention:
    kind: str
    units: Sequence[GazetteerUnit]
    """Of that name, of any kind, in what is named after it."""


def find_units(
    named: Named, longest: int, text: str, on: date | None, area: PortalArea
) -> tuple[GazetteerUnit, ...]:
    """The units that a text names, in order of their first mention. `longest`: words of the longest
    name; `on`: the day of the text, None where it is unknown; `area`: of the portal."""
    if not longest:
        return ()
    shown, folded = fold_beside(text)
    reader = _MentionReader(named, longest, folded, shown if len(shown) == len(folded) else "")
    found: dict[str, GazetteerUnit] = {}
    for mention in reader.mentions():
        unit = pick(mention.units, mention.kind, on, area)
        if unit is not None:
            found.setdefault(unit.place.id, unit)
    return tuple(found.values())


def pick(
    units: Sequence[GazetteerUnit], kind: str, on: date | None, area: PortalArea
) -> GazetteerUnit | None:
    """The one that is meant, of units of one name; None where none or more than one may be."""
    left = [unit for unit in units if _is_of(unit, kind)]
    if len(left) > 1 and area.province:
        left = [unit for unit in left if unit.area.province in (area.province, "")] or left
    if len(left) > 1:
        left = _of_the_day(left, on)
    if len(left) > 1:
        left = [unit for unit in left if unit.place.id in area.ids] or left
    return left[0] if len(left) == 1 else None


def _of_the_day(units: list[GazetteerUnit], on: date | None) -> list[GazetteerUnit]:
    """Those that held then; else those that ended last before, else those that came first after."""
    held = [unit for unit in units if unit.stood_on(on)]
    if held:
        return held
    ended = [unit for unit in units if unit.ends_on and (on is None or unit.ends_on < on)]
    if ended:
        last = max(unit.ends_on for unit in ended if unit.ends_on)
        return [unit for unit in ended if unit.ends_on == last]
    first = min(unit.starts_on for unit in units if unit.starts_on)
    return [unit for unit in units if unit.starts_on == first]


class _MentionReader:
    """Reads one text. `shown` is the folded text with its capitals; empty where they cannot be
    told."""

    def __init__(self, named: Named, longest: int, folded: str, shown: str) -> None:
        self._named = named
        self._longest = longest
        self._text = folded
        self._shown = shown
        self._past = -1
        """Where the last name, with the areas after it, ended."""

    def mentions(self) -> Iterator[_PlaceMention]:
        for kind in _KIND.finditer(self._text):
            if kind.start() >= self._past:
                yield from self._list(kind[1], kind.end())

    def _list(self, kind: str, at: int) -> Iterator[_PlaceMention]:
        """`xã A, B và C`."""
        is_capital = self._is_capital(at)
        is_first = True
        while (name := self._name(kind, at)) is not None:
            end, units = name
            word = self._text[at:end]
            if not is_first and is_capital and not self._is_capital(at):
                return
            if not is_capital and self._shown and word in _PLAIN_WORDS:
                return
            self._past, inside = self._lie_in_named(end, units)
            if not inside:
                return
            yield _PlaceMention(kind, inside)
            goes_on = _LIST_GOES_ON.match(self._text, end)
            if goes_on is None:
                return
            at, is_first = goes_on.end(), False
            kind = "xã" if goes_on[1] else kind

    def _is_capital(self, at: int) -> bool:
        return bool(self._shown) and not self._shown[at].islower()

    def _name(self, kind: str, at: int) -> tuple[int, Sequence[GazetteerUnit]] | None:
        """The longest name that begins here, of the kind where there is one: where it ends, and
        whose it is."""
        ends: list[int] = []
        for word in _WORD.finditer(self._text, at, at + _NAME_CHARS):
            if len(ends) == self._longest:
                break
            ends.append(word.end())
        if ends and self._goes_on(at, ends[0]):
            ends = ends[1:]
        known = [
            (end, units) for end in reversed(ends) if (units := self._named(self._text[at:end]))
        ]
        of_kind = (one for one in known if any(_is_of(unit, kind) for unit in one[1]))
        return next(of_kind, known[0] if known else None)

    def _goes_on(self, at: int, end: int) -> bool:
        """Whether a first word is not a name by itself: `Đông` of `xã Đông Phú`."""
        word, after = self._shown[at:end], self._shown[end : end + 2]
        return not word.isupper() and after[:1] == " " and after[1:].isupper()

    def _lie_in_named(
        self, end: int, units: Sequence[GazetteerUnit]
    ) -> tuple[int, Sequence[GazetteerUnit]]:
        """The units that lie in the districts and the province named next, and where these end."""
        while (after := _AREA_AFTER.match(self._text, end)) is not None:
            rest = self._text[after.end() : after.end() + _NAME_CHARS]
            units = _lying_in(units, after[1], rest)
            said = [
                len(name)
                for unit in units
                for name in _names(unit.area, after[1])
                if _begins(rest, name)
            ]
            if not said:
                break
            end = after.end() + max(said)
        return end, units


def _is_of(unit: GazetteerUnit, kind: str) -> bool:
    """An abbreviation is not trusted: `TT` is also written for what was raised since."""
    return unit.kind == kind or kind.startswith("tt")


def _lying_in(units: Sequence[GazetteerUnit], kind: str, rest: str) -> Sequence[GazetteerUnit]:
    """The units in the area that a text goes on to name: its kind, and then `rest`.

    A huyện may have become a thị xã since, so that its kind decides only between two of one name.
    """
    whole = f"{kind} {rest}"
    exact = [
        unit
        for unit in units
        if any(_begins(whole, name) for name in (unit.area.district, *unit.area.former))
    ]
    if exact:
        return exact
    return [unit for unit in units if any(_begins(rest, name) for name in _names(unit.area, kind))]


def _names(area: UnitArea, kind: str) -> Sequence[str]:
    if kind == "tỉnh":
        return area.names
    return (*map(without_kind, (area.district, *area.former)), *area.names)


def _begins(text: str, name: str) -> bool:
    return bool(name) and text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()
