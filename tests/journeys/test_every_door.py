"""F2, F3: an act is the same by every door that has it, with the same inputs, good and bad, in
every state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from service.services.filters import MAX_KEYWORD_CHARS, MAX_KEYWORDS
from service.storage.units import add_unit, get_unit, remove_unit
from service.types import EMAIL, WEBHOOK, Channel, Filters, Frequency, SubscriptionStatus
from tests.fakes_doors import Api, Command, Desk, House, Page, Subject, opened_house
from tests.journeys.test_addresses import BAD

WEBHOOK, EMAIL = WEBHOOK, EMAIL
STATES = list(SubscriptionStatus)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def doors_of(house: House, channel: Channel, act: str) -> dict[str, Any]:
    """The doors that have the act, for this channel."""
    doors: dict[str, Any] = {
        "command": Command(house),
        "api": Api(house),
        "desk": Desk(house),
        "page": Page(house),
    }
    missing = {"confirm": {"api", "page"}, "rotate": {"page"}, "test": {"page"}}
    without = missing.get(act, set()) | ({"page"} if channel == WEBHOOK else set())
    return {name: door for name, door in doors.items() if name not in without}


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("channel", [WEBHOOK, EMAIL])
@pytest.mark.parametrize("act", ["pause", "resume", "confirm", "remove", "rotate", "test"])
def test_F2_U3_an_act_ends_alike_by_every_door(
    house: House, act: str, channel: Channel, status: SubscriptionStatus
) -> None:
    ends = {}
    for name, door in doors_of(house, channel, act).items():
        subject = house.subject(channel, status)
        verdict = door.act(subject, act)
        ends[name] = (verdict, house.snapshot(subject))
    first = next(iter(ends.values()))
    assert ends == dict.fromkeys(ends, first)
    assert first[0] == expected(act, channel, status)


def expected(act: str, channel: Channel, status: SubscriptionStatus) -> str:
    """The rule, once more: nothing skips an owner's consent, and what was removed is at its end."""
    allowed = {
        "pause": set(STATES) - {SubscriptionStatus.PENDING, SubscriptionStatus.REMOVED},
        "resume": set(STATES) - {SubscriptionStatus.PENDING, SubscriptionStatus.REMOVED},
        "confirm": {SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE},
        "remove": set(STATES),
        "rotate": set(STATES) - {SubscriptionStatus.REMOVED} if channel == WEBHOOK else set(),
        "test": {SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING}
        if channel == WEBHOOK  # while it is pending, it is asked once more
        else set(),
    }
    return "done" if status in allowed[act] else "refused"


@pytest.mark.traced
@pytest.mark.parametrize("act", ["pause", "resume"])
def test_F2_a_unit_does_not_pass_over_a_bounce(house: House, act: str) -> None:
    subject = house.subject(EMAIL, SubscriptionStatus.SUSPENDED, unit_id=house.unit_id)
    assert Api(house, is_unit=True).act(subject, act) == "refused"
    assert house.snapshot(subject)["status"] == "suspended"


@pytest.mark.parametrize("act", ["pause", "resume", "remove", "rotate", "test"])
def test_F2_what_is_another_units_is_not_there(house: House, act: str) -> None:
    subject = house.subject(WEBHOOK, SubscriptionStatus.ACTIVE)
    assert Api(house, is_unit=True).act(subject, act) == "refused"
    assert house.snapshot(subject)["status"] == "active"


HEADERS = {"X-Tenant": "7"}
MANY = [f"từ {n}" for n in range(MAX_KEYWORDS + 1)]
EDITS: dict[str, dict[str, Any]] = {
    "a category": {"categories": ["directives", "meetings"]},
    "all four": {
        "categories": ["directives"], "portals": ["quangxuong"], "places": ["quang-ninh-16540"],
        "keywords": ["bão"],
    },
    "an unknown category": {"categories": ["nope"]},
    "an unknown portal": {"portals": ["nope"]},
    "an unknown place": {"places": ["atlantis-1"]},
    "a keyword without a word": {"keywords": ["!?"]},
    "a keyword that is too long": {"keywords": ["x" * (MAX_KEYWORD_CHARS + 1)]},
    "a keyword of the longest": {"keywords": ["x" * MAX_KEYWORD_CHARS]},
    "too many keywords": {"keywords": MANY},
    "as many keywords as may be": {"keywords": MANY[:-1]},
    "a keyword twice": {"keywords": ["bão  số 5", "bão số 5"]},
    "a keyword that turns round": {"keywords": ["b\u202eão"]},
    "a digest": {"categories": ["directives"], "frequency": "daily"},
    "an unknown frequency": {"categories": ["directives"], "frequency": "hourly"},
    "headers": {"headers": HEADERS},
    "a header that Loa sets": {"headers": {"Host": "x"}},
    "a name": {"name": "  Văn thư \u200b "},
    "a name that is too long": {"name": "x" * 201},
    "a name that turns round": {"name": "a\u202eb"},
    "a name of two lines": {"name": "a\nb"},
    "another address": {"target": "https://other.example/loa"},
    "another address, vouched for": {"target": "https://other.example/loa", "confirmed": True},
    "an address inside": {"target": "https://10.0.0.1/"},
    "a vouching for nothing": {"name": "x", "confirmed": True},
    "an interval": {"min_interval_s": 5},
    "an interval that is too long": {"min_interval_s": 3601},
}  # fmt: skip
ON_PAGES = {"categories", "portals", "places", "keywords", "frequency"}


@pytest.mark.traced
@pytest.mark.parametrize("status", ["pending", "active", "removed"])
@pytest.mark.parametrize("channel", [WEBHOOK, EMAIL])
@pytest.mark.parametrize("edit", EDITS)
def test_F3_an_edit_ends_alike_by_every_door(
    house: House, edit: str, channel: Channel, status: str
) -> None:
    changes = EDITS[edit]
    doors: dict[str, Any] = {"command": Command(house), "api": Api(house)}
    if channel == EMAIL and set(changes) <= ON_PAGES:
        doors["page"] = Page(house)
    ends = {}
    for name, door in doors.items():
        subject = house.subject(channel, SubscriptionStatus(status))
        verdict = door.edit(subject, **changes)
        ends[name] = (verdict, house.snapshot(subject))
    first = next(iter(ends.values()))
    assert ends == dict.fromkeys(ends, first)
    if status == "removed":
        assert first[0] == "refused"
    if edit == "headers" and status == "active":
        assert first[0] == ("done" if channel == WEBHOOK else "refused")
        assert first[1]["headers"] == (["X-Tenant"] if channel == WEBHOOK else [])


def test_F3_an_edit_that_is_refused_changes_nothing_and_one_of_a_name_keeps_the_filters(
    house: House,
) -> None:
    for door in (Command(house), Api(house)):
        subject = house.subject(
            WEBHOOK, SubscriptionStatus.ACTIVE, filters=Filters(categories=("directives",))
        )
        before = house.snapshot(subject)
        assert door.edit(subject, name="mới", min_interval_s=3601) == "refused"
        assert house.snapshot(subject) == before
        assert door.edit(subject, name="mới", headers=HEADERS) == "done"
        assert house.snapshot(subject) == {**before, "name": "mới", "headers": ["X-Tenant"]}
    subject = house.subject(
        WEBHOOK, SubscriptionStatus.ACTIVE, filters=Filters(categories=("directives",))
    )
    only = ("--everything", "--category", "meetings")
    assert Command(house).run("subscription", "edit", subject.id, *only) == "done"
    assert json.loads(house.snapshot(subject)["definition"])["categories"] == ["meetings"]


@pytest.mark.traced
def test_F3_the_page_keeps_the_filters_that_it_has_no_field_for(house: House) -> None:
    wanted = Filters(
        portals=("quangxuong",), places=("quang-ninh-16540",), categories=("meetings",)
    )
    subject = house.subject(EMAIL, SubscriptionStatus.ACTIVE, filters=wanted)
    assert Page(house).edit(subject, categories=["directives"], frequency="weekly") == "done"
    kept = house.snapshot(subject)
    assert kept["definition"] == (
        '{"categories":["directives"],"keywords":[],"places":["quang-ninh-16540"],"portals":["quangxuong"]}'
    )
    assert kept["frequency"] == Frequency.WEEKLY


def newest(house: House) -> Subject | None:
    with house.loa.database.reading() as conn:
        row = conn.execute(
            text("SELECT id, channel FROM subscription ORDER BY id DESC LIMIT 1")
        ).first()
    return None if row is None else Subject(row.id, 0, Channel(row.channel))


ADDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a webhook": ("webhook", "https://N.example/loa", {}),
    "a webhook, vouched for": ("webhook", "https://N.example/loa", {"confirmed": True}),
    "a webhook of a unit": ("webhook", "https://N.example/loa", {"unit": "UBND xã Quảng Ninh"}),
    "a webhook of no unit": ("webhook", "https://N.example/loa", {"unit": "nobody"}),
    "a webhook with headers": ("webhook", "https://N.example/loa", {"headers": HEADERS}),
    "a webhook with a bad header": ("webhook", "https://N.example/loa", {"headers": {"Host": "x"}}),
    "a webhook in plain http": ("webhook", "http://N.example/loa", {}),
    "a webhook inside": ("webhook", "https://127.0.0.1/", {}),
    "an address": ("email", "N@xa.example", {}),
    "an address, vouched for": ("email", "N@xa.example", {"confirmed": True, "name": "Lan"}),
    "a digest": ("email", "N@xa.example", {"frequency": "daily", "categories": ["meetings"]}),
    "a name that is too long": ("email", "N@xa.example", {"name": "x" * 201}),
    **{f"filters: {name}": ("email", "N@xa.example", changes) for name, changes in EDITS.items()
       if set(changes) <= ON_PAGES},
}  # fmt: skip


@pytest.mark.parametrize("case", ADDS)
def test_F1_F3_what_is_added_is_the_same_by_every_door(house: House, case: str) -> None:
    channel, target, wanted = ADDS[case]
    doors: dict[str, Any] = {"command": Command(house), "api": Api(house)}
    ends = {}
    for name, door in doors.items():
        before, subject = newest(house), house.subject(EMAIL, SubscriptionStatus.ACTIVE)
        verdict = door.add(channel, target.replace("N", f"add{subject.number}"), **wanted)
        made = newest(house)
        assert made is not None and (made.id != subject.id) == (verdict == "done"), (before, made)
        kept = (
            house.snapshot(Subject(made.id, subject.number, made.channel))
            if verdict == "done"
            else None
        )
        ends[name] = (verdict, kept and {k: _plain(v, subject.number) for k, v in kept.items()})
    assert len({repr(end) for end in ends.values()}) == 1, ends
    if channel == "email" and set(wanted) <= ON_PAGES:
        form = Page(house).add(
            f"form{case.replace(' ', '').replace(':', '').replace(',', '')}@xa.example", **wanted
        )
        assert form == ends["api"][0]


def _plain(value: Any, number: int) -> Any:
    return value.replace(f"add{number}", "N") if isinstance(value, str) else value


@pytest.mark.parametrize("number", range(len(BAD)))
def test_F1_a_bad_address_is_refused_by_every_door(house: House, number: int) -> None:
    address = BAD[number]
    doors = [Api(house).add("email", address), Page(house).add(address)]
    if not address.startswith("-"):
        doors.append(Command(house).add("email", address))
    assert set(doors) == {"refused"}


UNITS: dict[str, tuple[str, str, list[str]]] = {
    "whole": ("N", "quang-ninh-16540", ["a@xa.example", "B@XA.example"]),
    "bare": ("N", "", []),
    "untidy": (" N \u00a0x\u200b ", "", ["a@xa.example", "A@xa.example"]),
    "without a name": ("  ", "", []),
    "a name of control characters": ("N\x1b[2J", "", []),
    "a name that turns round": ("N\u202ex", "", []),
    "a long name": ("N" + "x" * 200, "", []),
    "an unknown place": ("N", "atlantis-1", []),
    "a bad contact": ("N", "", ["a..b@xa.example"]),
    "too many contacts": ("N", "", [f"c{n}@xa.example" for n in range(11)]),
}


@pytest.mark.parametrize("case", UNITS)
def test_F1_an_office_is_added_alike_by_every_door(house: House, case: str) -> None:
    written, place, contacts = UNITS[case]
    ends: dict[str, Any] = {}
    for key, door in (
        ("command", Command(house)),
        ("api", Api(house)),
        ("desk", Desk(house)),
        ("file", None),
    ):
        name = written.replace("N", f"{case} {key}")
        if door is None:
            if "\x1b" in name:
                continue  # no line of a file: csv leaves it to the reader of lines
            verdict = _import(house, name, place, contacts)
        else:
            verdict = door.add_unit(name, place, contacts)
        with house.loa.database.reading() as conn:
            row = conn.execute(
                text("SELECT name, place, contacts FROM unit ORDER BY id DESC LIMIT 1")
            ).one()
        kept = (row.name.replace(f"{case} {key}", "N"), row.place, row.contacts)
        ends[key] = (verdict, kept if verdict == "done" else None)
    assert len(set(ends.values())) == 1, ends


UNIT_EDITS: dict[str, dict[str, Any]] = {
    "another name": {"name": "UBND xã N mới"},
    "an untidy name": {"name": " N \u00a0x\u200b "},
    "no name": {"name": "  "},
    "a name that turns round": {"name": "N\u202ex"},
    "another's name": {"name": "UBND xã Quảng Ninh"},
    "a place": {"place": "quang-ninh-16540"},
    "no place": {"place": None},
    "an unknown place": {"place": "atlantis-1"},
    "all contacts": {"contacts": ["c@xa.example", "A@xa.example"]},
    "another order": {"contacts": ["b@xa.example", "a@xa.example"]},
    "a contact more": {"add_contacts": ["c@xa.example"]},
    "a contact that is one": {"add_contacts": ["B@xa.example"]},
    "a contact less": {"remove_contacts": ["A@XA.example"]},
    "one for another": {"add_contacts": ["c@xa.example"], "remove_contacts": ["a@xa.example"]},
    "a stranger less": {"remove_contacts": ["z@xa.example"]},
    "a bad contact": {"add_contacts": ["a..b@xa.example"]},
    "too many contacts": {"add_contacts": [f"c{n}@xa.example" for n in range(9)]},
    "all at once": {"name": "M N", "place": None, "contacts": ["d@xa.example"]},
}


@pytest.mark.traced
@pytest.mark.parametrize("case", UNIT_EDITS)
def test_U2_an_office_is_edited_alike_by_every_door(house: House, case: str) -> None:
    ends: dict[str, Any] = {}
    for key, door in (("command", Command(house)), ("api", Api(house))):
        with house.loa.database.writing() as conn:
            contacts = ("a@xa.example", "b@xa.example")
            unit = add_unit(conn, name=f"{case} {key}", at=house.loa.clock(), contacts=contacts)
        changes = dict(UNIT_EDITS[case])
        if case in ("another name", "all at once"):
            changes["name"] = f"{changes['name']} {key}"
        verdict = door.edit_unit(unit.id, **changes)
        with house.loa.database.writing() as conn:
            kept = get_unit(conn, unit.id)
            ends[key] = (verdict, kept.name.replace(key, ""), kept.place, kept.contacts)
            remove_unit(conn, unit.id, house.loa.clock())
    assert len(set(ends.values())) == 1, ends


def _import(house: House, name: str, place: str, contacts: list[str]) -> str:
    file = house.terminal.folder / "units.csv"
    file.write_text(f"name,place,contacts\n{name},{place},{' '.join(contacts)}\n", "utf-8")
    if not name.strip():
        file.write_text(
            f"name,place,contacts\n{name},{place},a@xa.example\n", "utf-8"
        )  # else the line is empty
    return Command(house).run("unit", "import", str(file))


def test_headers_are_sealed_whatever_door_they_came_by(house: House) -> None:
    subject = house.subject(WEBHOOK, SubscriptionStatus.ACTIVE)
    for door in (Command(house), Api(house)):
        assert door.edit(subject, headers={"Authorization": "Bearer secret-word"}) == "done"
        with house.loa.database.reading() as conn:
            kept = conn.execute(
                text("SELECT headers FROM subscription WHERE id = :id"), {"id": subject.id}
            )
            assert "secret-word" not in str(kept.scalar_one())
