"""U1, U4: who is reminded of a deadline where a unit names no contact, and in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from sqlalchemy import insert, text

from service.services.late_acts import tell_late
from service.services.reminders import remind, remind_in_time
from service.services.urgent_reminders import remind_urgent
from service.settings import Settings
from service.storage import schema
from service.storage.engine import Database
from service.storage.post_rows import facts_to_json
from service.storage.receipts import list_receipts, write_acknowledgement
from service.storage.reminder_alarm import alarm_at, ring_by, set_alarm
from service.storage.units import add_unit
from service.types import Deadline, Post, Unit, Urgency
from service.words import code_of, say
from tests.fakes import Acting, FakeClock, act_over
from tests.fakes_ledger import hook
from tests.fakes_ledger_mail import make_post, subscribe, tell

MORNING = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # Monday, 08:00 in Việt Nam
TODAY = MORNING.date()
OPERATOR = "truc@huyen.example"
SETTINGS = {"email": {"smtp_url": "smtp://127.0.0.1:1"}, "operator": {"email": OPERATOR}}


@dataclass
class Office:
    """One unit, and how its directives are told of."""

    database: Database
    clock: FakeClock
    acting: Acting

    def unit(self, *contacts: str) -> Unit:
        with self.database.writing() as conn:
            return add_unit(conn, name="UBND xã A", at=self.clock(), contacts=contacts)

    def post(self, words: str, on: date = TODAY, post_id: str = "p1", **facts: object) -> Post:
        """A directive that asks for something until then."""
        with self.database.writing() as conn:
            post = make_post(conn, self.clock(), post_id, f"Công điện {post_id}")
            found = {"deadlines": (Deadline(on, words),) if words else (), **facts}
            known = replace(post.understanding, **found)  # type: ignore[arg-type]  # by its fields
            post = replace(post, understanding=known)
            row = text("UPDATE post SET facts = :facts WHERE id = :id")
            conn.execute(row, {"facts": orjson.dumps(facts_to_json(known)).decode(), "id": post_id})
            category = {"post_id": post_id, "category": "directives", "position": 0}
            conn.execute(insert(schema.post_category).values(**category))
            tell(conn, post, self.clock())
        return post

    def asked(self) -> list[tuple[str, str]]:
        """(who or which path, what), of all reminders that were queued, in their order."""
        query = text(
            "SELECT channel, endpoint_key, body FROM message WHERE body IS NOT NULL ORDER BY id"
        )
        with self.database.reading() as conn:
            rows = conn.execute(query).all()
        found = []
        for row in rows:
            body = orjson.loads(row.body)
            if row.channel == "webhook":
                found.append((row.endpoint_key.rpartition("/")[2], body["type"]))
            else:
                found.append((body["address"], code_of(body["subject"])))
        return found

    def wait(self, seconds: float, every_s: float = 5) -> list[float]:
        """Looks so often whether the instant of a reminder came; after how many seconds any was
        queued."""
        begun, found = self.clock(), []
        while (past := (self.clock() - begun).total_seconds()) < seconds:
            if remind_in_time(*self.acting):
                found.append(past)
            self.clock.advance(every_s)
        return found


@pytest.fixture
def office(any_database: Database) -> Iterator[Office]:
    clock = FakeClock(MORNING)
    acting = act_over(any_database, Settings.model_validate(SETTINGS), clock)
    yield Office(any_database, clock, acting)


def test_U1_a_unit_without_contacts_is_reminded_where_its_mail_goes(office: Office) -> None:
    unit = office.unit()
    with office.database.writing() as conn:
        subscribe(conn, "vanthu@xa.example", office.clock(), unit_id=unit.id)
        subscribe(conn, "ld@xa.example", office.clock(), unit_id=unit.id)
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    office.post("trước 17 giờ ngày 30/11/2026")
    office.wait(8 * 3600, 60)
    assert office.asked() == [("vanthu@xa.example", "letter.remind_subject")]


def test_U1_a_unit_with_webhooks_alone_is_reminded_by_each_of_them(office: Office) -> None:
    unit = office.unit()
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
        hook(conn, "http://127.0.0.1:8001/b", unit_id=unit.id)
    office.post("trước 17 giờ ngày 30/11/2026")
    office.wait(8 * 3600, 60)
    assert office.asked() == [("a", "receipt.reminder"), ("b", "receipt.reminder")]
    with office.database.reading() as conn:
        row = conn.execute(text("SELECT body, state FROM message WHERE body IS NOT NULL")).first()
    assert row is not None and row.state == "due"
    data = orjson.loads(row.body)["data"]
    assert (data["id"], data["revision"]) == ("p1", 1) and "/receipts/" in data["receipt_url"]
    assert data["due"] == [{"at": "2026-11-30T10:00:00Z", "text": "trước 17 giờ ngày 30/11/2026"}]


def test_U1_before_a_deadline_the_operator_is_told_of_a_unit_that_nothing_reaches(
    office: Office,
) -> None:
    unit = office.unit()
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    office.post("trước 17 giờ ngày 30/11/2026")
    with office.database.writing() as conn:
        conn.execute(text("UPDATE endpoint SET status = 'disabled'"))
    office.wait(8 * 3600, 60)
    assert office.asked() == [(OPERATOR, "letter.unreached_subject")]
    with office.database.reading() as conn:
        letter = orjson.loads(
            conn.execute(text("SELECT body FROM message WHERE body IS NOT NULL")).scalar_one()
        )
    for language in ("vi", "en"):
        said = "\n".join(say(one, language) for one in letter["paragraphs"])
        assert "UBND xã A" in said and "17 giờ" in said


@pytest.mark.parametrize(
    ("minutes", "after_s"),
    [(1, 30), (4, 120), (40, 20 * 60), (7 * 60, 3.5 * 3600)],
)
def test_U4_a_deadline_minutes_after_the_sending_is_reminded_of_before_it(
    office: Office, minutes: int, after_s: float
) -> None:
    unit = office.unit("a@xa.example")
    with office.database.writing() as conn:
        subscribe(conn, "a@xa.example", office.clock(), unit_id=unit.id)
    due = (MORNING + timedelta(minutes=minutes)).astimezone(
        office.acting[1].settings.service.locale.zone
    )
    office.post(f"trước {due:%H} giờ {due:%M} ngày 30/11/2026", due.date())
    reminded = office.wait(minutes * 60 + 3600)
    assert len(reminded) == 1 and after_s <= reminded[0] <= max(after_s + 5, 15)
    assert reminded[0] < minutes * 60


def test_U4_what_a_successor_or_a_later_post_is_owed_moves_the_instant_forward(
    office: Office,
) -> None:
    unit = office.unit("a@xa.example")
    with office.database.writing() as conn:
        subscribe(conn, "a@xa.example", office.clock(), unit_id=unit.id)
    office.post("chậm nhất ngày 30/11/2026", post_id="p1")
    office.wait(60)
    with office.database.reading() as conn:
        first = alarm_at(conn)
    office.post("trước 9 giờ ngày 30/11/2026", post_id="p2")
    office.wait(60)
    with office.database.reading() as conn:
        second = alarm_at(conn)
    assert first is not None and second is not None and office.clock() < second < first
    with office.database.writing() as conn:
        write_acknowledgement(
            conn, post_id="p2", revision=1, unit_id=unit.id, at=office.clock(), by="", note="",
            via="link",
        )  # fmt: skip
    assert office.wait(3600) == [], "what was acknowledged is asked for no more"


def test_U4_an_instant_that_was_set_during_a_look_stays(office: Office) -> None:
    soon, later = MORNING + timedelta(minutes=1), MORNING + timedelta(hours=1)
    with office.database.writing() as conn:
        ring_by(conn, soon)
        ring_by(conn, later)
        assert alarm_at(conn) == soon
        set_alarm(conn, None, later)
        assert alarm_at(conn) == soon
        set_alarm(conn, None, None)
        assert alarm_at(conn) == soon
        set_alarm(conn, soon, later)
        assert alarm_at(conn) == later
        set_alarm(conn, later, None)
        assert alarm_at(conn) is None


def test_U4_an_urgent_one_is_asked_for_by_every_channel_of_the_unit(office: Office) -> None:
    unit = office.unit("a@xa.example")
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    post = office.post("", urgency=Urgency.HOA_TOC)
    with office.database.writing() as conn:
        conn.execute(
            text("UPDATE change SET urgent = 'hoa-toc' WHERE post_id = :id"), {"id": post.id}
        )
    for _ in range(2):
        office.clock.advance(16 * 60)
        remind_urgent(*office.acting)
        remind_urgent(*office.acting)
    assert office.asked() == [
        ("a", "receipt.reminder"), ("a@xa.example", "letter.urgent_hoa_toc"),
    ]  # fmt: skip


def test_13_the_operator_is_told_daily_of_units_that_were_reminded_to_the_end(
    office: Office,
) -> None:
    one = office.unit("a@xa.example")
    with office.database.writing() as conn:
        other = add_unit(conn, name="UBND xã B", at=office.clock())
        for unit in (one, other):
            hook(conn, f"http://127.0.0.1:8001/{unit.id}", unit_id=unit.id)
        conn.execute(text("UPDATE endpoint SET status = 'disabled'"))
    office.post("")
    told = []
    for day in range(10):
        office.clock.at = MORNING + timedelta(days=day)
        remind(*office.acting)
        told += [day] if tell_late(*office.acting) else []
        assert not tell_late(*office.acting)
    assert told == [2, 4], "xã B has nobody to remind; xã A after its contact had two days"
    letters = [who for who in office.asked() if who[0] == OPERATOR]
    assert letters == [(OPERATOR, "late.subject")] * 2
    with office.database.reading() as conn:
        bodies = conn.execute(text("SELECT body FROM message WHERE group_key LIKE '%late:%'"))
        last = [orjson.loads(body) for body in bodies.scalars()][-1]
    said = "\n".join(say(words, "vi") for words in last["paragraphs"])
    assert "UBND xã A (a@xa.example): 1 văn bản" in said
    assert "UBND xã B" not in said, "there is nothing new of it"


def test_13_what_is_asked_before_a_deadline_after_all_were_asked_is_no_news_again(
    office: Office,
) -> None:
    unit = office.unit("a@xa.example")
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/", unit_id=unit.id)
    office.post("Báo cáo trước ngày", on=TODAY + timedelta(days=8))
    told, asked = [], []
    for day in range(14):
        office.clock.at = MORNING + timedelta(days=day)
        asked += [day] if remind(*office.acting) else []
        told += [day] if tell_late(*office.acting) else []
    assert asked == [2, 8], "after two working days, and before the deadline"
    assert told == [4]


def test_D22_what_a_lost_database_may_have_sent_is_asked_for_again(office: Office) -> None:
    unit = office.unit("a@xa.example")
    with office.database.writing() as conn:
        subscribe(conn, "a@xa.example", office.clock(), unit_id=unit.id)
    office.post("")
    skip = "UPDATE delivery SET state = 'skipped', reason = :why, done_at = 1"
    for why, state in (("by.owner_paused", "not_subscribed"), ("message.restored", "sent")):
        with office.database.writing() as conn:
            conn.execute(text(skip), {"why": why})
            (line,) = list_receipts(conn, "p1")
        assert (line.state.value, line.sent_at) == (state, None)
    office.clock.advance(3 * 86_400)
    assert remind(*office.acting) == 1
    assert office.asked() == [("a@xa.example", "letter.remind_subject")]


def test_without_an_operator_nobody_is_told_of_what_nothing_reaches(office: Office) -> None:
    unit = office.unit()
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
        conn.execute(text("UPDATE endpoint SET status = 'disabled'"))
    office.post("trước 17 giờ ngày 30/11/2026")
    office.clock.advance(6 * 3600)
    alone = Settings.model_validate({**SETTINGS, "operator": {"email": ""}})
    assert remind(*act_over(office.database, alone, office.clock)) == 0
    every_day = [TODAY - timedelta(days=n) for n in range(-5, 60)]
    off = Settings.model_validate({**SETTINGS, "email": {"days_off": every_day}})
    assert not tell_late(*act_over(office.database, off, office.clock))


def test_13_of_very_many_late_ones_some_are_named_and_the_rest_counted(office: Office) -> None:
    unit = office.unit()
    with office.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
        conn.execute(text("UPDATE endpoint SET status = 'disabled'"))
    for n in range(13):
        office.post("", post_id=f"p{n}")
    office.clock.advance(2 * 86_400)
    assert tell_late(*office.acting)
    with office.database.reading() as conn:
        bodies = conn.execute(text("SELECT body FROM message WHERE group_key LIKE '%late:%'"))
        said = [say(one, "en") for one in orjson.loads(bodies.scalar_one())["paragraphs"]]
    assert f"`loa unit edit {unit.id} --add-contact …`" in said[2]
    assert len(said) == 14 and said[-1] == "… and 3 more new ones"
