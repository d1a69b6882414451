"""Reads the shipped tables of places: the list of provinces, and the units of one.

Columns are told in `config/places/README.md`. Owns the ids: a name without accents, the code, and
when the unit stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.errors import ConfigurationError
from service.posts.place_units import KINDS, GazetteerUnit, Succession, SuccessorShare, UnitArea
from service.text import fold, slugify
from service.types import Place

TWO_LEVELS_SINCE = date(2025, 7, 1)
"""Districts were abolished, and provinces joined (202/2025/QH15): ids of units that ended before
say so."""
_SHARES = {"d": SuccessorShare.PEOPLE, "p": SuccessorShare.PART, "a": SuccessorShare.AREA}
_UNIT_COLUMNS, _PROVINCE_COLUMNS = 7, 8


@dataclass(frozen=True, slots=True)
class Province:
    """A province or city of the first level with the days it held."""

    code: str
    """Of the file that has its units: that of the province it belongs to today."""
    kind: str
    name: str
    starts_on: date | None
    ends_on: date | None
    districts: tuple[str, ...]
    """That it had, with their kinds, as written."""
    hosts: tuple[str, ...]
    """Labels of web addresses that mean it, beside its name without accents."""


def parse_provinces(text: str, origin: str) -> tuple[Province, ...]:
    """Raises ConfigurationError that names the file and the line."""
    return tuple(
        Province(
            code=row[0],
            kind=row[1],
            name=row[2],
            starts_on=_day(row[3], where),
            ends_on=_day(row[4], where),
            districts=tuple(filter(None, row[5].split("; "))),
            hosts=tuple(filter(None, row[6].split("; "))),
        )
        for where, row in _rows(text, origin, _PROVINCE_COLUMNS)
    )


def parse_province(text: str, names: Sequence[str], code: str, origin: str) -> list[GazetteerUnit]:
    """The units of one file; `names` are the whole province's, today's first. Raises
    ConfigurationError that names the file and the line."""
    rows = [
        (where, row, _day(row[4], where), _day(row[5], where))
        for where, row in _rows(text, origin, _UNIT_COLUMNS)
    ]
    ids = {
        (row[0], starts_on): unit_id(row[2], row[0], starts_on, ends_on)
        for _, row, starts_on, ends_on in rows
    }
    areas = _Areas(code, names)
    heirs = _Successors(ids)
    fed: dict[str, dict[str, None]] = {}
    for where, row, _, ends_on in rows:
        for one in heirs.read(row[6], ends_on, where):
            fed.setdefault(one.id, {}).setdefault(row[3])
    units = []
    for where, row, starts_on, ends_on in rows:
        if row[1] not in KINDS:
            raise ConfigurationError(f"{where}: kind {row[1]!r}; allowed: {', '.join(KINDS)}")
        units.append(
            GazetteerUnit(
                Place(ids[row[0], starts_on], f"{row[1].capitalize()} {row[2]}"),
                KINDS[KINDS.index(row[1])],
                starts_on,
                ends_on,
                heirs.read(row[6], ends_on, where),
                areas.of(row[3], tuple(filter(None, fed.get(ids[row[0], starts_on], ())))),
            )
        )
    return units


def names_of(provinces: Sequence[Province], code: str) -> tuple[str, ...]:
    """What a whole province is and was called, today's name first; not what was joined to it."""
    rows = [one for one in provinces if one.code == code]
    today = [one.name for one in rows if one.ends_on is None]
    before = [one.name for one in rows if one.ends_on and not one.districts]
    return tuple(dict.fromkeys([*today, *before]))


def unit_id(name: str, code: str, starts_on: date | None, ends_on: date | None) -> str:
    """`quang-ninh-16540`; `quang-hai-16540-cu` for what ended with the districts; with its first
    day for what began after them."""
    known = f"{slugify(name)}-{code}"
    if ends_on is not None and ends_on < TWO_LEVELS_SINCE:
        return f"{known}-cu"
    is_later = starts_on is not None and starts_on > TWO_LEVELS_SINCE
    return f"{known}-{starts_on}" if is_later else known


class _Areas:
    """Each area once, however many units lie in it."""

    def __init__(self, code: str, names: Sequence[str]) -> None:
        self._code = code
        self._names = tuple(map(fold, names))
        self._today = names[0]
        self._known: dict[tuple[str, tuple[str, ...]], UnitArea] = {}

    def of(self, written: str, fed_by: tuple[str, ...]) -> UnitArea:
        """`Huyện Lộc Ninh, Tỉnh Bình Phước`; empty since districts were abolished. `fed_by`: the
        same of what the unit took in."""
        key = written, fed_by
        if key not in self._known:
            district, _, province = fold(written).partition(", ")
            former = province.removeprefix("tỉnh ").removeprefix("thành phố ")
            names = (*self._names, former) if former else self._names
            shown = ", ".join(filter(None, (written, "" if former else self._today)))
            before = tuple(fold(one).partition(", ")[0] for one in fed_by if one != written)
            self._known[key] = UnitArea(self._code, names, district, before, shown)
        return self._known[key]


class _Successors:
    """What successors are written as, to the ids that stood on the day after."""

    def __init__(self, ids: Mapping[tuple[str, date | None], str]) -> None:
        self._ids = ids
        self._known: dict[tuple[str, date | None], tuple[Succession, ...]] = {}

    def read(self, written: str, ended_on: date | None, where: str) -> tuple[Succession, ...]:
        key = written, ended_on
        if key not in self._known:
            self._known[key] = tuple(
                self._one(part, ended_on, where) for part in filter(None, written.split(","))
            )
        return self._known[key]

    def _one(self, part: str, ended_on: date | None, where: str) -> Succession:
        code = part.rstrip("dpa")
        day = ended_on + timedelta(days=1) if ended_on else None
        found = self._ids.get((code, day))
        share = _SHARES.get(part[len(code) :], SuccessorShare.WHOLE)
        if found is None or len(part) - len(code) > 1:
            raise ConfigurationError(
                f"{where}: successor {part!r}; allowed: the code of a unit that begins on the day "
                f"after, with d, p, a or nothing"
            )
        return Succession(found, share)


def _rows(text: str, origin: str, columns: int) -> Iterator[tuple[str, Sequence[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        row = line.split("\t")
        where = f"{origin}:{number}"
        if len(row) != columns:
            raise ConfigurationError(f"{where}: {len(row)} columns; allowed: {columns}")
        yield where, row


def _day(written: str, where: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise ConfigurationError(f"{where}: day {written!r}; allowed: yyyy-mm-dd") from error
