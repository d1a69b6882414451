"""U4: what is urgent goes first and at once, whatever the frequency, and is asked again until it is
acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import insert, text

from service.alerts.message import build_payload
from service.services.digest_acts import send_digests
from service.services.overruling_acts import decide_urgency
from service.services.publish import write_change
from service.services.reminders import remind
from service.services.silences import release_posts
from service.services.urgent_reminders import remind_urgent
from service.settings import Settings
from service.storage import schema
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage, claim_due, continue_fanouts, heal, record_results
from service.storage.receipts import write_acknowledgement
from service.storage.units import add_unit, remove_unit
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Deadline,
    Filters,
    Frequency,
    Post,
    Result,
    State,
    Unit,
    Urgency,
)
from tests.fakes import FakeClock, act_over
from tests.fakes_ledger import hook
from tests.fakes_ledger_mail import LINKS, make_post, subscribe

NOW = ("hoa-toc", "thuong-khan")
SATURDAY_NIGHT = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)  # 23:30 in Việt Nam
SETTINGS = {
    "email": {"smtp_url": "smtp://127.0.0.1:1"},
    "operator": {"email": "truc@huyen.example"},
}


@dataclass
class House:
    database: Database
    clock: FakeClock

    @property
    def acting(self) -> tuple[Database, object]:
        return act_over(self.database, Settings.model_validate(SETTINGS), self.clock)

    def unit(self, *contacts: str, name: str = "UBND xã A") -> Unit:
        with self.database.writing() as conn:
            return add_unit(conn, name=name, at=self.clock(), contacts=contacts)

    def post(self, urgency: str = "hoa-toc", post_id: str = "p1", **facts: object) -> Post:
        with self.database.writing() as conn:
            post = make_post(conn, self.clock(), post_id, f"Công điện {post_id}")
            post = replace(
                post, understanding=replace(post.understanding, urgency=Urgency(urgency), **facts)
            )
            conn.execute(
                text("UPDATE post SET facts = :facts WHERE id = :id"),
                {"facts": orjson.dumps(post.understanding).decode(), "id": post.id},
            )
            conn.execute(
                insert(schema.revision).values(
                    post_id=post.id, number=1, seen_at=self.clock(), title=post.title, html="",
                    text="", attachments=[], fingerprint="", what=[],
                )
            )  # fmt: skip
            conn.execute(
                text("INSERT INTO post_category(post_id, category, position)"
                     " VALUES (:id, 'directives', 0)"),
                {"id": post.id},
            )  # fmt: skip
        return post

    def tell(
        self, post: Post, kind: ChangeType = ChangeType.PUBLISHED, silenced: str | None = None
    ) -> str:
        payload = build_payload(kind, self.clock(), post, LINKS)
        with self.database.writing() as conn:
            change_id = write_change(
                conn, post=post, type=kind, at=self.clock(), payload=payload, silenced=silenced,
                urgent=NOW,
            )  # fmt: skip
        continue_fanouts(self.database, self.clock())
        return change_id

    def claim(self, channel: str, limit: int = 10) -> list[ClaimedMessage]:
        with self.database.writing() as conn:
            return claim_due(
                conn,
                channel=channel,
                now=self.clock(),
                limit=limit,
                lease_s=30,  # type: ignore[arg-type]  # its name
            )

    def end(self, claimed: list[ClaimedMessage], state: State = State.SENT) -> None:
        due_at = self.clock() + timedelta(minutes=5) if state is State.DUE else None
        with self.database.writing() as conn:
            record_results(
                conn,
                [
                    Result(
                        one.message_id, one.lease_token, state, 200, "", self.clock(), 0.1, due_at
                    )
                    for one in claimed
                ],
                self.clock(),
            )

    def asked(self) -> list[str]:
        """Whom an urgent reminder was queued for, and how long after the start, in minutes."""
        with self.database.reading() as conn:
            rows = conn.execute(
                text("SELECT body, is_urgent FROM message WHERE group_key LIKE 'letter:urgent:%'"
                     " ORDER BY created_at, group_key")
            )  # fmt: skip
            found = [(orjson.loads(row.body)["address"], row.is_urgent) for row in rows]
        assert all(is_urgent for _, is_urgent in found)
        return [address for address, _ in found]

    def live(self, minutes: int, step: int = 5) -> list[tuple[int, int]]:
        """Lets time pass; (minute, mails) whenever something was asked."""
        found = []
        for minute in range(step, minutes + 1, step):
            self.clock.advance(step * 60)
            if made := remind_urgent(*self.acting):  # type: ignore[arg-type]  # a fake context
                found.append((minute, made))
        return found

    def number(self, query: str, **values: object) -> int:
        with self.database.reading() as conn:
            return int(conn.execute(text(query), values).scalar_one())


@pytest.fixture
def house(any_database: Database) -> Iterator[House]:
    yield House(any_database, FakeClock(SATURDAY_NIGHT))


def test_U4_a_weekly_digest_and_a_webhook_of_a_unit_hear_a_thuong_khan_at_once_at_night(
    house: House,
) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), unit_id=unit.id, frequency=Frequency.WEEKLY)
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    house.tell(house.post("thuong-khan"))
    (mail,), (webhook,) = house.claim(EMAIL), house.claim(WEBHOOK)
    assert mail.is_urgent and webhook.is_urgent
    house.end([mail]), house.end([webhook])
    house.clock.advance(9 * 86_400)
    assert send_digests(*house.acting) == 0, "nothing is told twice"  # type: ignore[arg-type]  # a fake context


def test_U4_what_is_not_urgent_waits_for_its_digest(house: House) -> None:
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), frequency=Frequency.DAILY)
    house.tell(house.post("khan"))
    assert house.claim(EMAIL) == []


@pytest.mark.parametrize("channel", [EMAIL, WEBHOOK])
def test_U4_urgent_ones_are_claimed_before_all_that_waits_at_the_same_endpoint(
    house: House, channel: str
) -> None:
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock())
        hook(conn, "http://127.0.0.1:8001/a")
    for n in range(30):
        house.tell(house.post("normal", f"bulk-{n}"))
    full = house.claim(channel, 100)
    house.clock.advance(60)
    house.tell(house.post("hoa-toc", "u1"))
    house.tell(house.post("hoa-toc", "u2"))
    first = house.claim(channel, 100)
    assert first and all(one.is_urgent for one in first), "places beyond those that are taken"
    house.end([*first, *full])
    found = house.claim(channel, 1)
    left = 2 - len(first)
    assert [one.is_urgent for one in found] == ([True] if left else [False])
    house.end(found)
    house.end(house.claim(channel, 100))
    with house.database.writing() as conn:
        assert heal(conn) == 0


def test_U4_an_urgent_one_that_is_tried_again_is_first_again_but_not_before_its_time(
    house: House,
) -> None:
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a")
    house.tell(house.post("hoa-toc"))
    house.end(house.claim(WEBHOOK), State.DUE)
    for n in range(5):
        house.tell(house.post("normal", f"bulk-{n}"))
    bulk = house.claim(WEBHOOK, 1)
    assert [one.is_urgent for one in bulk] == [False]
    house.end(bulk)
    house.clock.advance(300)
    assert house.claim(WEBHOOK, 1)[0].is_urgent


def test_U4_a_correction_of_an_urgent_post_is_urgent_though_it_has_lost_the_word(
    house: House,
) -> None:
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), frequency=Frequency.DAILY)
    post = house.post()
    house.tell(post)
    house.end(house.claim(EMAIL))
    calm = replace(post.understanding, urgency=Urgency.NORMAL)
    house.tell(replace(post, revision=2, understanding=calm), ChangeType.UPDATED)
    assert [one.is_urgent for one in house.claim(EMAIL)] == [True]


def test_U4_what_waits_for_a_digest_goes_at_once_when_the_post_becomes_urgent(house: House) -> None:
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), frequency=Frequency.DAILY)
        subscribe(conn, "so@xa.example", house.clock(), frequency=Frequency.WEEKLY, name="hai")
    post = house.post("normal")
    house.tell(post)
    assert house.claim(EMAIL) == []
    facts = replace(post.understanding, urgency=Urgency.HOA_TOC)
    house.tell(replace(post, revision=2, understanding=facts), ChangeType.UPDATED)
    (mail,) = house.claim(EMAIL)
    assert mail.is_urgent
    assert house.number("SELECT count(*) FROM delivery WHERE message_id IS NULL") == 0


def test_U4_a_person_decides_the_urgency_and_it_sticks(house: House) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), frequency=Frequency.DAILY, unit_id=unit.id)
        hook(conn, "http://127.0.0.1:8001/a", filters=Filters(urgencies=("hoa-toc",)))
    post = house.post("normal")
    house.tell(post)
    with house.database.writing() as conn:
        decided = decide_urgency(conn, house.acting[1], post.id, "hoa-toc")  # type: ignore[arg-type]  # a fake context
    assert decided.understanding.is_urgency_decided
    assert [one.is_urgent for one in house.claim(EMAIL)] == [True]
    assert [one.is_urgent for one in house.claim(WEBHOOK)] == [True], "who comes to want it"
    assert house.live(20) == [(15, 1)]
    with house.database.writing() as conn:
        decide_urgency(conn, house.acting[1], post.id, "normal")  # type: ignore[arg-type]  # likewise
    assert house.live(120) == []


def test_U4_a_unit_is_asked_after_15_60_180_minutes_then_the_next_contact_then_the_operator(
    house: House,
) -> None:
    unit = house.unit("a@xa.example", "b@xa.example")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    house.tell(house.post())
    assert house.live(1_000) == [(15, 1), (60, 1), (180, 1), (300, 1), (420, 1)]
    assert house.asked() == ["a@xa.example"] * 3 + ["b@xa.example", "truc@huyen.example"]
    house.clock.advance(10 * 86_400)
    assert remind(*house.acting) == 0, "all were asked"  # type: ignore[arg-type]  # a fake context


def test_U4_acknowledged_between_two_reminders_of_two_posts_only_the_other_is_asked_again(
    house: House,
) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    house.tell(house.post())
    house.tell(house.post(post_id="p2"))
    assert house.live(20) == [(15, 2)]
    with house.database.writing() as conn:
        write_acknowledgement(
            conn, post_id="p1", revision=1, unit_id=unit.id, at=house.clock(), by="", note="",
            via="link",
        )  # fmt: skip
    assert house.live(400) == [(40, 1), (160, 1), (280, 1)]


def test_U4_what_a_flood_held_is_urgent_once_released_and_asked_from_then(house: House) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        subscribe(conn, "so@xa.example", house.clock(), unit_id=unit.id, frequency=Frequency.WEEKLY)
    post = house.post()
    house.tell(post, silenced="flood")
    assert house.live(60) == [] and house.claim(EMAIL) == []
    with house.database.writing() as conn:
        release_posts(conn, house.acting[1], [post.id])  # type: ignore[arg-type]  # a fake context
    continue_fanouts(house.database, house.clock())
    assert [one.is_urgent for one in house.claim(EMAIL)] == [True]
    assert house.live(60) == [(15, 1), (60, 1)]


def test_U4_a_unit_that_was_removed_is_asked_no_more_and_one_without_contacts_is_the_operators(
    house: House,
) -> None:
    gone, bare = house.unit("a@xa.example"), house.unit(name="UBND xã B")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=gone.id)
        hook(conn, "http://127.0.0.1:8001/b", unit_id=bare.id)
    house.tell(house.post())
    with house.database.writing() as conn:
        remove_unit(conn, gone.id, house.clock())
    assert house.live(1_000) == [(15, 1)] and house.asked() == ["truc@huyen.example"]


def test_U4_without_an_operator_nobody_is_asked_after_the_last_contact(house: House) -> None:
    bare = house.unit(name="UBND xã B")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/b", unit_id=bare.id)
    house.tell(house.post())
    house.clock.advance(6 * 3600)
    alone = Settings.model_validate({**SETTINGS, "operator": {"email": ""}})
    assert remind_urgent(*act_over(house.database, alone, house.clock)) == 0


def test_U4_late_reminders_are_caught_up_without_a_burst(house: House) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    house.tell(house.post())
    house.clock.advance(6 * 3600)
    assert house.live(200) == [(5, 1), (30, 1), (90, 1), (150, 1)]


def test_U4_nothing_is_asked_in_minutes_where_nothing_is_urgent_by_configuration(
    house: House,
) -> None:
    quiet = Settings.model_validate({**SETTINGS, "urgency": {"now": []}})
    assert remind_urgent(*act_over(house.database, quiet, house.clock)) == 0
    house.unit("a@xa.example")
    house.tell(house.post())
    no_minutes = Settings.model_validate({**SETTINGS, "urgency": {"remind_after_min": []}})
    assert remind_urgent(*act_over(house.database, no_minutes, house.clock)) == 0


def test_U4_a_unit_is_reminded_before_the_deadline_and_told_how_long_is_left(house: House) -> None:
    unit = house.unit("a@xa.example")
    with house.database.writing() as conn:
        hook(conn, "http://127.0.0.1:8001/a", unit_id=unit.id)
    day = (house.clock() + timedelta(days=2)).date()
    due = Deadline(day, f"trước 17 giờ ngày {day:%d/%m/%Y}")
    house.tell(house.post("normal", deadlines=(due,)))
    made = []
    for hour in range(1, 72):
        house.clock.advance(3600)
        if remind(*house.acting):  # type: ignore[arg-type]  # a fake context
            made.append(hour)
    assert made == [18], "Sunday 17:30, in the 24 hours before Monday 17:00; none after it"
    with house.database.reading() as conn:
        (body,) = conn.execute(
            text("SELECT body FROM message WHERE group_key LIKE 'letter:remind:%'")
        ).scalars()
    assert '"hours\\":24' in body or "hours" in body
