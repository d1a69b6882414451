"""13: three weeks of an office, with every fault of the calendar: at their end each unit has
acknowledged each directive, or somebody was told why not, at a known time; nothing is silent in
silence; and the operator's mails are those that ask for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from service.services.silences import undecided
from service.storage.receipts import Receipt, list_receipts
from tests.weeks_calendar import CALENDAR, DURING, OFFICES, OPERATOR, PERSON, STORM
from tests.weeks_world import World, three_weeks

pytestmark = [
    pytest.mark.timeout(600),  # a minute by itself; the machine may be busy
    pytest.mark.xdist_group("three weeks"),  # lived once, not once in each worker
]


@dataclass(frozen=True)
class Directive:
    id: str
    title: str
    lines: tuple[Receipt, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with three_weeks(tmp_path_factory.mktemp("weeks")) as lived:
        yield lived


@pytest.fixture(scope="module")
def directives(world: World) -> list[Directive]:
    query = text(
        "SELECT p.id, p.title FROM post p JOIN post_category k ON k.post_id = p.id"
        " WHERE k.position = 0 AND k.category = 'directives' ORDER BY p.first_seen_at"
    )
    with world.loa.database.reading() as conn:
        rows = conn.execute(query).all()
        return [Directive(row.id, row.title, tuple(list_receipts(conn, row.id))) for row in rows]


def at_of(what: str, *about: object) -> datetime:
    """When the calendar has this."""
    return next(one.at for one in CALENDAR if one.what == what and one.about == about)


def mails(world: World, to: str, words: str) -> list[datetime]:
    return [one.at for one in world.mails if one.to == to and words in f"{one.subject}\n{one.text}"]


def came(world: World, n: int, title: str) -> list[datetime]:
    """When a unit was told of a post, by whatever channel."""
    office = OFFICES[n - 1]
    hooks = [
        one.at for one in world.hooks
        if one.office is office and one.body["data"].get("title") == title  # type: ignore[attr-defined]  # JSON
    ]  # fmt: skip
    boxes = {office.contact(0), office.contact(1), f"moi{n:02d}@xa.example"}
    return hooks + [one.at for one in world.mails if one.to in boxes and title in one.text]


def test_13_each_unit_has_acknowledged_each_directive_or_somebody_was_told_why_not(
    world: World, directives: list[Directive]
) -> None:
    assert len(directives) >= 45
    end, open_lines = world.clock(), 0
    for one in directives:
        assert len(one.lines) >= len(OFFICES) - 1
        for line in one.lines:
            if line.is_removed or line.acknowledged_at is not None:
                continue
            open_lines += 1
            assert line.owed_at is not None, (one.title, line.unit_name)
            told = [
                mail.at for mail in world.mails
                if one.title in mail.text and mail.at > line.owed_at
                and (line.unit_name in f"{mail.subject}{mail.text}" or mail.to in line.contacts)
            ]  # fmt: skip
            told += [
                hook.at for hook in world.hooks
                if hook.office.name == line.unit_name and hook.body["type"] == "receipt.reminder"
                and hook.body["data"]["title"] == one.title  # type: ignore[index]  # JSON
            ]  # fmt: skip
            is_fresh = end - line.owed_at < timedelta(days=5)
            assert told or is_fresh, (one.title, line.unit_name, line.owed_at)
    week = end - timedelta(days=7)
    silent = {line.unit_name for one in directives for line in one.lines
              if not line.acknowledged_at and not line.is_removed
              and line.owed_at is not None and line.owed_at < week}  # fmt: skip
    assert silent == {"UBND xã số 21", "UBND xã số 26"}, "those whose clerks never answer"
    assert open_lines > 40


def test_13_who_never_answers_is_named_to_the_operator(
    world: World, directives: list[Directive]
) -> None:
    old = [one for one in directives if one.lines[0].owed_at is not None][:10]
    for n in (21, 26):
        told = mails(world, OPERATOR, f"UBND xã số {n}")
        assert told
        for one in old:
            assert [at for at in mails(world, OPERATOR, one.title) if at in told], one.title


def test_promise_6_nothing_is_silent_in_silence(world: World) -> None:
    with world.loa.database.reading() as conn:
        waiting = undecided(conn)
    assert set(waiting) <= {"huyen", "tinh", "so"}
    shown = sum(n for codes in waiting.values() for n in codes.values())
    listed = world.loa.database
    with listed.reading() as conn:
        count = conn.execute(text(
            "SELECT count(*) FROM change WHERE silenced IN ('flood', 'too_old')")).scalar_one()  # fmt: skip
    assert count == 0 and shown >= 0
    released = at_of("release", "Chỉ thị số 801/CT-UBND đăng lại từ năm 2019")
    assert min(came(world, 1, "Chỉ thị số 801/CT-UBND đăng lại từ năm 2019")) >= released
    wrong = came(world, 1, "Chỉ thị số 800/CT-UBND mang ngày sai")
    assert min(wrong) - at_of("publish_dated", "Chỉ thị số 800/CT-UBND mang ngày sai",
                              "10/11/2016") < timedelta(hours=2)  # fmt: skip


def test_U4_the_storm_on_sunday_is_heard_at_once_whatever_the_frequency(world: World) -> None:
    begun = next(one.at for one in CALENDAR if one.about[1:2] == (STORM,))
    for office in OFFICES:
        if office.n in (7,):  # its endpoint does not answer
            continue
        heard = min(came(world, office.n, STORM))
        assert heard - begun <= timedelta(minutes=15), office.name
    assert begun.weekday() == 6
    for n in (21, 22, 26):
        asked = mails(world, OPERATOR, f"UBND xã số {n} chưa xác nhận đã nhận “{STORM}")
        assert asked and asked[0] - begun < timedelta(hours=9)
    extended = at_of("extend", STORM)
    again = [at for at in came(world, 17, STORM) if at >= extended]
    assert again and again[0] - extended < timedelta(hours=12), "an extension is as urgent"


@pytest.mark.parametrize(
    ("n", "what", "about"),
    [
        (13, "unsubscribe", (13,)), (14, "mailbox_gone", (14,)), (11, "pause", (11,)),
        (7, "endpoint", (7, 500)), (8, "endpoint", (8, 410)), (27, "pull_stops", (27,)),
    ],
)  # fmt: skip
def test_U1_whoever_stops_hearing_the_operator_and_the_unit_are_told(
    world: World, n: int, what: str, about: tuple[object, ...]
) -> None:
    begun = at_of(what, *about)
    within = timedelta(days=6) if n == 7 else timedelta(hours=30)
    for to in (OPERATOR, OFFICES[n - 1].contact(1)):
        stops = {7: "Đã ngừng gửi", 8: "Đã ngừng gửi", 27: "Không ai hỏi lấy tin"}
        words = stops.get(n, "không còn nhận tin")
        told = [at for at in mails(world, to, words) if begun <= at <= begun + within]
        assert told, (to, words)
        named = [at for at in mails(world, to, OFFICES[n - 1].name) if at in told]
        assert named, "which unit it is"


def test_U1_an_erasure_is_asked_of_the_operator_and_a_contact_or_token_taken_is_told(
    world: World,
) -> None:
    asked, done = at_of("ask_erasure", 12), at_of("erase", 12)
    assert [
        at for at in mails(world, OPERATOR, "loa erase vanthu12@xa.example") if asked <= at < done
    ]
    assert mails(world, OFFICES[11].contact(1), "đã được xóa theo yêu cầu")
    assert mails(world, OFFICES[14].contact(0), "không còn là người liên hệ")
    assert mails(world, OFFICES[15].contact(0), "đã bị thu hồi")
    assert not [one for one in world.mails if "erased:" in one.text]


def test_promise_6_the_outage_is_told_to_everybody_once_and_once_again(world: World) -> None:
    begun, over = at_of("portal_down", "so"), at_of("portal_up", "so")
    # a day after the last good read, which was up to two hours before
    for to in (OPERATOR, PERSON, OFFICES[19].mailbox, OFFICES[24].mailbox, OFFICES[24].contact(1)):
        unread = mails(world, to, "Loa: chưa đọc được Sở")
        back = mails(world, to, "Loa: đã đọc lại được Sở")
        assert (len(unread), len(back)) == (1, 1), to
        assert begun + timedelta(hours=22) <= unread[0] < over <= back[0], to
    assert mails(world, OFFICES[24].mailbox, DURING)


def test_U1_what_a_unit_missed_while_it_did_not_ask_is_there_when_it_asks_again(
    world: World, directives: list[Directive]
) -> None:
    stops, goes_on = at_of("pull_stops", 27), at_of("pull_goes_on", 27)
    for to in (OPERATOR, OFFICES[26].contact(0), OFFICES[26].contact(1)):
        told = mails(world, to, "Không ai hỏi lấy tin")
        back = mails(world, to, "Đã có máy hỏi lấy tin")
        assert (len(told), len(back)) == (1, 1), to
        assert stops + timedelta(hours=14) < told[0] < stops + timedelta(hours=30), to
        assert goes_on <= back[0] < goes_on + timedelta(hours=2), to
    heard = {
        one.title: came_by_hook(world, 27, one.title) for one in told_by_hook(world, directives)
    }
    assert len(heard) > 40 and {len(times) for times in heard.values()} == {1}, "each once"
    assert [one for one in heard.values() if stops <= one[0] < goes_on] == [], "nobody asked"
    assert [one for one in heard.values() if one[0] - goes_on < timedelta(hours=1) and
            one[0] >= goes_on], "what waited"  # fmt: skip


def test_U1_a_feed_that_was_not_renewed_is_told_and_told_again_when_it_is(
    world: World, directives: list[Directive]
) -> None:
    begun, renewed = at_of("subscribe_feed", 5), at_of("subscribe_feed", 20)
    lapsed = begun + timedelta(days=5)
    for to in (OPERATOR, OFFICES[27].contact(0), OFFICES[27].contact(1)):
        told = mails(world, to, "không gia hạn nguồn tin")
        back = mails(world, to, "lại gửi nguồn tin")
        assert (len(told), len(back)) == (1, 1), to
        assert lapsed <= told[0] < lapsed + timedelta(hours=4) and renewed <= back[0], to
        assert back[0] < renewed + timedelta(hours=2), to
    for one in told_by_hook(world, directives):
        (by_hook,) = came_by_hook(world, 28, one.title)
        by_feed = world.feed.came(one.title)
        is_held = not lapsed <= by_hook < renewed
        assert bool(by_feed) is is_held, (one.title, by_hook)


def told_by_hook(world: World, directives: list[Directive]) -> list[Directive]:
    """All but what a database that was put back cannot know to be unsent: of that, units hear by
    their reminders."""
    return [one for one in directives if came_by_hook(world, 1, one.title)]


def came_by_hook(world: World, n: int, title: str) -> list[datetime]:
    return [
        one.at
        for one in world.hooks
        if one.office.n == n
        and one.body["type"] == "post.published"
        and one.body["data"].get("title") == title
    ]  # type: ignore[attr-defined]  # JSON


def test_U4_the_deadline_in_hours_is_reminded_of_before_it(world: World) -> None:
    title = "Chỉ thị số 700/CT-UBND về trực cơ quan, hạn trong ngày"
    due = at_of("publish", *next(one.about for one in CALENDAR if one.about[1:2] == (title,)))
    reminded = mails(world, OFFICES[25].mailbox, f"Nhắc: chưa xác nhận đã nhận “{title}”")
    assert reminded and reminded[0] < due.replace(hour=16) + timedelta(days=1)


def test_D6_D22_nothing_is_sent_twice_but_what_a_lost_copy_cannot_know(world: World) -> None:
    hooks = Counter((one.office.n, one.id) for one in world.hooks)
    sent = Counter((one.to, one.id) for one in world.mails)
    assert set(hooks.values()) == set(sent.values()) == {1}
    down, up = at_of("relay_down"), at_of("relay_up")
    assert not [one for one in world.mails if down < one.at < up]


def test_U2_the_merged_unit_is_told_of_and_is_reminded_no_more(
    world: World, directives: list[Directive]
) -> None:
    merged = at_of("merge", 23, 24)
    for to in (OFFICES[22].mailbox, OFFICES[23].mailbox):
        assert mails(world, to, "UBND xã số 23 đã nhập vào UBND xã số 24"), to
    past = [line for one in directives for line in one.lines if line.unit_name == "UBND xã số 23"]
    assert past and all(line.merged_into == "UBND xã số 24" for line in past)
    late = [one for one in world.mails if one.at > merged + timedelta(hours=3)
            and "UBND xã số 23 chưa xác nhận" in one.text]  # fmt: skip
    assert late == []


KINDS = {
    "chưa báo cho ai": 2, "cần xem lại": 1, "không còn nhận tin": 3, "không nhận được tin từ": 1,
    "Đã ngừng gửi": 2, "không theo dõi được": 1, "chưa đọc được": 1,
    "đã đọc lại được": 1, "đề nghị xóa": 1, "Đã gửi lại được": 2, "lại nhận tin qua": 2,
    "Không ai hỏi lấy tin": 1, "Đã có máy hỏi lấy tin": 1, "không gia hạn nguồn tin": 1,
    "lại gửi nguồn tin": 1,
}  # fmt: skip
"""What the operator was mailed, by words of the subject, and how often."""


def test_13_the_operators_mails_are_those_that_ask_for_something(world: World) -> None:
    subjects = [one.subject for one in world.mails if one.to == OPERATOR]
    left = [one for one in subjects if not any(words in one for words in KINDS)]
    found = {words: sum(words in one for one in subjects) for words in KINDS}
    assert found == KINDS
    news = [
        line for one in world.mails if one.to == OPERATOR and "nhắc hết" in one.subject
        for unit in one.text.split("\nUBND ")[1:]
        for line in [(unit.partition(" (")[0], title) for title in unit.splitlines() if title[:1] == "–"]
    ]  # fmt: skip
    assert [title for (_, title), n in Counter(news).items() if n > 1] == []
    assert not any(STORM in title for _, title in news), "told in its own hour"
    for subject in left:
        assert "nhắc hết mà chưa xác nhận" in subject or "HỎA TỐC" in subject, subject
    assert len(subjects) < 40


def test_U4_whoever_is_reminded_is_so_while_offices_are_at_work(world: World) -> None:
    own = [one for one in world.mails if one.subject.startswith("Nhắc:")]
    at_work = [one for one in own if (7, 30) <= (one.at.hour, one.at.minute) < (17, 45)]
    assert len(own) > 50
    assert [(one.at, one.subject) for one in own if one not in at_work] == []
    assert {one.at.weekday() for one in own} <= set(range(5))
