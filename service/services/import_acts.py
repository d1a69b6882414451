"""Units and subscriptions from one table: a line each, all of them or none.

Whoever calls ends the transaction: he rolls it back where there are problems, or where he only
wanted to see what would happen. Run twice, the second changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import Connection

from service.channels import kind_of
from service.errors import Conflict, InvalidInput, LoaError, NotFound
from service.services.context import OPERATOR, Context
from service.services.filters import parse_filters
from service.services.import_table import TableRow
from service.services.subscription_acts import (
    SubscriptionChanges,
    SubscriptionRequest,
    add,
    edit,
    find_same,
)
from service.services.unit_acts import parse_unit, put
from service.storage import units
from service.types import Channel, Filters, Frequency, Subscription
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


def import_subscriptions(conn: Connection, ctx: Context, rows: list[TableRow]) -> ImportResult:
    """Does what each line says, and goes on after one that cannot be done, so that all are told at
    once."""
    result = ImportResult()
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.cells.get("unit", ""), row.cells.get("channel", ""), row.cells.get("target", ""))
        try:
            if key in seen:
                raise Conflict(coded("import.twice", line=seen[key]))
            seen[key] = row.number
            with conn.begin_nested():
                result.lines.append(_import(conn, ctx, row))
        except (InvalidInput, NotFound, Conflict) as error:
            result.problems.append(ImportProblem(row.number, _column_of(error), error))
    return result


def _column_of(error: LoaError) -> str:
    if isinstance(error, InvalidInput):
        return _FIELD_COLUMNS.get(error.field, error.field if error.field in COLUMNS else "")
    return error.kind if isinstance(error, NotFound) and error.kind in COLUMNS else ""


def _import(conn: Connection, ctx: Context, row: TableRow) -> ImportedLine:
    for column in REQUIRED:
        if column not in row.cells:
            raise InvalidInput(column, "bad.missing")
    act, unit_id = _put_unit(conn, ctx, row.cells)
    wanted = _request(ctx, row.cells, unit_id)
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
        for column in UNIT_COLUMNS[1:]:
            if column in cells:
                raise InvalidInput("unit", "bad.missing")
        return (), None
    try:
        known = units.get_unit(conn, name)
        name, place, contacts = known.name, known.place, list(known.contacts)
    except NotFound:
        place, contacts = None, []
    facts = parse_unit(
        ctx,
        name=name,
        place=cells.get("place", place),
        contacts=_SEVERAL.split(cells["contacts"]) if "contacts" in cells else contacts,
    )
    done = put(conn, ctx, facts)
    told = () if done == "unchanged" else (coded(f"import.unit_{done}", name=facts.name),)
    return told, units.get_unit(conn, facts.name).id


def _request(ctx: Context, cells: dict[str, str], unit_id: str | None) -> SubscriptionRequest:
    return SubscriptionRequest(
        Channel(cells["channel"].lower()),
        cells["target"],
        filters=_filters(ctx, cells),
        frequency=_frequency(cells.get("frequency", Frequency.IMMEDIATE.value)),
        unit=unit_id,
        name=cells.get("name", ""),
        is_confirmed=_is_yes(cells.get("confirmed", "")),
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
        if error.field != "place":
            raise
        raise InvalidInput("about_place", error.problem, error.allowed) from error


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
