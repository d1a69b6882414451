"""Units and subscriptions from one table: a line each, all of them or none.

Whoever calls ends the transaction: he rolls it back where there are problems, or where he only
wanted to see what would happen. Run twice, the second changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from sqlalchemy import Connection

from service.channels import kind_of
from service.errors import Conflict, InputFaults, InvalidInput, LoaError, NotFound
from service.services.context import OPERATOR, Context
from service.services.filters import parse_filters
from service.services.import_table import TableRow
from service.services.subscription_acts import add, edit, find_same
from service.services.subscription_checks import (
    SubscriptionChanges,
    SubscriptionRequest,
    check_request,
)
from service.services.unit_acts import UnitFacts, parse_unit, put
from service.storage import units
from service.types import Filters, Frequency, Subscription
from service.words import coded

FILTERS = {
    "category": "categories",
    "portal": "portals",
    "about_place": "places",
    "keyword": "keywords",
    "urgency": "urgencies",
    "kind": "kinds",
}
"""Column of a filter: its field. `place` is that of the unit."""
UNIT_COLUMNS = ("unit", "place", "contacts")
COLUMNS = (*UNIT_COLUMNS, "channel", "target", "name", *FILTERS, "frequency", "confirmed")
REQUIRED = ("channel", "target")

_SEVERAL = re.compile(r"[;,\s]+")
_FIELD_COLUMNS = {"url": "target", "address": "target", "email": "target", "line": "name"}
"""Fields that errors name otherwise than columns are named."""


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """What is wrong with a line, in a column; `column` is empty where it is about the whole."""

    line: int
    column: str
    error: LoaError

    def said(self, language: str) -> str:
        """In the reader's language; what is known in English alone stays English."""
        from service.words import say

        reason = coded("other", words=self.error.said(language) or str(self.error))
        if not self.column:
            return say(coded("import.line", line=self.line, reason=reason), language)
        at = coded("import.at", line=self.line, column=self.column, reason=reason)
        return say(at, language)


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What became of a line: `acts` are coded; `secret` is there for a new webhook alone."""

    line: int
    acts: tuple[str, ...]
    subscription_id: str
    target: str
    secret: str | None = None


@dataclass(slots=True)
class ImportResult:
    lines: list[ImportedLine] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)


class SeenLines:
    """Which office, channel and target stood in which line: of a million lines some 100 MB."""

    def __init__(self) -> None:
        self._lines: dict[bytes, int] = {}

    def require_new(self, row: TableRow) -> None:
        """Raises Conflict for one that an earlier line named."""
        named = "\0".join(row.cells.get(name, "") for name in ("unit", "channel", "target"))
        key = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=10).digest()
        if key in self._lines:
            raise Conflict(coded("import.twice", line=self._lines[key]))
        self._lines[key] = row.number


def import_subscriptions(
    conn: Connection, ctx: Context, rows: Iterable[TableRow], seen: SeenLines | None = None
) -> ImportResult:
    """Does what each line says, and goes on after one that cannot be done, so that all are told at
    once. `seen`: the lines before these, of the same table."""
    result, seen = ImportResult(), seen or SeenLines()
    for row in rows:
        try:
            seen.require_new(row)
            with conn.begin_nested():
                result.lines.append(_import(conn, ctx, row))
        except (InvalidInput, NotFound, Conflict) as error:
            result.problems += _problems(row, error)
    return result


def _problems(row: TableRow, error: LoaError) -> list[ImportProblem]:
    """One for each fault of the line."""
    if not isinstance(error, InvalidInput):
        return [ImportProblem(row.number, _column_of(error), error)]
    alone = [InvalidInput(one.field, one.problem, one.allowed) for one in error.faults]
    return [ImportProblem(row.number, _column_of(one), one) for one in alone]


def _column_of(error: LoaError) -> str:
    if isinstance(error, InvalidInput):
        return _FIELD_COLUMNS.get(error.field, error.field if error.field in COLUMNS else "")
    return error.kind if isinstance(error, NotFound) and error.kind in COLUMNS else ""


def check_lines(ctx: Context, rows: Iterable[TableRow], seen: SeenLines) -> list[ImportProblem]:
    """What is wrong with these lines, as far as it can be seen without a database. `seen`: the
    lines before them, of the same table."""
    problems = []
    for row in rows:
        try:
            seen.require_new(row)
            _read(ctx, row)
        except LoaError as error:
            problems += _problems(row, error)
    return problems


def _read(ctx: Context, row: TableRow) -> SubscriptionRequest:
    """What a line asks for, of an office that it may name. Raises InvalidInput with all that cannot
    be."""
    faults = InputFaults()
    for column in REQUIRED:
        if column not in row.cells:
            faults.add(InvalidInput(column, "bad.missing"))
    with faults:
        _unit_facts(ctx, row.cells, None, ())
    wanted = _request(ctx, row.cells, faults)
    if wanted is not None and wanted.target:
        check_request(ctx, kind_of(wanted.channel), wanted, OPERATOR, faults)
    faults.require_none()
    assert wanted is not None  # or it would be a fault
    return wanted


def _import(conn: Connection, ctx: Context, row: TableRow) -> ImportedLine:
    wanted = _read(ctx, row)
    act, unit_id = _put_unit(conn, ctx, row.cells)
    wanted = replace(wanted, unit=unit_id)
    known = _known(conn, ctx, wanted)
    if known is None:
        made = add(conn, ctx, wanted, OPERATOR)
        added, target = made.subscription, _shown(made.subscription, wanted)
        done = coded("import.added", channel=wanted.channel, target=target)
        return ImportedLine(row.number, (*act, done), added.id, target, made.secret)
    changes = _changes(known, wanted)
    if changes != SubscriptionChanges():
        edit(conn, ctx, known.id, changes, OPERATOR)
    is_same = changes == SubscriptionChanges()
    code, target = "import.unchanged" if is_same else "import.updated", _shown(known, wanted)
    done = coded(code, channel=wanted.channel, target=target)
    return ImportedLine(row.number, (*act, done), known.id, target)


def _shown(one: Subscription, wanted: SubscriptionRequest) -> str:
    """As the line has it, unless that holds secrets."""
    return one.target if kind_of(one.channel).is_sealed else wanted.target


def _put_unit(
    conn: Connection, ctx: Context, cells: dict[str, str]
) -> tuple[tuple[str, ...], str | None]:
    """What was done to the office, coded, and its id; what a line leaves out stays as it is."""
    name = cells.get("unit")
    if name is None:
        return (), None
    try:
        known = units.get_unit(conn, name)
        facts = _unit_facts(ctx, {**cells, "unit": known.name}, known.place, known.contacts)
    except NotFound:
        facts = _unit_facts(ctx, cells, None, ())
    assert facts is not None  # it is named
    done = put(conn, ctx, facts)
    told = () if done == "unchanged" else (coded(f"import.unit_{done}", name=facts.name),)
    return told, units.get_unit(conn, facts.name).id


def _unit_facts(
    ctx: Context, cells: dict[str, str], place: str | None, contacts: Sequence[str]
) -> UnitFacts | None:
    """What a line says of its office; what it leaves out is as given. None where it names none.
    Raises InvalidInput."""
    name = cells.get("unit")
    if name is None:
        if any(column in cells for column in UNIT_COLUMNS[1:]):
            raise InvalidInput("unit", "bad.missing")
        return None
    return parse_unit(
        ctx,
        name=name,
        place=cells.get("place", place),
        contacts=_SEVERAL.split(cells["contacts"]) if "contacts" in cells else contacts,
    )


def _request(
    ctx: Context, cells: dict[str, str], faults: InputFaults
) -> SubscriptionRequest | None:
    """None where the channel is none, or missing. What cannot be goes to `faults`; columns that are
    missing are told elsewhere."""
    channel, filters, frequency, is_confirmed = None, Filters(), Frequency.IMMEDIATE, False
    if "channel" in cells:
        with faults:
            channel = kind_of(cells["channel"].lower()).name
    with faults:
        filters = _filters(ctx, cells)
    with faults:
        frequency = _frequency(cells.get("frequency", Frequency.IMMEDIATE.value))
    with faults:
        is_confirmed = _is_yes(cells.get("confirmed", ""))
    if channel is None:
        return None
    return SubscriptionRequest(
        channel,
        cells.get("target", ""),
        filters=filters,
        frequency=frequency,
        name=cells.get("name", ""),
        is_confirmed=is_confirmed,
    )


def _filters(ctx: Context, cells: dict[str, str]) -> Filters:
    """Keywords are separated by semicolons, for they may hold spaces."""
    wanted = {
        name: [part.strip() for part in cells[column].split(";") if part.strip()]
        if column == "keyword"
        else list(filter(None, _SEVERAL.split(cells[column])))
        for column, name in FILTERS.items()
        if column in cells
    }
    try:
        return parse_filters(ctx, **wanted)
    except InvalidInput as error:
        raise error.renamed({"place": "about_place"}) from error


def _frequency(said: str) -> Frequency:
    try:
        return Frequency(said.lower())
    except ValueError as error:
        names = ", ".join(one.value for one in Frequency)
        raise InvalidInput(
            "frequency", coded("bad.value", text=said), coded("allowed.among", names=names)
        ) from error


def _is_yes(said: str) -> bool:
    if said.lower() not in ("", "yes", "no"):
        raise InvalidInput("confirmed", coded("bad.value", text=said), "allowed.yes")
    return said.lower() == "yes"


def _known(conn: Connection, ctx: Context, wanted: SubscriptionRequest) -> Subscription | None:
    """The same office's of that channel and target, which was not removed."""
    found = find_same(conn, ctx, wanted.channel, wanted.target)
    return next((one for one in found if one.unit_id == wanted.unit), None)


def _changes(known: Subscription, wanted: SubscriptionRequest) -> SubscriptionChanges:
    """What differs; a name that is left out stays. Who has confirmed stays so."""
    return SubscriptionChanges(
        filters=wanted.filters if known.filters != wanted.filters else None,
        frequency=wanted.frequency if known.frequency is not wanted.frequency else None,
        name=wanted.name if wanted.name and known.name != wanted.name else None,
    )
