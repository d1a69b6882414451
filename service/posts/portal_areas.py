"""Which province, and which old district, a portal speaks for: as its file says, else as its
address and its name say.

Never guesses between two: then nothing is said, and the operator is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.errors import ConfigurationError
from service.posts.place_units import without_kind
from service.posts.province_file import Province
from service.text import fold, slugify

_DISTRICT = re.compile(r"(?<!\w)(huyện|quận|thị xã|tx\.?|thành phố|tp\.?)\s++(?=\w)")
_SHORT = {"tx": "thị xã", "tp": "thành phố"}
WHOLE_COUNTRY = "all"
"""As the `province` of a ministry's portal."""
_PROVINCE = re.compile(r"(?<!\w)(tỉnh|thành phố|tp\.?)\s++(?=\w)")
_NO_DISTRICT = re.compile(r"(?<!\w)(?:xã|phường|đặc khu|thị trấn)(?!\w)")


@dataclass(frozen=True, slots=True)
class PortalJurisdiction:
    """What a portal speaks for. `code`: of its province, or WHOLE_COUNTRY. `parts`: folded names of
    old districts, with their kinds, or of former provinces; none, all of it."""

    code: str
    parts: tuple[str, ...]
    found_by: str
    """`file`, `address` or `name`."""


def find_spoken_for(
    provinces: Sequence[Province],
    *,
    name: str,
    host: str,
    province: str | None = None,
    districts: Sequence[str] = (),
) -> PortalJurisdiction | None:
    """None where it cannot be told, or address and name contradict each other. Raises
    ConfigurationError for a `province` or one of `districts` that is none."""
    if province is not None or districts:
        return _configured(provinces, province, districts)
    rows = _by_host(provinces, host)
    if not rows:
        return _by_name(provinces, name)
    inside = [one for one in provinces if one.code == rows[0].code]
    within = _by_name(rows if _former(rows) else inside, name)
    if within is None and _by_name(provinces, name) is not None:
        return None
    parts = (within.parts if within else ()) or _former(rows)
    return PortalJurisdiction(rows[0].code, tuple(parts), "address")


def find_area_called(provinces: Sequence[Province], asked: str) -> PortalJurisdiction | None:
    """A province or an old district by its name; None where none, or more than one, is called
    so."""
    if _called(provinces, asked):
        return _configured(provinces, asked, ())
    having = list(_having(provinces, asked))
    return PortalJurisdiction(*having[0], "file") if len(having) == 1 else None


def as_written(
    provinces: Sequence[Province], found: PortalJurisdiction
) -> tuple[str, tuple[str, ...]]:
    """`province` and `districts` as a portal's file says them; a province of before by its name,
    since its code was given again."""
    inside = [one for one in provinces if one.code == found.code]
    districts = tuple(own for one in inside for own in one.districts if fold(own) in found.parts)
    former = [one.name for one in inside if fold(one.name) in found.parts]
    return (former[0] if former else found.code), districts


def _configured(
    provinces: Sequence[Province], province: str | None, districts: Sequence[str]
) -> PortalJurisdiction:
    if province == WHOLE_COUNTRY and not districts:
        return PortalJurisdiction(WHOLE_COUNTRY, (), "file")
    rows = provinces if province is None else _called(provinces, province)
    if not rows:
        names = dict.fromkeys(f"{one.name} ({one.code})" for one in provinces if not one.ends_on)
        raise ConfigurationError(
            f"province = {province!r}; allowed: {WHOLE_COUNTRY}, {', '.join(names)}"
        )
    parts: list[str] = []
    codes = {one.code for one in rows} if province is not None else set[str]()
    for district in districts:
        having = list(_having(rows, district))
        if len({code for code, _ in having}) != 1:
            raise ConfigurationError(
                f"districts = {district!r}; allowed: a district of before July 2025 of one "
                f"province: {_some(rows)}"
            )
        codes |= {code for code, _ in having}
        parts += [part for _, names in having for part in names]
    if len(codes) != 1:
        raise ConfigurationError(f"districts = {list(districts)!r}; allowed: those of one province")
    return PortalJurisdiction(codes.pop(), tuple(parts) or _former(rows), "file")


def _some(rows: Sequence[Province]) -> str:
    names = [own for one in rows for own in one.districts]
    return ", ".join(names[:40]) + (" …" if len(names) > 40 else "")


def _called(provinces: Sequence[Province], asked: str) -> list[Province]:
    """The rows of a province by its code, or by a name of today or before."""
    name = fold(asked)
    by_code = [one for one in provinces if one.code == name]
    return by_code or [
        one for one in provinces if name in (fold(one.name), f"{one.kind} {fold(one.name)}")
    ]


def _having(provinces: Sequence[Province], asked: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Code and folded name of each district called so, with its kind or without."""
    name = fold(asked)
    for one in provinces:
        for own in map(fold, one.districts):
            if name in (own, without_kind(own)):
                yield one.code, (own,)


def _former(rows: Sequence[Province]) -> tuple[str, ...]:
    """The name of a province that was joined to another; none where the whole is meant."""
    is_joined = all(one.ends_on is not None and one.districts for one in rows)
    return (fold(rows[0].name),) if is_joined else ()


def _by_host(provinces: Sequence[Province], host: str) -> list[Province]:
    """By the label nearest to the end of the address, `quangxuong.thanhhoa.gov.vn`: the rows of
    one province; none where it names none, or may mean two."""
    for label in reversed(host.lower().split(".")):
        rows = [one for one in provinces if label in _labels(one)]
        if rows:
            return rows if len({one.code for one in rows}) == 1 else []
    return []


def _labels(one: Province) -> Iterator[str]:
    slug = slugify(one.name)
    yield from (slug, slug.replace("-", ""), *one.hosts)


def _by_name(provinces: Sequence[Province], name: str) -> PortalJurisdiction | None:
    folded = fold(name)
    named = next(_provinces_in(provinces, folded), [])
    codes = {one.code for one in named}
    inside = [one for one in provinces if not codes or one.code in codes]
    districts = [] if _NO_DISTRICT.search(folded) else list(_districts_in(inside, folded))
    if len({code for code, _ in districts}) == 1:
        parts = tuple(dict.fromkeys(part for _, part in districts))
        return PortalJurisdiction(districts[0][0], parts, "name")
    return PortalJurisdiction(named[0].code, _former(named), "name") if len(codes) == 1 else None


def _provinces_in(provinces: Sequence[Province], folded: str) -> Iterator[list[Province]]:
    """The rows that each `tỉnh X` or `thành phố X` names: a city is only one of the first level."""
    for kind in _PROVINCE.finditer(folded):
        rows = [
            one
            for one in provinces
            if _begins(folded[kind.end() :], fold(one.name))
            and (kind[1] == "tỉnh" or one.kind == "thành phố")
        ]
        if rows:
            yield rows


def _districts_in(provinces: Sequence[Province], folded: str) -> Iterator[tuple[str, str]]:
    """Code of the province and name, with its kind, of each district named."""
    for kind in _DISTRICT.finditer(folded):
        whole = _SHORT.get(kind[1].rstrip("."), kind[1])
        asked = f"{whole} {folded[kind.end() :]}"
        for one in provinces:
            for own in map(fold, one.districts):
                if _begins(asked, own):
                    yield one.code, own


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()
